import ArgumentParser
import Testing

@testable import kvctl

@Suite struct ValueOptionsTests {
    private func lines(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test(arguments: [
        ("7.42", "\"7.42\""), ("\"7.42\"", "\"7.42\""), ("W/\"7.42\"", "W/\"7.42\""), ("*", "*"),
        ("abc", "\"abc\""), ("W/x", "\"W/x\""), ("**", "\"**\""),
    ])
    func aTagMayLackItsQuotes(_ argument: String, _ expected: String) {
        #expect(EntityTag(argument: argument)?.text == expected)
    }

    @Test(arguments: [
        "", "a b", "a\"b", "\"a", "a\"", "W/\"", "\"\"", "a\r\nX: y", "\u{e9}", "a\u{7f}",
    ])
    func whatIsNoTagIsRefused(_ argument: String) {
        #expect(EntityTag(argument: argument) == nil)
    }

    @Test func readersMayWantSomethingCurrent() throws {
        #expect(lines(try ReadOptions.parse([]).fieldLines) == "")
        let all = try ReadOptions.parse([
            "--no-cache", "--only-if-cached", "--max-age", "5", "--if-none-match", "7.42",
        ])
        #expect(
            lines(all.fieldLines)
                == "Cache-Control: no-cache, only-if-cached, max-age=5\r\nIf-None-Match: \"7.42\"\r\n"
        )
        #expect(throws: (any Error).self) { try ReadOptions.parse(["--max-age", "-1"]) }
    }

    @Test func writersMaySetAConditionAndAnAck() throws {
        let plain = try WriteOptions.parse([])
        #expect(plain.waitsForParent)
        #expect(plain.query(flag: "wait_for_parent") == "")
        #expect(plain.fieldLines.isEmpty)
        let root = try WriteOptions.parse(["--ack", "root", "--if-match", "*"])
        #expect(root.waitsForParent)
        #expect(root.query(flag: "wait_for_parent") == "?ack=root")
        #expect(lines(root.fieldLines) == "If-Match: *\r\n")
        let local = try WriteOptions.parse(["--ack", "local", "--if-none-match", "*"])
        #expect(!local.waitsForParent)
        #expect(local.query() == "?ack=local")
        #expect(local.query(flag: "wait_for_parent") == "?wait_for_parent=false&ack=local")
        #expect(lines(local.fieldLines) == "If-None-Match: *\r\n")
    }

    @Test func noWaitIsShortForLocal() throws {
        let noWait = try WriteOptions.parse(["--no-wait"])
        #expect(!noWait.waitsForParent)
        #expect(noWait.query(flag: "wait_for_parent") == "?wait_for_parent=false")
        #expect(noWait.query() == "")
        #expect(try !WriteOptions.parse(["--no-wait", "--ack", "local"]).waitsForParent)
        #expect(throws: (any Error).self) {
            try WriteOptions.parse(["--no-wait", "--ack", "root"])
        }
    }
}
