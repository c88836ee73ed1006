import UVHTTP

/// How a parent is spoken to in plain HTTP: pure translation of what the link wants into requests,
/// and of answers back.
enum ParentDialect: Equatable {
    /// `/kv` with `wait_propagate=0`: a node of Canopy or of the earlier raw-bytes system.
    case kv
    /// `/store`: a node of the earlier JSON system.
    case store

    /// The request for a key.
    func fetchRequest(_ key: [UInt8]) -> HTTPClientRequest {
        HTTPClientRequest(.get, target(key, query: ""))
    }

    /// The request that hands a write up without waiting for the next hop.
    func request(for write: UpwardWrite) -> HTTPClientRequest {
        write.withBorrowed { request(Array($0), $1) }
    }

    private func request(_ key: [UInt8], _ content: KeyContent) -> HTTPClientRequest {
        switch (self, content) {
        case (.kv, .value(let value, let mediaType)):
            return HTTPClientRequest(
                .put, target(key, query: "?wait_propagate=0"), contentType: Array(mediaType),
                body: Array(value))
        case (.kv, .absent):
            return HTTPClientRequest(.delete, target(key, query: "?wait_propagate=0"))
        case (.store, .value(let value, let mediaType)):
            return HTTPClientRequest(
                .put, target(key, query: ""), contentType: Array("application/json".utf8),
                body: Self.storeBody(value: value, mediaType: mediaType))
        case (.store, .absent):
            return HTTPClientRequest(.delete, target(key, query: "?wait_for_parent=false"))
        }
    }

    /// What the parent's answer to `fetchRequest` says; calls `body` with it, whose bytes are
    /// borrowed.
    func withFetchOutcome(
        of response: HTTPClientResponse, _ body: (FetchOutcome) -> Void
    ) {
        switch response.status {
        case 200 where self == .kv:
            let mediaType = Self.mediaType(of: response)
            response.body.withUnsafeBytes { bytes in
                mediaType.withUnsafeBytes { body(.value(bytes: bytes, mediaType: $0)) }
            }
        case 200:
            response.body.withUnsafeBytes { Self.withStoreValue($0, body) }
        case 404: body(.absent)
        default: body(.unavailable("the parent answered \(Self.summary(of: response))"))
        }
    }

    /// The value's media type; the default where the parent names none, or one too long to be
    /// kept.
    private static func mediaType(of response: HTTPClientResponse) -> [UInt8] {
        guard let given = response.field("content-type"),
            1...MediaTypes.bytesMax ~= given.count
        else { return Array(NodeService.defaultMediaType.bytes) }
        return given
    }

    private static func withStoreValue(
        _ answer: UnsafeRawBufferPointer, _ body: (FetchOutcome) -> Void
    ) {
        do throws(JSONReadError) {
            switch try ParentAnswer.value(answer) {
            case .json(let range):
                let value = UnsafeRawBufferPointer(rebasing: answer[range])
                body(.value(bytes: value, mediaType: StaticString("application/json").bytes))
            case .binary(let value):
                value.withUnsafeBytes {
                    body(
                        .value(bytes: $0, mediaType: StaticString("application/octet-stream").bytes)
                    )
                }
            }
        } catch {
            body(.unavailable("the parent's answer makes no sense: \(error)"))
        }
    }

    private static func storeBody(
        value: UnsafeRawBufferPointer, mediaType: UnsafeRawBufferPointer
    ) -> [UInt8] {
        var output = ByteQueue()
        let form = StoreAnswer.form(of: value, isJSONType: StoreAnswer.isJSONType(mediaType))
        ParentAnswer.appendRequest(value, form, to: &output)
        return Array(output.readable)
    }

    /// What an answer to a write means.
    enum WriteAnswer: Equatable {
        case accepted
        /// It will never be taken: sending it again is useless.
        case refused(status: Int, detail: String)
        /// It may be taken later.
        case busy(String)
    }

    /// A parent that has no room (507) refuses for good: were the write kept, no later one would
    /// get past it, not even the DELETE that makes room.
    func writeAnswer(of response: HTTPClientResponse) -> WriteAnswer {
        switch response.status {
        case 200...299: .accepted
        // A token that the parent doesn't take (401, 403) is put right by a person, in time.
        case 401, 403, 408, 425, 429, 500, 502, 503, 504:
            .busy("the parent answered \(Self.summary(of: response))")
        default:
            .refused(
                status: response.status, detail: "the parent answered \(Self.summary(of: response))"
            )
        }
    }

    /// The status and the beginning of the body, in one printable line.
    private static func summary(of response: HTTPClientResponse) -> String {
        let beginning = response.body.prefix(200).map {
            $0 >= ASCII.space && $0 != 0x7F ? $0 : ASCII.space
        }
        let text = String(decoding: beginning, as: UTF8.self)
        return text.isEmpty ? "\(response.status)" : "\(response.status): \(text)"
    }

    private func target(_ key: [UInt8], query: StaticString) -> [UInt8] {
        var target: [UInt8] = Array((self == .kv ? "/kv/" : "/store/").utf8)
        target.append(contentsOf: PercentCoding.encode(key))
        target.append(contentsOf: query.bytes)
        return target
    }
}
