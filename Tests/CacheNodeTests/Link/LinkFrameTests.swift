import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// A frame as `docs/link.md` has it, put together by hand.
private func wire(_ type: UInt8, _ fields: [UInt8]...) -> [UInt8] {
    let body = [type] + fields.flatMap { $0 }
    return number(UInt32(body.count)) + body
}

private func number<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}

private func bytes16(_ text: String) -> [UInt8] {
    number(UInt16(text.utf8.count)) + bytes(text)
}

/// Version 1.2.
private let version = number(UInt32(1)) + number(UInt64(2))
private let noVersion = number(UInt32(0)) + number(UInt64(0))
private let hello = wire(0x01, number(UInt64(5)), version, bytes16("NODE-4"))
private let welcome = wire(
    0x81, [3], number(UInt32(1)), number(UInt32(2)), number(UInt32(3)), number(UInt32(4)), version,
    number(UInt32(6)), bytes16("NODE-2"))

@Suite struct LinkFrameTests {
    private let samples = LinkSamples()

    @Test func upFramesLieOnTheWireAsTheDocumentSays() {
        let lend = samples.lend
        let one = Version(epoch: 1, sequence: 2)
        let get = GetMessage(id: 7, asksRoot: true, floor: one, known: .none, key: lend("k"))
        let put = PutMessage(
            origin: 5, sequence: 6, isDeletion: false, condition: .matches(one), key: lend("k"),
            mediaType: lend("a/b"), value: lend("value"))
        let deletion = PutMessage(
            origin: 5, sequence: 6, isDeletion: true, condition: .isAbsent, key: lend("k"),
            mediaType: .empty, value: .empty, isAgain: true)
        let write = number(UInt64(5)) + number(UInt64(6))
        let expected: [(UpMessage, [UInt8])] = [
            (.hello(origin: 5, shown: one, name: lend("NODE-4")), hello),
            (.get(get), wire(0x02, number(UInt32(7)), [1], version, noVersion, bytes("k"))),
            (
                .put(put),
                wire(
                    0x03, write, [0, 1], version, bytes16("a/b"), bytes16("k"), bytes("value"))
            ),
            (.put(deletion), wire(0x03, write, [3, 3], noVersion, bytes16(""), bytes16("k"))),
            (.evict(key: lend("k")), wire(0x04, bytes("k"))),
            (.renew(token: 9), wire(0x05, number(UInt32(9)))),
        ]
        for (message, bytes) in expected { #expect(frame(message) == bytes) }
    }

    @Test func downFramesLieOnTheWireAsTheDocumentSays() {
        let lend = samples.lend
        let one = Version(epoch: 1, sequence: 2)
        let value = KeyContent.value(lend("value"), mediaType: lend("a/b"))
        let reply = ReplyMessage(
            id: 7, outcome: .content(value), isFollowed: true, version: one, ageMilliseconds: 8,
            hops: lend("NODE-1; hit"))
        let commit = CommitMessage(
            origin: 5, sequence: 6, version: one, outcome: .refused(status: 412, lend("no")))
        let age = number(UInt32(8))
        let write = number(UInt64(5)) + number(UInt64(6))
        let expected: [(DownMessage, [UInt8])] = [
            (
                .reply(reply),
                wire(
                    0x82, number(UInt32(7)), [0, 1], version, age, bytes16("NODE-1; hit"),
                    bytes16("a/b"), bytes("value"))
            ),
            (.accept(count: 3), wire(0x83, number(UInt64(3)))),
            (
                .commit(commit),
                wire(0x84, write, [3], version, number(UInt16(412)), bytes16(""), bytes("no"))
            ),
            (
                .push(PushMessage(version: one, key: lend("k"), content: value)),
                wire(0x85, version, [0], bytes16("a/b"), bytes16("k"), bytes("value"))
            ),
            (
                .push(PushMessage(version: one, key: lend("k"), content: .absent)),
                wire(0x85, version, [1], bytes16(""), bytes16("k"))
            ),
            (.invalidate(key: lend("k")), wire(0x86, bytes("k"))),
            (.reset(epoch: 4), wire(0x87, number(UInt32(4)))),
            (
                .fresh(token: 9, ageMilliseconds: 8, position: one),
                wire(0x88, number(UInt32(9)), age, version)
            ),
            (.flush(position: one), wire(0x89, version)),
        ]
        for (message, bytes) in expected { #expect(frame(message) == bytes) }
        var policy = CoherencePolicy()
        policy.ttlMilliseconds = 1
        policy.syncIntervalMilliseconds = 2
        policy.maxStalenessMilliseconds = 3
        policy.staleIfErrorMilliseconds = 4
        let message = WelcomeMessage(
            policy: policy, position: one, ageMilliseconds: 6, name: lend("NODE-2"))
        #expect(frame(.welcome(message)) == welcome)
    }

    @Test func everyFrameComesBackAsItWas() {
        #expect(decodedUp(samples.upStream) == (samples.upStream, nil))
        #expect(decodedDown(samples.downStream) == (samples.downStream, nil))
    }

    @Test func manyFramesInOneReadAreTakenInOrder() {
        let up = samples.upStream
        #expect(decodedUp([Array(up.joined())]) == (up, nil))
        let down = samples.downStream
        #expect(decodedDown([Array(down.joined())]) == (down, nil))
    }

    @Test func framesMayBeSplitAnywhere() {
        for (index, whole) in [samples.upStream, samples.downStream].enumerated() {
            let all = Array(whole.joined())
            let decoded = index == 0 ? { decodedUp($0) } : { decodedDown($0) }
            for position in 0...all.count {
                #expect(
                    decoded([Array(all[..<position]), Array(all[position...])]) == (whole, nil))
            }
            #expect(decoded(all.map { [$0] }) == (whole, nil))
        }
    }

    @Test func aPrefixGivesTheWholeFramesInIt() {
        for (index, whole) in [samples.upStream, samples.downStream].enumerated() {
            let all = Array(whole.joined())
            var ends: [Int] = []
            for frame in whole { ends.append((ends.last ?? 0) + frame.count) }
            for count in 0...all.count {
                let prefix = [Array(all[..<count])]
                let (frames, fault) = index == 0 ? decodedUp(prefix) : decodedDown(prefix)
                #expect(fault == nil)
                #expect(frames.count == ends.filter { $0 <= count }.count)
            }
        }
    }

    /// The fields of a message end where its frame does.
    @Test func aFrameThatIsCutOffShortIsRefused() {
        for (index, whole) in [samples.upStream, samples.downStream].enumerated() {
            for frame in whole.dropFirst() {
                for count in 0..<(frame.count - 4) {
                    let cut = number(UInt32(count)) + frame[4..<(4 + count)]
                    let (frames, fault) =
                        index == 0
                        ? decodedUp([whole[0] + cut]) : decodedDown([whole[0] + cut])
                    // A last field that takes the rest may be shorter; then that is what it says.
                    if fault == nil { #expect(frames == [whole[0], cut]) }
                }
            }
        }
    }

    @Test func lengthsBeyondTheLimitAreRefusedBeforeTheirBytesCome() {
        for length in [5097, UInt32(Int32.max), .max] {
            for opening in [hello, []] {
                #expect(decodedUp([opening + number(length)]).1 == .length(length))
                #expect(decodedUp([opening] + number(length).map { [$0] }).1 == .length(length))
            }
        }
        #expect(decodedUp([hello + number(UInt32(0))]).1 == .short)
        #expect(decodedUp([hello + number(UInt32(5096)) + [4]]) == ([hello], nil))
    }

    @Test func theLargestValueFits() {
        let put = PutMessage(
            origin: 1, sequence: 1, isDeletion: false, condition: .none,
            key: samples.lend([UInt8](repeating: 1, count: 511)),
            mediaType: samples.lend([UInt8](repeating: 2, count: 255)),
            value: samples.lend([UInt8](repeating: 3, count: 1 << 20)))
        let whole = hello + frame(.put(put))
        let halves = [Array(whole[..<70_000]), Array(whole[70_000...])]
        #expect(decodedUp(halves, bodyBytesMax: 1 << 20) == ([hello, frame(.put(put))], nil))
    }

    @Test func framesOutOfTurnAreRefused() {
        let renew = wire(0x05, number(UInt32(9)))
        #expect(decodedUp([renew]).1 == .outOfTurn(5))
        #expect(decodedUp([hello + hello]).1 == .outOfTurn(1))
        #expect(decodedUp([welcome]).1 == .outOfTurn(0x81))
        #expect(decodedUp([hello + welcome]).1 == .outOfTurn(0x81))
        #expect(decodedDown([wire(0x83, number(UInt64(1)))]).1 == .outOfTurn(0x83))
        #expect(decodedDown([welcome + welcome]).1 == .outOfTurn(0x81))
        #expect(decodedDown([welcome + renew]).1 == .outOfTurn(5))
    }

    @Test func typesWithoutAMeaningAreRefused() {
        for type in UInt8.min...UInt8.max where !(1...5 ~= type || 0x81...0x89 ~= type) {
            #expect(decodedUp([hello + wire(type, [1, 2])]).1 == .unknownType(type))
            #expect(decodedDown([welcome + wire(type, [1, 2])]).1 == .unknownType(type))
        }
    }

    @Test func faultyFieldsAreRefused() {
        let large = number(UInt32(1)) + number(Version.sequenceMax + 1)
        let write = number(UInt64(5)) + number(UInt64(6))
        let longKey = [UInt8](repeating: 65, count: 512)
        let longType = String(repeating: "t", count: 256)
        let ups: [([UInt8], LinkFault)] = [
            (wire(0x04, []), .key(0)), (wire(0x04, longKey), .key(512)),
            (wire(0x05, [0, 0, 0, 1, 1]), .trailing), (wire(0x05, [0, 0, 0]), .short),
            (wire(0x02, number(UInt32(7)), [0], version, noVersion, []), .key(0)),
            (wire(0x02, number(UInt32(7)), [2], version, noVersion, [1]), .code),
            (wire(0x02, number(UInt32(7)), [1], large, noVersion, [1]), .sequence(1 << 48)),
            (wire(0x02, number(UInt32(7)), [1], noVersion, large, [1]), .sequence(1 << 48)),
            (wire(0x03, write, [4, 0], noVersion, bytes16(""), bytes16("k")), .code),
            (wire(0x03, write, [0, 5], noVersion, bytes16(""), bytes16("k")), .code),
            (wire(0x03, write, [0, 2], version, bytes16(""), bytes16("k")), .code),
            (wire(0x03, write, [1, 0], noVersion, bytes16("t"), bytes16("k")), .code),
            (wire(0x03, write, [1, 0], noVersion, bytes16(""), bytes16("k"), [1]), .trailing),
            (
                wire(0x03, write, [0, 0], noVersion, bytes16(longType), bytes16("k")),
                .mediaType(256)
            ),
            (wire(0x03, write, [0, 0], noVersion, bytes16(""), bytes16("")), .key(0)),
            (wire(0x03, write, [0, 0], noVersion, bytes16(""), [0, 9, 1]), .short),
            (
                wire(
                    0x03, number(UInt64(5)), number(UInt64(0)), [0, 0], noVersion, bytes16(""),
                    bytes16("k")), .sequence(0)
            ),
        ]
        for (bytes, fault) in ups { #expect(decodedUp([hello + bytes]).1 == fault) }
        for name in ["", "NODE 4", "node-4", String(repeating: "N", count: 65)] {
            #expect(decodedUp([wire(0x01, number(UInt64(5)), version, bytes16(name))]).1 == .name)
        }
    }

    @Test func faultyFieldsOfAParentAreRefused() {
        let write = number(UInt64(5)) + number(UInt64(6))
        let id = number(UInt32(7))
        let age = number(UInt32(8))
        let empty = bytes16("")
        let text = String(repeating: "t", count: 3073)
        let downs: [([UInt8], LinkFault)] = [
            (wire(0x83, number(UInt64(1) << 48)), .sequence(1 << 48)),
            (wire(0x82, id, [4, 0], version, age, empty, empty), .code),
            (wire(0x82, id, [0, 2], version, age, empty, empty), .code),
            (wire(0x82, id, [1, 0], version, age, empty, bytes16("t")), .code),
            (wire(0x82, id, [1, 0], version, age, empty, empty, [1]), .trailing),
            (wire(0x82, id, [2, 0], version, age, empty, empty, [1]), .trailing),
            (wire(0x82, id, [0, 0], version, age, bytes16(text), empty), .text(3073)),
            (wire(0x82, id, [3, 0], version, age, empty, empty, bytes(text)), .text(3073)),
            (wire(0x84, write, [4], version, [0, 0], empty), .code),
            (wire(0x84, write, [0], version, [0, 1], empty), .code),
            (wire(0x84, write, [0], version, [0, 0], empty, [1]), .trailing),
            (wire(0x84, write, [3], version, number(UInt16(200)), empty), .code),
            (wire(0x84, write, [3], version, number(UInt16(600)), empty), .code),
            (wire(0x84, write, [3], version, number(UInt16(412)), bytes16("t")), .code),
            (wire(0x85, version, [2], empty, bytes16("k")), .code),
            (wire(0x85, version, [1], empty, bytes16("k"), [1]), .trailing),
            (wire(0x86, []), .key(0)), (wire(0x87, [1, 2, 3]), .short),
            (wire(0x89, version, age, [1]), .trailing),
        ]
        for (bytes, fault) in downs { #expect(decodedDown([welcome + bytes]).1 == fault) }
        var other = welcome
        other[5] = 4
        #expect(decodedDown([other]).1 == .code)
    }

    @Test func whatIsTooLongForAFrameIsCut() throws {
        let lend = samples.lend
        let hops = (0..<400).map { "NODE-\($0); hit" }.joined(separator: ", ")
        let sentence = "x" + String(repeating: "é", count: 1000)
        let reply = ReplyMessage(
            id: 1, outcome: .unavailable(lend(sentence)), isFollowed: false, version: .none,
            ageMilliseconds: 0, hops: lend(hops))
        var decoder = LinkDecoder(openingType: LinkFrames.welcome, bodyBytesMax: 1000)
        let stream = lend(welcome + frame(.reply(reply)))
        var rest = stream
        _ = try decoder.next(&rest)
        guard let last = try decoder.next(&rest),
            case .reply(let cut) = try DownMessage.decode(last),
            case .unavailable(let cutSentence) = cut.outcome
        else {
            Issue.record("no such reply")
            return
        }
        #expect(cutSentence.text == "x" + String(repeating: "é", count: 511))
        #expect(2900...3072 ~= cut.hops.count)
        #expect(hops.hasSuffix(cut.hops.text))
        #expect(cut.hops.text.hasPrefix("NODE-"))
        let long = KeyContent.value(lend("v"), mediaType: lend([UInt8](repeating: 65, count: 256)))
        let plain = KeyContent.value(lend("v"), mediaType: .empty)
        let push = PushMessage(version: .none, key: lend("k"), content: long)
        #expect(
            frame(.push(push))
                == frame(.push(PushMessage(version: .none, key: push.key, content: plain))))
    }

    /// Whatever arrives, and however it is split: the same messages, whose frames are the bytes
    /// that were taken, and the same fault.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func faultyBytesMeanTheSameHoweverTheyAreSplit(seed: UInt64) {
        var random = SimRandom(seed: seed)
        let streams = [samples.upStream, samples.downStream]
        var faults = 0
        for round in 0..<400 {
            let frames = streams[round % 2]
            let decoded = round % 2 == 0 ? { decodedUp($0) } : { decodedDown($0) }
            var stream = frames[0]
            for _ in 0..<random.within(0...6) {
                stream += frames[Int(random.within(1...UInt64(frames.count - 1)))]
            }
            for _ in 0..<random.within(0...3) { mutate(&stream, &random) }
            let (whole, fault) = decoded([stream])
            let taken = Array(whole.joined())
            #expect(stream.starts(with: taken))
            #expect(decoded(split(stream, &random)) == (whole, fault))
            if fault != nil { faults += 1 }
        }
        #expect(faults > 40)
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SimRandom) {
        guard !bytes.isEmpty else { return }
        let index = Int(random.within(0...UInt64(bytes.count - 1)))
        switch random.within(0...3) {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes[index] ^= 1 << UInt8(random.within(0...7))
        case 2: bytes.remove(at: index)
        default: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
        }
    }
}
