import UVHTTP

/// `GET /store` and `GET /keys`: everything this node holds, a piece per turn of the loop.
extension NodeService {
    /// Entries looked at for one piece: a few hundred microseconds of a turn.
    static let listingEntriesPerPiece = 512
    /// Bytes of a piece after which it ends early.
    static let listingPieceBytes = 64 * 1024

    /// One object of all keys and values, as the earlier JSON system shows them.
    func listValues(_ responder: HTTPResponder) {
        list(responder, open: "{", close: "}") { [self] entry, json, output in
            json.name(anyBytes: cache.pointee.key(of: entry), &output)
            var value = ByteQueue()
            StoreAnswer.appendJSON(cache.pointee.value(of: entry), form(of: entry), to: &value)
            json.json(value.readable, &output)
        }
    }

    /// An array of all keys; bytes that are no UTF-8 appear as U+FFFD.
    func listKeys(_ responder: HTTPResponder) {
        list(responder, open: "[", close: "]") { [self] entry, json, output in
            json.value(anyBytes: cache.pointee.key(of: entry), &output)
        }
    }

    private func list(
        _ responder: HTTPResponder, open: StaticString, close: StaticString,
        append: @escaping (EntryReference, inout JSONWriter, inout ByteQueue) -> Void
    ) {
        var cursor: UInt32? = 0
        var json = JSONWriter()
        var hasBegun = false
        responder.stream(contentType: "application/json") { [self] output in
            if !hasBegun { output.append(open) }
            hasBegun = true
            guard let from = cursor else { return false }
            cursor = cache.pointee.scan(
                from: from, entriesMax: Self.listingEntriesPerPiece,
                bytesMax: Self.listingPieceBytes
            ) { entry in
                if !cache.pointee.isAbsent(entry) { append(entry, &json, &output) }
            }
            if cursor == nil { output.append(close) }
            return cursor != nil
        }
    }
}
