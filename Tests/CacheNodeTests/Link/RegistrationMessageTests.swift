import Testing
import UVHTTP

@testable import CacheNode

private func parsedRequest(_ text: [UInt8]) -> Result<RegistrationRequest, JSONReadError> {
    text.withUnsafeBytes { body in
        do throws(JSONReadError) {
            return .success(try RegistrationRequest(parsing: body))
        } catch {
            return .failure(error)
        }
    }
}

private func requestProblem(_ text: String) -> String? {
    guard case .failure(let error) = parsedRequest(bytes(text)) else { return nil }
    return error.description
}

private func parsedPlace(_ text: String) -> Result<Place, JSONReadError> {
    bytes(text).withUnsafeBytes { body in
        do throws(JSONReadError) {
            return .success(try Place(parsing: body))
        } catch {
            return .failure(error)
        }
    }
}

private let step =
    #"{"name":"NODE-1","slot":1,"address":"10.0.1.67","port":5000,"api":"canopy"}"#
private let clusterSettings = #"{"coherence":"none","depth":3,"heartbeat_seconds":1}"#

@Suite struct RegistrationMessageTests {
    @Test(
        arguments: ["10.0.1.67", "NODE-2", "::1", "fd00::1:2", "cache.example.org"],
        [nil, 1, 65535])
    func aRequestIsReadAsItWasWritten(host: String, slot: Int?) throws {
        let request = RegistrationRequest(
            name: "NODE-4", endpoint: Endpoint(host: host, port: 5004), slot: slot)
        let parsed = try parsedRequest(request.body).get()
        #expect(parsed.name == "NODE-4")
        #expect(parsed.endpoint == request.endpoint)
        #expect(parsed.slot == slot)
    }

    @Test func theNameBecomesCanonical() throws {
        let text = #"{"name":"node-7","address":"h","port":1,"more":[],"slot":null}"#
        let parsed = try parsedRequest(bytes(text)).get()
        #expect(parsed.name == "NODE-7")
        #expect(parsed.slot == nil)
    }

    @Test(arguments: [
        ("", "not JSON: Expecting value, at byte 0"),
        ("[]", "not a JSON object"),
        (
            #"{"address":"h","port":1}"#,
            #""name" is missing: it must be 1 to 64 letters, digits, dots, underscores and hyphens"#
        ),
        (
            #"{"name":"a b","address":"h","port":1}"#,
            #""name" must be 1 to 64 letters, digits, dots, underscores and hyphens"#
        ),
        (
            #"{"name":7,"address":"h","port":1}"#,
            #""name" must be 1 to 64 letters, digits, dots, underscores and hyphens"#
        ),
        (
            #"{"name":"A","port":1}"#,
            #""address" is missing: it must be a host name or a numeric address"#
        ),
        (
            #"{"name":"A","address":"h"}"#,
            #""port" is missing: it must be an integer from 1 to 65535"#
        ),
        (
            #"{"name":"A","address":"h","port":0}"#,
            #""port" must be an integer from 1 to 65535"#
        ),
        (
            #"{"name":"A","address":"h","port":65536}"#,
            #""port" must be an integer from 1 to 65535"#
        ),
        (
            #"{"name":"A","address":"h","port":"5000"}"#,
            #""port" must be an integer from 1 to 65535"#
        ),
        (
            #"{"name":"A","address":"h","port":1,"slot":0}"#,
            #""slot" must be an integer from 1 to 65535"#
        ),
    ]) func aBadRequestGetsItsSentence(text: String, sentence: String) {
        #expect(requestProblem(text) == sentence)
    }

    @Test(arguments: [
        "", " ", "a b", "h/x", "[::1]", "10.0.0.1:5000", "host:5000", "::1::2", "[x", "x\\r\\nA: b",
        "\\u0000", "é", String(repeating: "h", count: 254),
    ]) func anAddressThatIsNoneIsRefused(address: String) {
        let text = #"{"name":"A","address":"\#(address)","port":1}"#
        #expect(
            requestProblem(text) == #""address" must be a host name or a numeric address"#)
        let place =
            #"{"slot":2,"path":[{"name":"N","slot":1,"address":"\#(address)","port":1,"#
            + #""api":"kv"}],"settings":\#(clusterSettings)}"#
        guard case .failure = parsedPlace(place) else {
            Issue.record("\(address) was taken for an address")
            return
        }
    }

    @Test func readsAPlace() throws {
        let text =
            #"{"name":"NODE-4","slot":4,"parent":\#(step),"path":[\#(step),"#
            + #"{"name":"NODE-2","slot":2,"address":"fd00::2","port":5000,"api":"store"}],"#
            + #""settings":\#(clusterSettings)}"#
        let place = try parsedPlace(text).get()
        #expect(place.slot == 4)
        #expect(place.path.map(\.name) == ["NODE-1", "NODE-2"])
        #expect(place.parent?.endpoint == Endpoint(host: "fd00::2", port: 5000))
        #expect(place.parent?.api == .store)
        #expect(place.depth == 3)
        #expect(place.heartbeatSeconds == 1)
        #expect(place.coherence == "none")
    }

    @Test(arguments: [
        (
            #"{"path":[],"settings":{}}"#,
            "\"slot\" is missing: it must be an integer from 1 to 65535"
        ),
        (#"{"slot":4,"settings":{}}"#, "\"path\" is missing: it must be an array"),
        (#"{"slot":4,"path":{}}"#, "\"path\" must be an array"),
        (#"{"slot":4,"path":[1]}"#, "\"path\" must be an array of objects"),
        (#"{"slot":4,"path":[{}]}"#, "\"name\" is missing: it must be a string"),
        (#"{"slot":4,"path":[]}"#, "\"settings\" is missing: it must be an object"),
        (
            #"{"slot":4,"path":[],"settings":{"coherence":"none","depth":17}}"#,
            "\"depth\" must be an integer from 1 to 16"
        ),
        (
            #"{"slot":4,"path":[],"settings":{"coherence":"none","depth":3,"heartbeat_seconds":0}}"#,
            "\"heartbeat_seconds\" must be an integer from 1 to 3600"
        ),
        (
            #"{"slot":2,"path":[{"name":"A","slot":1,"address":"h","port":1,"api":"x"}]}"#,
            "\"api\" must be one of canopy, kv, store"
        ),
    ]) func aBadPlaceGetsItsSentence(text: String, sentence: String) {
        guard case .failure(let error) = parsedPlace(text) else {
            Issue.record("taken: \(text)")
            return
        }
        #expect(error.description == sentence)
    }

    /// Neither message's reader may trap, whatever is cut off or changed.
    @Test func survivesEveryPrefixAndEveryChangedByte() {
        let request = RegistrationRequest(
            name: "NODE-4", endpoint: Endpoint(host: "::1", port: 5004), slot: 3
        ).body
        for end in 0..<request.count {
            guard case .failure = parsedRequest(Array(request[..<end])) else {
                Issue.record("a prefix of \(end) bytes was taken")
                continue
            }
        }
        for index in request.indices {
            for byte in [0, 0x22, 0x5C, 0x7B, 0xFF] as [UInt8] {
                var changed = request
                changed[index] = byte
                _ = parsedRequest(changed)
            }
        }
        let place = #"{"slot":4,"path":[\#(step)],"settings":\#(clusterSettings)}"#
        for end in place.indices {
            guard case .failure = parsedPlace(String(place[..<end])) else {
                Issue.record("a prefix of a place was taken")
                continue
            }
        }
    }
}
