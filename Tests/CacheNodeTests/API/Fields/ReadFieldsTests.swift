import Testing
import UVHTTP

@testable import CacheNode

@Suite struct ReadFieldsTests {
    private static let version = Version(epoch: 7, sequence: 42)

    /// What a hit writes; nothing may be written behind `bytesMax`.
    private func hit(_ fields: inout ReadFields, _ note: ReadNote) -> String {
        let room = UnsafeMutableRawPointer.allocate(
            byteCount: ReadFields.bytesMax + 64, alignment: 1)
        defer { room.deallocate() }
        room.initializeMemory(as: UInt8.self, repeating: 0xAA, count: ReadFields.bytesMax + 64)
        let age = HitAge(
            ageMilliseconds: note.ageMilliseconds.map { Int64($0) } ?? HitAge.none,
            freshMilliseconds: note.freshMilliseconds ?? HitAge.none)
        let count = fields.writeHit(note.version, age, to: room)
        #expect(count <= ReadFields.bytesMax)
        let behind = UnsafeRawBufferPointer(start: room + ReadFields.bytesMax, count: 64)
        #expect(behind.allSatisfy { $0 == 0xAA })
        return UnsafeRawBufferPointer(start: room, count: count).text
    }

    private func lines(_ note: ReadNote, name: String = "NODE-4") -> String {
        var output = ByteQueue()
        ReadFields(nodeName: name).append(note, to: &output)
        return output.readable.text
    }

    /// What a write's answer says is what a read's would.
    @Test(arguments: [1, 42, 99_999_999, 100_000_000, Version.sequenceMax])
    func theTagAloneIsThatOfAnyAnswer(sequence: UInt64) {
        let room = UnsafeMutableRawPointer.allocate(byteCount: ReadFields.bytesMax, alignment: 1)
        defer { room.deallocate() }
        var fields = ReadFields(nodeName: "NODE-4")
        let version = Version(epoch: 7, sequence: sequence)
        let count = fields.writeTag(version, to: room)
        var output = ByteQueue()
        fields.appendTag(version, to: &output)
        #expect(UnsafeRawBufferPointer(start: room, count: count).text == output.readable.text)
        #expect(fields.writeTag(.none, to: room) == 0)
    }

    @Test func aHitTellsVersionAgeBoundAndStatus() {
        var fields = ReadFields(nodeName: "NODE-4")
        let note = ReadNote.hit(
            Self.version, ageMilliseconds: 1_234, freshMilliseconds: 8_766)
        let expected =
            "ETag: \"7.42\"\r\nAge: 1\r\nStaleness-Bound: 1.234\r\n"
            + "Cache-Status: NODE-4; hit; ttl=8\r\n"
        #expect(hit(&fields, note) == expected)
        #expect(lines(note) == expected)
    }

    @Test(arguments: [
        (UInt32(0), "Age: 0\r\nStaleness-Bound: 0.000\r\n"),
        (9, "Age: 0\r\nStaleness-Bound: 0.009\r\n"), (999, "Age: 0\r\nStaleness-Bound: 0.999\r\n"),
        (1_000, "Age: 1\r\nStaleness-Bound: 1.000\r\n"),
        (60_070, "Age: 60\r\nStaleness-Bound: 60.070\r\n"),
        (.max, "Age: 4294967\r\nStaleness-Bound: 4294967.295\r\n"),
    ]) func anAgeIsInWholeSecondsAndItsBoundInThousandths(age: UInt32, expected: String) {
        let note = ReadNote.hit(.none, ageMilliseconds: age, freshMilliseconds: nil)
        #expect(lines(note) == expected + "Cache-Status: NODE-4; hit\r\n")
    }

    @Test(arguments: [
        (Int64(0), "0"), (999, "0"), (1_000, "1"), (-1, "-1"), (-999, "-1"), (-1_000, "-1"),
        (-1_001, "-2"), (Int64.max, "9223372036854775"), (Int64.min + 1, "-9223372036854776"),
    ]) func aTimeToLiveIsRoundedDown(fresh: Int64, expected: String) {
        let note = ReadNote.hit(.none, ageMilliseconds: nil, freshMilliseconds: fresh)
        #expect(lines(note) == "Cache-Status: NODE-4; hit; ttl=\(expected)\r\n")
    }

    @Test func whatIsNotKnownIsNotSaid() {
        var fields = ReadFields(nodeName: "NODE-4")
        let note = ReadNote.hit(.none, ageMilliseconds: nil, freshMilliseconds: nil)
        #expect(hit(&fields, note) == "Cache-Status: NODE-4; hit\r\n")
    }

    @Test func whatHitsShareFollowsTheirNotes() {
        var fields = ReadFields(nodeName: "A")
        let ages: [UInt32?] = [nil, 0, 5, 5, nil, 70_000, 0]
        let limits: [Int64?] = [nil, 10_000, 10_000, nil, nil, -3, 10_000]
        for (age, fresh) in zip(ages, limits) {
            for epoch in [UInt32(0), 7, 4_000_000_000] {
                for sequence in [1, 99_999_999, 100_000_000, 100_000_001, 8_765_400_000_321] {
                    let version = Version(epoch: epoch, sequence: UInt64(sequence))
                    let note = ReadNote.hit(
                        version, ageMilliseconds: age, freshMilliseconds: fresh)
                    #expect(hit(&fields, note) == lines(note, name: "A"))
                }
            }
        }
    }

    @Test func theLongestLinesFit() {
        let name = String(repeating: "9", count: 60) + "_ABC"
        var fields = ReadFields(nodeName: name)
        let note = ReadNote.hit(
            Version(epoch: .max, sequence: Version.sequenceMax), ageMilliseconds: .max,
            freshMilliseconds: .min + 1)
        #expect(hit(&fields, note) == lines(note, name: name))
    }

    @Test(arguments: [
        (ReadNote(version: .none, source: .miss), "NODE-4; fwd=uri-miss"),
        (ReadNote(version: .none, source: .stale), "NODE-4; fwd=stale"),
        (ReadNote(version: .none, source: .request), "NODE-4; fwd=request"),
        (ReadNote(version: .none, source: .miss, isStored: true), "NODE-4; fwd=uri-miss; stored"),
        (
            ReadNote(version: .none, source: .miss, isCollapsed: true, hops: bytes("R; hit")),
            "R; hit, NODE-4; fwd=uri-miss; collapsed"
        ),
        (
            ReadNote(version: .none, source: .stale, freshMilliseconds: 5_000),
            "NODE-4; fwd=stale"
        ),
        (
            ReadNote(version: .none, source: .hit, isStale: true, freshMilliseconds: -1_500),
            "NODE-4; hit; ttl=-2"
        ),
    ]) func everyHopIsAMember(note: ReadNote, expected: String) {
        #expect(lines(note) == "Cache-Status: \(expected)\r\n")
    }

    /// RFC 9211 §2: a token or a string; a token begins with a letter.
    @Test(arguments: [("NODE-4", "NODE-4"), ("4ALL", "\"4ALL\""), ("_X", "\"_X\""), ("A.B", "A.B")])
    func aNameThatIsNoTokenStandsInQuotes(name: String, member: String) {
        let note = ReadNote.hit(.none, ageMilliseconds: nil, freshMilliseconds: nil)
        #expect(lines(note, name: name) == "Cache-Status: \(member); hit\r\n")
    }
}
