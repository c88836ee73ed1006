import Foundation
import Testing

@testable import CacheNode
@testable import UVHTTP

/// A fetch's outcome with its borrowed bytes copied.
enum FetchedCopy: Equatable {
    case value(String, String)
    case bytes([UInt8], String)
    case absent
    case unavailable(String)

    init(_ outcome: FetchOutcome) {
        switch outcome {
        case .value(let value, let mediaType):
            let type = String(decoding: mediaType, as: UTF8.self)
            if let text = String(validating: Array(value), as: UTF8.self) {
                self = .value(text, type)
            } else {
                self = .bytes(Array(value), type)
            }
        case .absent: self = .absent
        case .unavailable(let reason): self = .unavailable(reason)
        }
    }
}

private func answer(
    _ status: Int, _ body: String = "", fields: String = ""
) -> HTTPClientResponse {
    HTTPClientResponse(
        status: status, fieldLines: Array((fields + "\r\n").utf8), body: bytes(body))
}

private func fetched(_ dialect: ParentDialect, _ response: HTTPClientResponse) -> [FetchedCopy] {
    var outcomes: [FetchedCopy] = []
    dialect.withFetchOutcome(of: response) { outcomes.append(FetchedCopy($0)) }
    return outcomes
}

private func put(_ value: [UInt8], _ mediaType: String) -> UpwardWrite {
    UpwardWrite.make(
        origin: 1, sequence: 1, key: bytes("k"),
        change: .put(value: value, mediaType: bytes(mediaType)))
}

@Suite struct ParentDialectTests {
    static let both: [ParentDialect] = [.kv, .store]

    // MARK: Requests

    /// What a node decodes from the target is the key, whatever its bytes.
    @Test(arguments: both) func escapesEveryByteOfAKey(dialect: ParentDialect) throws {
        let prefix = dialect == .kv ? "/kv/" : "/store/"
        for byte in UInt8.min...UInt8.max {
            let key = [0x61, byte, byte, 0x7A]
            let target = dialect.fetchRequest(key).target
            #expect(target.allSatisfy { (0x21...0x7E).contains($0) })
            let text = String(decoding: target, as: UTF8.self)
            try #require(text.hasPrefix(prefix))
            let rest = text.dropFirst(prefix.count)
            #expect(!rest.contains { "/?#&=+".contains($0) })
            #expect(decodedKey(String(rest)) == key)
        }
    }

    private func decodedKey(_ encoded: String) -> [UInt8]? {
        let encoded = bytes(encoded)
        let scratch = UnsafeMutableRawPointer.allocate(
            byteCount: encoded.count + 16, alignment: 8)
        defer { scratch.deallocate() }
        return encoded.withUnsafeBytes { encoded in
            guard case .key(let key) = RequestKey.decode(encoded, scratch: scratch) else {
                return nil
            }
            return Array(key)
        }
    }

    @Test func asksForAKeyAsTheParentUnderstandsIt() {
        let kv = ParentDialect.kv.fetchRequest(bytes("a/b c"))
        #expect(kv.method == .get)
        #expect(kv.target == bytes("/kv/a%2Fb%20c"))
        #expect(kv.body.isEmpty)
        let store = ParentDialect.store.fetchRequest(bytes("a/b é"))
        #expect(store.method == .get)
        #expect(store.target == bytes("/store/a%2Fb%20%C3%A9"))
    }

    @Test func handsAValueToARawParentByteForByte() {
        let value: [UInt8] = [0, 255, 10, 13]
        let request = ParentDialect.kv.request(for: put(value, "image/png"))
        #expect(request.method == .put)
        #expect(request.target == bytes("/kv/k?wait_propagate=0"))
        #expect(request.contentType == bytes("image/png"))
        #expect(request.body == value)
    }

    @Test func neverLetsTheParentWaitForItsOwn() {
        let delete = UpwardWrite.make(origin: 1, sequence: 1, key: bytes("k"), change: .delete)
        let kv = ParentDialect.kv.request(for: delete)
        #expect(kv.method == .delete)
        #expect(kv.target == bytes("/kv/k?wait_propagate=0"))
        let store = ParentDialect.store.request(for: delete)
        #expect(store.method == .delete)
        #expect(store.target == bytes("/store/k?wait_for_parent=false"))
        let written = ParentDialect.store.request(for: put(bytes("1"), "application/json"))
        #expect(written.body == bytes(#"{"value":1,"wait_for_parent":false}"#))
    }

    @Test(arguments: [
        ("2.0", "application/json", #""value":2.0"#),
        (
            "123456789012345678901234567890", "application/json; charset=utf-8",
            #""value":123456789012345678901234567890"#
        ),
        (#"{"a":[1,null]}"#, "Application/JSON", #""value":{"a":[1,null]}"#),
        ("{not json", "application/json", #""value":"{not json""#),
        ("2.0", "text/plain", #""value":"2.0""#),
        ("", "application/octet-stream", #""value":"""#),
        ("é\"\\\u{1}", "application/octet-stream", #""value":"é\"\\\u0001""#),
    ]) func handsAValueToAJSONParentAsJSON(value: String, mediaType: String, expected: String) {
        let request = ParentDialect.store.request(for: put(bytes(value), mediaType))
        #expect(request.contentType == bytes("application/json"))
        let body = String(decoding: request.body, as: UTF8.self)
        #expect(body == "{\(expected),\"wait_for_parent\":false}")
    }

    @Test func handsBinaryToAJSONParentAsBase64() throws {
        let value = Array(UInt8.min...UInt8.max)
        let request = ParentDialect.store.request(for: put(value, "application/octet-stream"))
        let object = try JSONSerialization.jsonObject(with: Data(request.body))
        let members = try #require(object as? [String: Any])
        #expect(members["value"] as? String == Data(value).base64EncodedString())
        #expect(members["encoding"] as? String == "base64")
        #expect(members["wait_for_parent"] as? Bool == false)
    }

    // MARK: Answers to a fetch

    @Test func takesARawValueWithItsType() {
        let response = answer(200, "v", fields: "Content-Type:  text/html; charset=utf-8 \r\n")
        #expect(fetched(.kv, response) == [.value("v", "text/html; charset=utf-8")])
    }

    /// A value without a type that can be kept would not be stored on its way down.
    @Test func givesARawValueTheDefaultTypeWhereTheParentNamesNoneThatCanBeKept() {
        let expected: [FetchedCopy] = [.value("v", "application/octet-stream")]
        #expect(fetched(.kv, answer(200, "v")) == expected)
        #expect(fetched(.kv, answer(200, "v", fields: "Content-Type:\r\n")) == expected)
        let longest = String(repeating: "x", count: 255)
        let tooLong = answer(200, "v", fields: "Content-Type: \(longest)y\r\n")
        #expect(fetched(.kv, tooLong) == expected)
        let kept = answer(200, "v", fields: "Content-Type: \(longest)\r\n")
        #expect(fetched(.kv, kept) == [.value("v", longest)])
    }

    @Test(arguments: ["2.0", "\"é\"", "null", "[1, 2]", "123456789012345678901234567890"])
    func takesAJSONValueByteForByte(json: String) {
        let response = answer(200, "{ \"value\" : \(json) }")
        #expect(fetched(.store, response) == [.value(json, "application/json")])
    }

    @Test func takesABinaryValueOfAJSONParent() {
        let response = answer(200, #"{"value":"AP8=","encoding":"base64"}"#)
        #expect(fetched(.store, response) == [.bytes([0, 255], "application/octet-stream")])
    }

    @Test(arguments: ["", "[]", "{}", "{\"value\":", #"{"value":"?","encoding":"base64"}"#])
    func doesNotTrustAJSONParentThatMakesNoSense(body: String) {
        let outcomes = fetched(.store, answer(200, body))
        #expect(outcomes.count == 1)
        guard case .unavailable(let reason)? = outcomes.first else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(reason.hasPrefix("the parent's answer makes no sense: "))
    }

    @Test(arguments: both) func knowsAbsenceFromTrouble(dialect: ParentDialect) {
        #expect(fetched(dialect, answer(404, "key not found")) == [.absent])
        for status in [201, 204, 301, 400, 410, 500, 503, 999] {
            let outcome = fetched(dialect, answer(status, "line\r\nline\u{7F}"))
            #expect(
                outcome == [.unavailable("the parent answered \(status): line  line ")])
        }
        #expect(fetched(dialect, answer(503)) == [.unavailable("the parent answered 503")])
    }

    /// What goes up to a JSON parent comes back as it was.
    @Test(arguments: ["2.0", "{\"a\":1}", "\"x\"", "  7 "]) func jsonPassesBothWays(json: String) {
        let up = ParentDialect.store.request(for: put(bytes(json), "application/json"))
        let body = String(decoding: up.body, as: UTF8.self)
            .replacingOccurrences(of: ",\"wait_for_parent\":false", with: "")
        let trimmed = json.trimmingCharacters(in: .whitespaces)
        #expect(fetched(.store, answer(200, body)) == [.value(trimmed, "application/json")])
    }

    // MARK: Answers to a write

    @Test(arguments: both) func tellsWhatMayBeTakenLaterFromWhatNever(dialect: ParentDialect) {
        for status in [200, 201, 204, 299] {
            #expect(dialect.writeAnswer(of: answer(status, "x")) == .accepted)
        }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            let expected = ParentDialect.WriteAnswer.busy("the parent answered \(status): x")
            #expect(dialect.writeAnswer(of: answer(status, "x")) == expected)
        }
        // 507: no room at the root. A write kept for that would block every later one for ever.
        for status in [301, 400, 404, 413, 422, 501, 505, 507, 999] {
            let expected = ParentDialect.WriteAnswer.refused(
                status: status, detail: "the parent answered \(status): x")
            #expect(dialect.writeAnswer(of: answer(status, "x")) == expected)
        }
    }

    @Test func quotesTheBeginningOfALongAnswerAlone() {
        let long = String(repeating: "a", count: 100_000)
        guard case .busy(let text) = ParentDialect.kv.writeAnswer(of: answer(503, long)) else {
            Issue.record("not busy")
            return
        }
        #expect(text.utf8.count < 300)
    }
}
