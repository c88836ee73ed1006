import Foundation
import Testing

@testable import CacheNode

@Suite struct LogSinkTests {
    /// TIOCSPTLCK and TIOCGPTN of ioctl_tty(2).
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    @Test(arguments: [true, false])
    func aFullPipeNeverBlocksAndTheLossIsToldLater(_ canBeReopened: Bool) {
        let pipe = LoggedPipe(canBeReopened: canBeReopened)
        pipe.log.info("before")
        pipe.fill()
        for number in 0..<1000 { pipe.log.info("lost", ["n": .int(number)]) }
        #expect(pipe.log.linesDropped == 1000)
        #expect(pipe.writeEndBlocks)
        let filled = pipe.lines()
        #expect(filled.count == 2)
        #expect(filled.first?.hasSuffix("before") == true)
        #expect(filled.last?.allSatisfy { $0 == "." } == true)

        pipe.log.info("after")
        let start = "2026-11-21T04:00:00.123Z"
        #expect(
            pipe.lines() == [
                "\(start) warning NODE-4 log lines dropped count=1000",
                "\(start) info  NODE-4 after",
            ])
        pipe.log.info("again")
        #expect(pipe.lines() == ["\(start) info  NODE-4 again"])
        #expect(pipe.log.linesDropped == 1000)
    }

    @Test func aReaderThatLeftIsALostLine() {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let log = Log(level: .info, format: .text, node: "N", descriptor: ends[1])
        close(ends[0])
        log.info("unheard")
        #expect(log.linesDropped == 1)
        close(ends[1])
    }

    @Test func aDescriptorThatIsClosedIsALostLine() {
        let log = Log(level: .info, format: .text, node: "N", descriptor: 9_999)
        log.info("unheard")
        #expect(log.linesDropped == 1)
    }

    /// Two ends of a stream: a pair of the system's own, or TCP over loopback, which also takes
    /// beginnings of lines.
    private func socketPair(isTCP: Bool) throws -> [Int32] {
        let type = Int32(SOCK_STREAM.rawValue)
        var ends: [Int32] = [0, 0]
        guard isTCP else {
            try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
            return ends
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = socket(AF_INET, type, 0)
        defer { close(listener) }
        ends[1] = socket(AF_INET, type, 0)
        try withUnsafeMutableBytes(of: &address) { bytes in
            let generic = try #require(bytes.baseAddress).assumingMemoryBound(to: sockaddr.self)
            try #require(bind(listener, generic, length) == 0 && listen(listener, 1) == 0)
            try #require(getsockname(listener, generic, &length) == 0)
            try #require(connect(ends[1], generic, length) == 0)
        }
        ends[0] = accept(listener, nil, nil)
        try #require(ends[0] >= 0)
        return ends
    }

    @Test(arguments: [false, true])
    func aSocketTakesWholeLinesAndNeverBlocks(isTCP: Bool) throws {
        let ends = try socketPair(isTCP: isTCP)
        defer { ends.forEach { close($0) } }
        let log = Log(level: .info, format: .text, node: "N", descriptor: ends[1])
        let long = String(repeating: "x", count: 3000)
        while log.linesDropped == 0 { log.info("line", ["v": .string(long)]) }

        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while !received.suffix(8).elementsEqual("N after\n".utf8) {
            let count = read(ends[0], &piece, piece.count)
            if count > 0 { received += piece[..<count] } else { log.info("after") }
        }
        let lines = String(decoding: received, as: UTF8.self).split(separator: "\n")
        expectWholeLines(lines, long: long)
    }

    /// Lines that were taken are whole, although the last one before the loss may have been taken
    /// in two pieces; only the long ones have an x in them.
    private func expectWholeLines(_ lines: [Substring], long: String) {
        for line in lines {
            #expect(line.hasPrefix("20"))
            #expect(line.hasSuffix(" N line v=" + long) || !line.contains("x"))
        }
        #expect(lines.contains { $0.contains(" N log lines dropped count=") })
    }

    @Test(.enabled(if: access("/dev/ptmx", R_OK | W_OK) == 0))
    func aTerminalThatNobodyReadsNeverBlocks() throws {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
        try #require(terminal >= 0)
        var (isLocked, number) = (Int32(0), Int32(0))
        try #require(ioctl(terminal, Self.setLock, &isLocked) == 0)
        try #require(ioctl(terminal, Self.getNumber, &number) == 0)
        let screen = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        defer { [terminal, screen].forEach { close($0) } }
        let log = Log(level: .info, format: .text, node: "N", descriptor: screen)
        let long = String(repeating: "x", count: 3000)
        while log.linesDropped == 0 { log.info("line", ["v": .string(long)]) }

        var received: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        let end = Array("N after\r\n".utf8)
        while !received.suffix(end.count).elementsEqual(end) {
            let count = read(terminal, &piece, piece.count)
            if count > 0 { received += piece[..<count] } else { log.info("after") }
        }
        let lines = String(decoding: received, as: UTF8.self).split(separator: "\r\n")
        expectWholeLines(lines, long: long)
    }

    @Test func aFileKeepsWhatItHas() throws {
        let path = NSTemporaryDirectory() + "canopy-log-\(getpid())"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer {
            close(descriptor)
            unlink(path)
        }
        _ = write(descriptor, "first\n", 6)
        let log = Log(level: .info, format: .text, node: "N", descriptor: descriptor)
        log.info("second")
        _ = write(descriptor, "third\n", 6)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first == "first")
        #expect(lines.last == "third")
    }
}
