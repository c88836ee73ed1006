import Foundation
import Testing

@testable import CacheNode

@Suite struct SecretFileTests {
    private func withFile<Result>(
        mode: mode_t, _ text: String, _ body: (String) throws -> Result
    ) throws -> Result {
        let path = NSTemporaryDirectory() + "canopy-secret-\(UUID())"
        defer { unlink(path) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(chmod(path, mode) == 0)
        return try body(path)
    }

    private func problem(_ path: String) -> String {
        do throws(TokenFileError) {
            _ = try SecretFile.read(path, bytesMax: 1000)
            return "nothing"
        } catch {
            return error.phrase
        }
    }

    @Test(arguments: [0o400, 0o600, 0o700] as [mode_t])
    func itsOwnersFileIsRead(mode: mode_t) throws {
        try withFile(mode: mode, "secret\n") { path in
            let file = try SecretFile.read(path, bytesMax: 7)
            #expect(String(decoding: file.bytes, as: UTF8.self) == "secret\n")
            #expect(!file.isGroupReadable)
        }
    }

    @Test func aFileForItsGroupIsReadAndTold() throws {
        try withFile(mode: 0o640, "secret") { path in
            let file = try SecretFile.read(path, bytesMax: 100)
            #expect(file.isGroupReadable)
        }
    }

    @Test(arguments: [0o604, 0o644, 0o666, 0o620, 0o602] as [mode_t])
    func aFileOpenToOthersIsRefused(mode: mode_t) throws {
        try withFile(mode: mode, "secret") { path in
            #expect(problem(path).hasSuffix("(chmod 600)"))
        }
    }

    @Test func whatIsNoFileIsRefusedWithoutWaiting() throws {
        #expect(problem("/nowhere/at/all") == "can't be read: No such file or directory")
        #expect(problem("/dev/null") == "must be a file")
        #expect(problem("/tmp") == "must be a file")
        let fifo = NSTemporaryDirectory() + "canopy-fifo-\(UUID())"
        #expect(mkfifo(fifo, 0o600) == 0)
        defer { unlink(fifo) }
        #expect(problem(fifo) == "must be a file")
        try withFile(mode: 0o600, String(repeating: "x", count: 1001)) { path in
            #expect(problem(path) == "must have 1000 bytes at most")
        }
        try withFile(mode: 0o600, "") { path in
            let file = try SecretFile.read(path, bytesMax: 1000)
            #expect(file.bytes.isEmpty)
        }
    }
}
