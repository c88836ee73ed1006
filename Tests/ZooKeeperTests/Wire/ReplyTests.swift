import Testing

@testable import Simulation
@testable import ZooKeeper

/// What a server sends, and what it had better not send.
@Suite struct ReplyTests {
    private static let stat: [UInt8] = (1...68).map { UInt8($0) }

    /// A record of each kind that is as long as it can't be shorter.
    static let records: [(Opcode, [UInt8])] = [
        (.create2, [0, 0, 0, 2, 0x2F, 0x61] + stat),
        (.exists, stat), (.setData, stat), (.setACL, stat),
        (.getData, [0, 0, 0, 3, 1, 2, 3] + stat),
        (.getChildren2, [0, 0, 0, 2, 0, 0, 0, 1, 0x61, 0, 0, 0, 0] + stat),
        (.getACL, [0, 0, 0, 1, 0, 0, 0, 31, 0, 0, 0, 1, 0x61, 0, 0, 0, 1, 0x62] + stat),
        (
            .multi,
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x2F]
                + [0, 0, 0, 5, 0, 0, 0, 0, 0] + stat + [0, 0, 0, 2, 0, 0, 0, 0, 0]
                + [0, 0, 0, 13, 0, 0, 0, 0, 0] + [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0]
        ),
    ]

    private func read(
        _ opcode: Opcode, _ bytes: some Collection<UInt8>
    ) throws(JuteError) -> Result<Reply, ZooKeeperError> {
        // Memory of exactly this size: the sanitizer sees what is read behind it.
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: bytes.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: bytes)
        var reader = JuteReader(UnsafeRawBufferPointer(memory))
        return try reader.reply(to: opcode, code: 0)
    }

    @Test func everyReplyIsReadWholeOrNotAtAll() throws {
        for (opcode, record) in Self.records {
            _ = try read(opcode, record).get()
            for end in 0..<record.count {
                #expect(throws: JuteError.truncated, "\(opcode), \(end) bytes") {
                    try read(opcode, record[..<end])
                }
            }
        }
    }

    @Test func everyByteMayBeAnything() throws {
        for (opcode, record) in Self.records {
            for index in record.indices {
                for byte in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
                    var changed = record
                    changed[index] = byte
                    // It must come back, with whatever.
                    _ = try? read(opcode, changed)
                }
            }
        }
    }

    @Test func theFieldsOfAStatAreInTheirPlaces() throws {
        guard case .success(.stat(let stat)) = try read(.exists, Self.stat) else {
            Issue.record("no stat")
            return
        }
        #expect(stat.createdZxid == 0x0102_0304_0506_0708)
        #expect(stat.modifiedZxid == 0x090A_0B0C_0D0E_0F10)
        #expect(stat.createdMilliseconds == 0x1112_1314_1516_1718)
        #expect(stat.modifiedMilliseconds == 0x191A_1B1C_1D1E_1F20)
        #expect(stat.version == 0x2122_2324 && stat.childrenVersion == 0x2526_2728)
        #expect(stat.aclVersion == 0x292A_2B2C && stat.ephemeralOwner == 0x2D2E_2F30_3132_3334)
        #expect(stat.dataLength == 0x3536_3738 && stat.childCount == 0x393A_3B3C)
        #expect(stat.childrenModifiedZxid == 0x3D3E_3F40_4142_4344)
    }

    @Test func noneReadsAsEmpty() throws {
        let none: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
        guard case .success(.data(let node)) = try read(.getData, none + Self.stat),
            case .success(.children(let children)) = try read(.getChildren2, none + Self.stat)
        else {
            Issue.record("no replies")
            return
        }
        #expect(node.data.isEmpty && children.names.isEmpty)
    }

    @Test(arguments: [[0x7F, 0xFF, 0xFF, 0xFF], [0, 0x10, 0, 0]] as [[UInt8]])
    func aLengthThatIsNotThereCostsNoMemory(_ length: [UInt8]) {
        for opcode in [Opcode.getData, .getChildren2, .getACL, .create2] {
            #expect(throws: JuteError.truncated) { try read(opcode, length + Self.stat) }
        }
    }

    @Test func aMultiThatWasRefusedNamesTheOperation() throws {
        func result(_ code: UInt8...) -> [UInt8] {
            [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0] + code
        }
        let end: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0]
        let fine = result(0, 0, 0, 0)
        let noNode = result(0xFF, 0xFF, 0xFF, 0x9B)
        let untried = result(0xFF, 0xFF, 0xFF, 0xFE)
        let refused = try read(.multi, fine + fine + noNode + untried + end)
        #expect(refused.failure == .multi(operation: 2, error: .noNode))
        #expect(throws: JuteError.self) { try read(.multi, fine + end) }
        #expect(throws: JuteError.self) { try read(.multi, [0, 0, 0, 99, 0, 0, 0, 0, 0] + end) }
    }

    @Test func codesHaveTheirNames() {
        #expect(ZooKeeperError(code: 0) == nil)
        #expect(ZooKeeperError(code: -101) == .noNode)
        #expect(ZooKeeperError(code: -110) == .nodeExists)
        #expect(ZooKeeperError(code: -7) == .server(code: -7))
        #expect(ZooKeeperError(code: -7)?.isAmbiguous == true)
        #expect(ZooKeeperError(code: 5) == .server(code: 5))
    }

    @Test func aFrameIsCutOutAtEveryBorder() throws {
        let frames: [[UInt8]] = [[1], [], [2, 3, 4], Array(repeating: 5, count: 300)]
        let bytes: [UInt8] = frames.flatMap { frame -> [UInt8] in
            [0, 0, UInt8(frame.count >> 8), UInt8(frame.count & 255)] + frame
        }
        for split in 0...bytes.count {
            var buffer = FrameBuffer(frameBytesMax: 300)
            var found: [[UInt8]] = []
            for part in [bytes[..<split], bytes[split...]] {
                Array(part).withUnsafeBytes { buffer.append($0) }
                while let count = try buffer.nextFrameBytes() {
                    found.append([UInt8](buffer.frame(count)))
                    buffer.removeFrame(count)
                }
            }
            #expect(found == frames)
        }
        for length in [[0, 0, 1, 0x2D], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0]] as [[UInt8]] {
            var buffer = FrameBuffer(frameBytesMax: 300)
            length.withUnsafeBytes { buffer.append($0) }
            #expect(throws: JuteError.self) { try buffer.nextFrameBytes() }
        }
    }
}
