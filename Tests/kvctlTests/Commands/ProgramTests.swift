import Foundation
import Testing

@testable import kvctl

/// kvctl as a process, against a responder that plays NODE-7.
@Suite struct ProgramTests {
    private static let nodes = #"""
        {"root":"NODE-1","depth":2,"coherence":"none","nodes":[{"slot":1,"name":"NODE-1",\#
        "address":"127.0.0.1","port":5001,"api":"canopy","state":"live","last_seen_seconds":0},\#
        {"slot":2,"name":"NODE-2","address":"127.0.0.1","port":5002,"api":"canopy","state":"gone",\#
        "gone_seconds":31,"last_seen_seconds":40,"depth":2,"parent":"NODE-1","by":"link",\#
        "coherence":"push"}]}
        """#

    private func run(
        _ arguments: String..., against responder: Responder, input: String = ""
    ) throws -> Program.Outcome {
        try Program.run(
            arguments, environment: ["KVCTL_BASE_PORT": "\(responder.basePort)"], input: input)
    }

    @Test func getPrintsTheStatusAndTheAnswer() throws {
        let responder = try Responder { _ in
            .init(status: 200, body: #"{"value":[2.0,"a,b"]}"#)
        }
        let outcome = try run("GET", "node-7", "a b/é", against: responder)
        #expect(
            outcome == .init(status: 0, output: "200 {\"value\": [2.0, \"a,b\"]}\n", errors: ""))
        #expect(
            responder.requests == [
                .init(method: "GET", target: "/store/a%20b%2F%C3%A9", contentType: "", body: "")
            ])
    }

    @Test func aMissingKeyIsPrintedAndHasAnExitStatus() throws {
        let responder = try Responder { _ in
            .init(status: 404, body: #"{"detail":"Key not found"}"#)
        }
        let text = try run("get", "7", "k", against: responder)
        #expect(
            text == .init(status: 3, output: "404 {\"detail\": \"Key not found\"}\n", errors: ""))
        let json = try run("--output", "json", "get", "7", "k", against: responder)
        #expect(
            json
                == .init(
                    status: 3, output: #"{"status":404,"body":{"detail":"Key not found"}}"# + "\n",
                    errors: ""))
    }

    @Test func putSendsNumbersAsNumbersAndTheRestAsStrings() throws {
        let responder = try Responder { .init(status: 200, body: $0.body) }
        let cases = [
            ("-2.0", "-2.0"), ("true", "true"), ("007", #""007""#), ("null", #""null""#),
            ("-", #""-""#), ("", #""""#), ("a\"b", #""a\"b""#),
        ]
        for (value, _) in cases {
            #expect(try run("put", "7", "k", value, against: responder).status == 0)
        }
        #expect(
            responder.requests.map(\.body)
                == cases.map { #"{"value":\#($0.1),"wait_for_parent":true}"# })
        #expect(responder.requests.allSatisfy { $0.method == "PUT" && $0.target == "/store/k" })
        #expect(responder.requests.allSatisfy { $0.contentType == "application/json" })
    }

    @Test func valuesComeFromFilesAndAsJSONToo() throws {
        let responder = try Responder { .init(status: 200, body: $0.body) }
        let file = try run(
            "put", "7", "k", "--value-file", "-", "--no-wait", against: responder, input: "5\n")
        #expect(file.output == #"200 {"value": "5\n", "wait_for_parent": false}"# + "\n")
        let json = try run("put", "7", "k", "--json", #"{"a": [1, null]}"#, against: responder)
        #expect(json.output == #"200 {"value": {"a": [1, null]}, "wait_for_parent": true}"# + "\n")
        let broken = try run("put", "7", "k", "--json", #"1,"wait""#, against: responder)
        #expect(broken.status == 2)
        #expect(responder.requests.count == 2)
    }

    @Test func deleteSaysWhetherToWait() throws {
        let responder = try Responder { _ in .init(status: 200, body: #"{"key":"k"}"#) }
        #expect(try run("delete", "7", "k", against: responder).status == 0)
        #expect(try run("Delete", "7", "k", "--no-wait", against: responder).status == 0)
        #expect(
            responder.requests.map(\.target) == ["/store/k", "/store/k?wait_for_parent=false"])
        #expect(responder.requests.allSatisfy { $0.method == "DELETE" })
    }

    @Test func otherErrorsOfTheNodeAreFailures() throws {
        let responder = try Responder { _ in .init(status: 503, body: #"{"detail":"no parent"}"#) }
        let outcome = try run("get", "7", "k", against: responder)
        #expect(
            outcome == .init(status: 1, output: "503 {\"detail\": \"no parent\"}\n", errors: ""))
    }

    @Test func whoCannotBeReachedIsNamed() throws {
        let responder = try Responder { _ in .silence }
        responder.stop()
        let outcome = try run("get", "7", "k", against: responder)
        #expect(outcome.status == 5)
        #expect(outcome.output == "")
        #expect(
            outcome.errors.contains("NODE-7 at localhost:\(responder.port): connection refused"))
        #expect(outcome.errors.contains("kvctl cluster up"))
    }

    @Test func silenceEndsWithTheTimeout() throws {
        let responder = try Responder { _ in .silence }
        let outcome = try run("get", "7", "k", "--timeout", "0.2", against: responder)
        #expect(outcome.status == 5)
        #expect(outcome.errors.contains("within 0.2 s"))
    }

    @Test func whatIsNoHTTPIsSaid() throws {
        let responder = try Responder { _ in .init(bytes: Array("SSH-2.0-x\r\n\r\n".utf8)) }
        let outcome = try run("get", "7", "k", against: responder)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("does not speak HTTP"))
    }

    @Test func wrongUsageExitsWithTwoAndSaysHow() throws {
        let bad = try Program.run(["get", "NODE-0", "k"])
        #expect(bad.status == 2)
        #expect(bad.output == "")
        #expect(bad.errors.contains("Usage: kvctl get"))
        let variable = try Program.run(["get", "7", "k"], environment: ["KVCTL_BASE_PORT": "x"])
        #expect(variable.status == 2)
        #expect(variable.errors.contains("KVCTL_BASE_PORT is 'x'"))
        #expect(try Program.run(["get", "7", ""]).status == 2)
    }

    @Test func helpAndVersionAndCompletionsGoToStandardOutput() throws {
        let version = try Program.run(["--version"])
        #expect(version == .init(status: 0, output: "kvctl \(kvctlVersion)\n", errors: ""))
        let help = try Program.run(["put", "--help"])
        #expect(help.status == 0)
        #expect(help.output.contains("EXAMPLES"))
        for shell in ["bash", "zsh", "fish"] {
            let script = try Program.run(["--generate-completion-script", shell])
            #expect(script.status == 0)
            #expect(script.output.contains("kvctl"))
        }
    }

    @Test func nodesAndTreeShowWhatTheNodeKnows() throws {
        let responder = try Responder { _ in .init(status: 200, body: Self.nodes) }
        let table = try run("nodes", "--node", "7", against: responder)
        #expect(
            table.output == """
                SLOT  NAME    ADDRESS         API     DEPTH  ATTACHED TO  COHERENCE  STATE  LAST SEEN
                   1  NODE-1  127.0.0.1:5001  canopy      -  -            -          live   now
                   2  NODE-2  127.0.0.1:5002  canopy      2  NODE-1       push       gone   31 s ago

                2 nodes: 1 live, 1 gone. Depth 2, coherence none.

                """)
        let tree = try run("tree", "--node", "7", against: responder)
        #expect(
            tree.output == """
                NODE-1      127.0.0.1:5001  live
                └── NODE-2  127.0.0.1:5002  gone

                2 nodes: 1 live, 1 gone. Depth 2, coherence none.

                """)
        let json = try run("nodes", "--node", "7", "--output", "json", against: responder)
        #expect(json.output == Self.nodes + "\n")
        #expect(Set(responder.requests.map(\.target)) == ["/nodes"])
    }

    @Test func theFieldsOfAnAnswerAreShownOnDemand() throws {
        let head = "HTTP/1.1 200 OK\r\nETag: \"7.42\"\r\nAge: 3\r\nContent-Length: 11\r\n\r\n"
        let responder = try Responder { _ in .init(bytes: Array((head + #"{"value":1}"#).utf8)) }
        let plain = try run("get", "7", "k", against: responder)
        #expect(plain.output == "200 {\"value\": 1}\n")
        let shown = try run("get", "7", "k", "-i", against: responder)
        #expect(shown.output == "200 {\"value\": 1}\nETag: \"7.42\"\nAge: 3\n")
        let json = try run("put", "7", "k", "1", "-i", "--output", "json", against: responder)
        #expect(
            json.output
                == #"{"status":200,"fields":{"ETag":"\"7.42\"","Age":"3"},"body":{"value":1}}"#
                + "\n")
    }

    @Test func acksStandInTheQueryAndUnmetConditionsHaveAnExitStatus() throws {
        let responder = try Responder { _ in .init(status: 412, body: #"{"detail":"no"}"#) }
        let put = try run(
            "put", "7", "k", "v", "--ack", "root", "--if-match", "1.2", against: responder)
        #expect(put == .init(status: 4, output: "412 {\"detail\": \"no\"}\n", errors: ""))
        _ = try run("delete", "7", "k", "--ack", "local", against: responder)
        #expect(
            responder.requests.map(\.target)
                == ["/store/k?ack=root", "/store/k?wait_for_parent=false&ack=local"])
        #expect(responder.requests[0].body == #"{"value":"v","wait_for_parent":true}"#)
        let usage = try run("put", "7", "k", "v", "--no-wait", "--ack", "root", against: responder)
        #expect(usage.status == 2)
        #expect(usage.errors.contains("contradict"))
    }

    @Test func readySaysWhatThatHangsOn() throws {
        let well = try Responder { _ in .init(status: 200, body: "[+]attached\nready\n") }
        #expect(
            try run("ready", "7", against: well)
                == .init(status: 0, output: "[+]attached\nready\n", errors: ""))
        #expect(well.requests.map(\.target) == ["/readyz?verbose"])
        let json = try run("ready", "7", "--output", "json", against: well)
        #expect(json == .init(status: 0, output: "{\"ready\":true}\n", errors: ""))
        let ill = try Responder { _ in .init(status: 503, body: "[-]\u{1b}[2J\nnot ready\n") }
        #expect(
            try run("ready", "7", against: ill)
                == .init(status: 1, output: "[-]\\x1b[2J\nnot ready\n", errors: ""))
        let other = try Responder { _ in .init(status: 404, body: "") }
        #expect(try run("ready", "7", against: other).errors.contains("Is it a Canopy node?"))
    }

    @Test func synchronizeSaysWhatTheRootSaid() throws {
        let done = try Responder { _ in
            .init(bytes: Array("HTTP/1.1 204 No Content\r\n\r\n".utf8))
        }
        let outcome = try run("synchronize", against: done)
        #expect(outcome.status == 0)
        #expect(outcome.output == "The changes that waited are on their way.\n")
        #expect(done.requests.map(\.method) == ["POST"])
        #expect(done.requests.map(\.target) == ["/synchronize"])
        let json = try run("synchronize", "--output", "json", against: done)
        #expect(json.output == "{\"status\":204}\n")
        let refused = try Responder { _ in
            .init(status: 409, body: #"{"title":"Conflict","detail":"mode push"}"#)
        }
        let other = try run("synchronize", "--node", "7", against: refused)
        #expect(other.status == 1)
        #expect(other.errors.contains("answered 409 to POST /synchronize: mode push"))
    }

    @Test func theFirstNodeThatAnswersIsAsked() throws {
        let responder = try Responder { _ in .init(status: 200, body: Self.nodes) }
        // Nobody listens at the ports of the nodes before.
        let outcome = try run("nodes", against: responder)
        #expect(outcome.status == 0)
        responder.stop()
        let none = try run("tree", against: responder)
        #expect(none.status == 5)
        #expect(none.errors.contains("Nor does any other node answer"))
    }

    @Test func aNodeThatCannotSayIsReported() throws {
        let refused = try Responder { _ in .init(status: 503, body: "the root is away") }
        let outcome = try run("tree", "--node", "7", against: refused)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("answered 503 to GET /nodes: the root is away"))
        let other = try Responder { _ in .init(status: 200, body: "[]") }
        #expect(try run("tree", "--node", "7", against: other).status == 1)
        #expect(try run("keys", "7", against: refused).status == 1)
    }

    @Test func keysAreListedLineByLine() throws {
        let responder = try Responder { _ in
            .init(status: 200, body: #"["hello","a\/b","caf\u00e9","two\nlines"]"#)
        }
        let text = try run("keys", "7", against: responder)
        #expect(text == .init(status: 0, output: "hello\na/b\ncafé\ntwo\nlines\n", errors: ""))
        let json = try run("keys", "7", "--output", "json", against: responder)
        #expect(json.output == #"["hello","a\/b","caf\u00e9","two\nlines"]"# + "\n")
        #expect(responder.requests.map(\.target) == ["/keys", "/keys"])
    }

    @Test func manyKeysAreListed() throws {
        let body = "[" + (1...200_000).map { "\"key-\($0)\"" }.joined(separator: ",") + "]"
        let responder = try Responder { _ in .init(status: 200, body: body) }
        let outcome = try run("keys", "7", against: responder)
        #expect(outcome.status == 0)
        #expect(outcome.output.utf8.count { $0 == 0x0A } == 200_000)
        #expect(outcome.output.hasSuffix("key-200000\n"))
    }

    @Test func aReaderThatLeavesEndsTheListing() throws {
        let body = "[" + (1...100_000).map { "\"key-\($0)\"" }.joined(separator: ",") + "]"
        let responder = try Responder { _ in .init(status: 200, body: body) }
        let started = try Program.start(["keys", "7", "--base-port", "\(responder.basePort)"])
        try started.output.fileHandleForReading.close()
        started.process.waitUntilExit()
        #expect(started.process.terminationStatus == 128 + SIGPIPE)
        let errors = try started.errors.fileHandleForReading.readToEnd()
        #expect(errors ?? Data() == Data())
    }
}
