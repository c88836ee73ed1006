import Testing
import UVHTTP

@testable import kvctl

@Suite struct FailureTests {
    private func failure(_ error: HTTPClientError) -> Failure {
        let directory = NodeDirectory(.host("localhost", basePort: 5000))
        let node = NodeAddress(
            name: NodeName(number: 4), endpoint: Endpoint(host: "localhost", port: 5004))
        return Failure(error, node: node, timeoutMilliseconds: 1500, in: directory)
    }

    @Test func httpStatusesHaveTheirExitStatus() {
        #expect(CommandStatus(httpStatus: 200) == .ok)
        #expect(CommandStatus(httpStatus: 204) == .ok)
        #expect(CommandStatus(httpStatus: 404) == .notFound)
        #expect(CommandStatus(httpStatus: 304) == .ok)
        #expect(CommandStatus(httpStatus: 412) == .conditionNotMet)
        for status in [301, 400, 405, 409, 413, 422, 500, 503] {
            #expect(CommandStatus(httpStatus: status) == .failure)
        }
        let all: [CommandStatus] = [
            .ok, .failure, .usage, .notFound, .conditionNotMet, .unreachable,
        ]
        #expect(all.map(\.rawValue) == [0, 1, 2, 3, 4, 5])
    }

    @Test func aRefusedConnectionSaysWhoWasAskedAndWhatToDo() {
        let refused = failure(.unreachable(.connectionRefused))
        #expect(refused.status == .unreachable)
        #expect(
            refused.text == """
                kvctl: cannot reach NODE-4 at localhost:5004: connection refused.
                Is the cluster up? Start one with: kvctl cluster up
                """)
    }

    @Test func everyReasonHasItsExitStatus() {
        #expect(failure(.unresolved(.nameNotFound)).status == .unreachable)
        #expect(failure(.timedOut).status == .unreachable)
        #expect(failure(.timedOut).message.contains("within 1.5 s"))
        #expect(failure(.disconnected).status == .unreachable)
        #expect(failure(.malformed(HTTPRefusal(400, "no status line"))).status == .failure)
        #expect(failure(.malformed(HTTPRefusal(413, "too long"))).message.contains("256 MiB"))
        #expect(failure(.overloaded).status == .failure)
        #expect(failure(.closed).status == .failure)
    }

    @Test(arguments: [
        (#"{"title":"T","status":503,"detail":"the root is away"}"#, "the root is away"),
        (#"{"detail":[{"msg":"x"}]}"#, #"{"detail":[{"msg":"x"}]}"#),
        ("plain\n", "plain"), ("", ""),
    ])
    func theReasonIsTakenOutOfAnErrorsBody(_ body: String, _ reason: String) {
        #expect(Failure.reason(in: Array(body.utf8)) == reason)
    }

    @Test func whatANodeSaysInAnErrorIsInert() {
        let node = NodeAddress(
            name: NodeName(number: 4), endpoint: Endpoint(host: "localhost", port: 5004))
        let failure = Failure(
            unexpectedStatus: 503, body: Array("down\u{1B}[2J".utf8), from: node, to: "/nodes")
        #expect(
            failure.message
                == #"NODE-4 at localhost:5004 answered 503 to GET /nodes: down\x1b[2J"#)
    }
}
