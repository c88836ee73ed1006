import UVHTTP

/// Hits: plain GETs of keys whose values are held, answered as many at a time as came together.
///
/// All keys are looked up in the table first, then compared with their entries, then answered: the
/// waits for memory of one step overlap, which counts when the cache is larger than the
/// processor's.
extension NodeService {
    /// What was found for one of the requests.
    struct Candidate {
        /// The entry with the hash of the key, then that of the key; `none` if there is no such.
        var entry: EntryReference
        /// Bytes of the path before the key.
        var prefixBytes: UInt8
        /// It is known to be the key's.
        var isChecked: Bool
        /// Of the value; read only to have it near.
        var lastByte: UInt8 = 0
    }

    private static var kvPrefixBytes: UInt8 { 4 }
    private static var storePrefixBytes: UInt8 { 7 }

    func respond(toPlainGets gets: HTTPPlainGets) -> Int {
        guard !isGuarded || mayRead(gets.fields) else { return 0 }
        let count = gets.count
        let paths = gets.paths
        let candidates = candidates
        for index in 0..<count { find(candidates + index, paths[index], gets.areUnescaped) }
        for index in 0..<count {
            check(candidates + index, paths[index])
            if count > 1 { approach(candidates + index) }
        }
        var index = 0
        repeat {
            let entry = candidates[index].entry
            guard
                candidates[index].prefixBytes == Self.kvPrefixBytes
                    ? answerKV(entry, gets) : answerStore(entry, gets)
            else { break }
            index &+= 1
        } while index < count && !gets.isOutputFull
        return index
    }

    // MARK: The steps

    /// Looks a key up in the table.
    @inline(__always)
    private func find(
        _ candidate: UnsafeMutablePointer<Candidate>, _ path: UnsafeRawBufferPointer,
        _ isUnescaped: Bool
    ) {
        candidate.pointee.isChecked = false
        let key: UnsafeRawBufferPointer
        switch Router.route(path) {
        case .kv(let encoded):
            candidate.pointee.prefixBytes = Self.kvPrefixBytes
            key = encoded
        case .store(let encoded):
            candidate.pointee.prefixBytes = Self.storePrefixBytes
            key = encoded
        default:
            return candidate.pointee.entry = .none
        }
        guard isUnescaped, 1...RequestKey.bytesMax ~= key.count else {
            return findEscaped(candidate, key)
        }
        candidate.pointee.entry = cache.pointee.candidate(cache.pointee.hash(key))
    }

    @inline(never)
    private func findEscaped(
        _ candidate: UnsafeMutablePointer<Candidate>, _ encoded: UnsafeRawBufferPointer
    ) {
        candidate.pointee.isChecked = true
        candidate.pointee.entry = .none
        if case .key(let key) = decode(encoded) {
            candidate.pointee.entry = cache.pointee.find(key)
        }
    }

    /// Compares the key with that of the candidate.
    @inline(__always)
    private func check(
        _ candidate: UnsafeMutablePointer<Candidate>, _ path: UnsafeRawBufferPointer
    ) {
        guard !candidate.pointee.entry.isNone, !candidate.pointee.isChecked else { return }
        let prefixBytes = Int(truncatingIfNeeded: candidate.pointee.prefixBytes)
        let key = UnsafeRawBufferPointer(
            start: path.baseAddress.map { $0 + prefixBytes }, count: path.count &- prefixBytes)
        if !cache.pointee.isKey(key, of: candidate.pointee.entry) {
            candidate.pointee.entry = .none
        }
    }

    /// Brings the end of the value near.
    @inline(__always)
    private func approach(_ candidate: UnsafeMutablePointer<Candidate>) {
        guard !candidate.pointee.entry.isNone else { return }
        let value = cache.pointee.value(of: candidate.pointee.entry)
        if value.count > 0 { candidate.pointee.lastByte = value[value.count &- 1] }
    }

    // MARK: Answers

    /// Answers a hit; false if it isn't one.
    @inline(__always)
    private func answerKV(_ entry: EntryReference, _ gets: HTTPPlainGets) -> Bool {
        guard !entry.isNone, keyspace.isServableValue(entry) else { return false }
        let value = cache.pointee.value(of: entry)
        answer(
            entry, gets, cache.pointee.mediaTypeBytes(cache.pointee.mediaType(of: entry)),
            bodyBytes: value.count
        ) { value.copyShort(to: $0) }
        return true
    }

    /// The same; false, too, for a value that doesn't stand in its answer as it is.
    @inline(never)
    private func answerStore(_ entry: EntryReference, _ gets: HTTPPlainGets) -> Bool {
        guard !entry.isNone, keyspace.isServableValue(entry) else { return false }
        let form = form(of: entry)
        guard form == .json || form == .plainText else { return false }
        let value = cache.pointee.value(of: entry)
        answer(
            entry, gets, StaticString("application/json").bytes,
            bodyBytes: StoreAnswer.byteCount(asItIs: value, form)
        ) { StoreAnswer.write(asItIs: value, form, to: $0) }
        return true
    }

    @inline(__always)
    private func answer(
        _ entry: EntryReference, _ gets: HTTPPlainGets, _ mediaType: UnsafeRawBufferPointer,
        bodyBytes: Int, _ writeBody: (UnsafeMutableRawPointer) -> Void
    ) {
        cache.pointee.visit(entry)
        metrics.pointee.hits &+= 1
        let version = keyspace.hitVersion(of: entry)
        let age = keyspace.hitAge(of: entry, nowMilliseconds: gets.nowMilliseconds)
        gets.respondOK(
            contentType: mediaType, fieldBytesMax: ReadFields.bytesMax,
            writeFields: { readFields.pointee.writeHit(version, age, to: $0) },
            bodyBytes: bodyBytes, writeBody: writeBody)
    }
}
