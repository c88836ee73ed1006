import ArgumentParser
import Testing

@testable import kvctl

@Suite struct CommandLineArgumentsTests {
    private func parse(_ arguments: String...) throws -> any ParsableCommand {
        try KVCtl.parseAsRoot(CommandLineArguments.normalized(arguments))
    }

    private func isUsage(_ arguments: String...) -> Bool {
        do {
            _ = try KVCtl.parseAsRoot(CommandLineArguments.normalized(arguments))
            return false
        } catch {
            return KVCtl.exitCode(for: error) == .validationFailure
        }
    }

    @Test(arguments: ["get", "GET", "Get"])
    func theVerbIsReadInEitherCase(_ verb: String) throws {
        let command = try #require(try parse(verb, "node-7", "GET") as? GetCommand)
        #expect(command.node.number == 7)
        #expect(command.key.text == "GET")
    }

    @Test func otherArgumentsKeepTheirCase() throws {
        let put = try #require(try parse("PUT", "NODE-7", "GET", "Put") as? PutCommand)
        #expect(put.key.text == "GET")
        #expect(put.value?.text == "Put")
        #expect(CommandLineArguments.normalized(["Tree", "GET"]) == ["Tree", "GET"])
        #expect(CommandLineArguments.normalized([]) == [])
        #expect(CommandLineArguments.normalized(["--output"]) == ["--output"])
    }

    @Test func negativeNumbersAreValues() throws {
        let put = try #require(try parse("put", "7", "-5", "-1.5e3", "--no-wait") as? PutCommand)
        #expect(put.key.text == "-5")
        #expect(put.value?.text == "-1.5e3")
        #expect(put.write.noWait)
        let behind = try #require(try parse("put", "7", "k", "--", "-5") as? PutCommand)
        #expect(behind.value?.text == "-5")
        let text = try #require(try parse("put", "7", "k", "--", "-text") as? PutCommand)
        #expect(text.value?.text == "-text")
        let dash = try #require(try parse("put", "7", "k", "-") as? PutCommand)
        #expect(dash.value?.text == "-")
        #expect(isUsage("put", "7", "k", "-text"))
    }

    @Test func outputIsUnderstoodBeforeAndBehindTheCommand() throws {
        let before = try parse("--output", "json", "GET", "7", "k") as? GetCommand
        #expect(before?.output.output == .json)
        let joined = try parse("--output=json", "Nodes".lowercased()) as? NodesCommand
        #expect(joined?.output.output == .json)
        let behind = try parse("cluster", "up", "--output", "json") as? ClusterUpCommand
        #expect(behind?.output.output == .json)
        let none = try parse("tree") as? TreeCommand
        #expect(none?.output.output == .text)
    }

    @Test func aValueIsGivenOnce() {
        #expect(isUsage("put", "7", "k"))
        #expect(isUsage("put", "7", "k", "v", "--value-file", "f"))
        #expect(!isUsage("put", "7", "k", "--value-file", "f"))
    }

    @Test func wrongUsageIsToldApart() {
        #expect(isUsage("get"))
        #expect(isUsage("get", "0", "k"))
        #expect(isUsage("get", "7", "k", "--timeout", "0"))
        #expect(isUsage("get", "7", "k", "--timeout", "nan"))
        #expect(isUsage("get", "7", "k", "--output", "xml"))
        #expect(isUsage("tree", "--levels", "0"))
        #expect(isUsage("cluster", "up", "--wait", "0"))
        #expect(isUsage("frobnicate"))
        #expect(!isUsage("get", "7", "k", "--timeout", "0.5"))
    }

    @Test func aCommandThatIsNoneIsNamed() {
        func refusal(_ arguments: String...) -> String? {
            CommandLineArguments.refusal(of: arguments)?.text
        }
        #expect(
            refusal("gett", "7", "k") == """
                kvctl: 'kvctl' has no command 'gett'.
                Its commands: get, put, delete, tree, nodes, keys, ready, synchronize, token, cluster. See: kvctl --help
                """)
        #expect(refusal("--output", "json", "gett")?.contains("'gett'") == true)
        #expect(refusal("cluster", "upp")?.contains("'kvctl cluster' has no command 'upp'") == true)
        #expect(refusal("get", "7", "k") == nil)
        #expect(refusal("cluster", "up", "x") == nil)
        #expect(refusal("cluster", "help", "up") == nil)
        #expect(refusal("--help") == nil)
        #expect(refusal() == nil)
    }

    @Test func flagsBehindTheTerminatorAreForTheNodes() throws {
        let up = try #require(
            try parse("cluster", "up", "--depth", "2", "--", "--log-level", "debug")
                as? ClusterUpCommand)
        #expect(up.depth == 2)
        #expect(up.nodeArguments == ["--log-level", "debug"])
    }
}
