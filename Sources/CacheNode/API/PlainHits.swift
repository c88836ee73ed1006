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
        if gets.count > 1 { return respond(toSeveral: gets) }
        var candidate = find(gets.paths[0], gets.areUnescaped)
        check(&candidate, gets.paths[0])
        let isAnswered =
            candidate.prefixBytes == Self.kvPrefixBytes
            ? answerKV(candidate.entry, gets) : answerStore(candidate.entry, gets)
        return isAnswered ? 1 : 0
    }

    @inline(never)
    private func respond(toSeveral gets: HTTPPlainGets) -> Int {
        let count = gets.count
        let paths = gets.paths
        let candidates = candidates
        for index in 0..<count { candidates[index] = find(paths[index], gets.areUnescaped) }
        for index in 0..<count {
            check(&candidates[index], paths[index])
            approach(&candidates[index])
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
    private func find(_ path: UnsafeRawBufferPointer, _ isUnescaped: Bool) -> Candidate {
        let key: UnsafeRawBufferPointer
        let prefixBytes: UInt8
        switch Router.route(path) {
        case .kv(let encoded):
            prefixBytes = Self.kvPrefixBytes
            key = encoded
        case .store(let encoded):
            prefixBytes = Self.storePrefixBytes
            key = encoded
        default:
            return Candidate(entry: .none, prefixBytes: 0, isChecked: true)
        }
        guard isUnescaped, 1...RequestKey.bytesMax ~= key.count else {
            return Candidate(
                entry: findEscaped(key), prefixBytes: prefixBytes, isChecked: true)
        }
        let entry = cache.pointee.candidate(cache.pointee.hash(key))
        return Candidate(entry: entry, prefixBytes: prefixBytes, isChecked: false)
    }

    @inline(never)
    private func findEscaped(_ encoded: UnsafeRawBufferPointer) -> EntryReference {
        guard case .key(let key) = decode(encoded) else { return .none }
        return cache.pointee.find(key)
    }

    /// Compares the key with that of the candidate.
    @inline(__always)
    private func check(_ candidate: inout Candidate, _ path: UnsafeRawBufferPointer) {
        guard !candidate.entry.isNone, !candidate.isChecked else { return }
        let prefixBytes = Int(truncatingIfNeeded: candidate.prefixBytes)
        let key = UnsafeRawBufferPointer(
            start: path.baseAddress.map { $0 + prefixBytes }, count: path.count &- prefixBytes)
        if !cache.pointee.isKey(key, of: candidate.entry) { candidate.entry = .none }
    }

    /// Brings the end of the value near.
    @inline(__always)
    private func approach(_ candidate: inout Candidate) {
        guard !candidate.entry.isNone else { return }
        let value = cache.pointee.value(of: candidate.entry)
        if value.count > 0 { candidate.lastByte = value[value.count &- 1] }
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

    /// False, too, for a value that doesn't stand in its answer as it is.
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
