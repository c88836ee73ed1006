import Testing
import UVHTTP

@testable import CacheNode

@Suite struct WriteWishTests {
    private func read(_ ack: String?, _ waits: Bool? = nil, _ lines: String...) -> WriteWish.Reading
    {
        withFields(lines) {
            WriteWish.read(
                lines.isEmpty ? nil : $0, ack: ack.map { Array($0.utf8) }, waitsForParent: waits,
                flagName: "wait_propagate")
        }
    }

    private func ack(_ ack: WriteAck) -> WriteWish.Reading { .understood(WriteWish(ack: ack)) }

    @Test func theEarlierFlagChoosesBetweenTwoAcks() {
        #expect(read(nil) == ack(.parent))
        #expect(read(nil, true) == ack(.parent))
        #expect(read(nil, false) == ack(.local))
    }

    @Test func ackSaysMore() {
        #expect(read("local") == ack(.local))
        #expect(read("parent") == ack(.parent))
        #expect(read("root") == ack(.root))
        #expect(read("local", false) == ack(.local))
        #expect(read("parent", true) == ack(.parent))
        #expect(read("root", true) == ack(.root))
    }

    @Test(arguments: [("local", true), ("parent", false), ("root", false)])
    func aContradictionIsNamed(word: String, flag: Bool) {
        guard case .refused(let sentence) = read(word, flag) else {
            Issue.record("not refused")
            return
        }
        #expect(sentence.hasPrefix("ack=\(word) and wait_propagate contradict each other"))
    }

    @Test(arguments: ["", "Root", "all", "1", "root ", "lo\0cal"])
    func anotherAckIsRefused(word: String) {
        #expect(read(word) == .refused("ack must be local, parent or root"))
    }

    @Test func conditionsComeWithIt() {
        let version = Version(epoch: 1, sequence: 2)
        #expect(
            read("local", nil, "If-Match: \"1.2\"")
                == .understood(WriteWish(condition: .matches(version), ack: .local)))
        #expect(read(nil, nil, "If-Match: \"x\"") == .neverMet)
        #expect(read("root", nil, "If-Match: x") == read(nil, nil, "If-Match: x"))
    }

    @Test func aBadAckIsToldEvenIfTheConditionCannotBeMet() {
        #expect(
            read("x", nil, "If-Match: \"x\"") == .refused("ack must be local, parent or root"))
    }
}
