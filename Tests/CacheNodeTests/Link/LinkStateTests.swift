import Testing

@testable import CacheNode

@Suite struct LinkStateTests {
    private func attachedState() -> ParentSessionState {
        var state = ParentSessionState()
        state.onSwitched(now: 10)
        #expect(state.onWelcome() == 10)
        return state
    }

    @Test func answersAreMatchedWithTheirQuestions() {
        var state = attachedState()
        #expect(state.onFresh(0) == nil)
        let tokens = (0..<4).compactMap { state.renew(now: 100 + $0) }
        #expect(tokens == [0, 1, 2, 3])
        #expect(state.onFresh(1) == 101)
        // Those before it have been passed over.
        #expect(state.onFresh(0) == nil)
        #expect(state.onFresh(1) == nil)
        #expect(state.onFresh(4) == nil)
        #expect(state.onFresh(3) == 103)
        #expect(state.renew(now: 200) == 4)
    }

    @Test func questionsWithoutAnswersAreBounded() {
        var state = attachedState()
        for number in 0..<ParentSessionState.renewalsMax {
            #expect(state.renew(now: UInt64(number)) == UInt32(number))
        }
        #expect(state.renew(now: 1_000) == nil)
        #expect(state.onFresh(0) == 0)
        #expect(state.renew(now: 1_001) == 64)
        #expect(state.renew(now: 1_002) == nil)
        #expect(state.onFresh(64) == 1_001)
    }

    @Test func nothingIsAskedOutsideOfASession() {
        var state = ParentSessionState()
        #expect(state.renew(now: 1) == nil)
        #expect(state.onWelcome() == nil)
        #expect(state.patience(now: 1) == nil)
        state.onSwitched(now: 10)
        #expect(state.renew(now: 11) == nil)
        #expect(state.patience(now: 10) == 1_000)
        #expect(state.patience(now: 1_009) == 1)
        #expect(state.patience(now: 1_010) == 0)
    }

    @Test func aSessionEndsOnce() {
        var state = attachedState()
        guard case .ended("gone") = state.onEnded("gone") else {
            Issue.record("it had begun")
            return
        }
        #expect(state.onEnded("again") == nil)
        #expect(state.onWelcome() == nil)
        #expect(state.renew(now: 20) == nil)
        var other = ParentSessionState()
        guard case .failed("refused") = other.onEnded("refused") else {
            Issue.record("it had not begun")
            return
        }
    }

    @Test func aParentIsHeardByAnyByte() {
        var state = attachedState()
        state.onHeard(now: 500)
        #expect(state.patience(now: 600) == 900)
        #expect(state.patience(now: 1_500) == 0)
        #expect(state.patience(now: 9_000) == 0)
    }

    @Test func whoStoodStillItselfHasHeardNothing() {
        var state = attachedState()
        state.onHeard(now: 500)
        state.onTimer(now: 1_999, dueMilliseconds: 1_500)
        #expect(state.patience(now: 1_999) == 0)
        state.onTimer(now: 2_000, dueMilliseconds: 1_500)
        #expect(state.patience(now: 2_000) == 1_000)
        var child = ChildLinkState(now: 0)
        child.onAttached(ChildID(number: 4))
        child.onTimer(now: 3_499, dueMilliseconds: 3_000)
        #expect(child.patience(now: 3_499) == 0)
        child.onTimer(now: 3_500, dueMilliseconds: 3_000)
        #expect(child.patience(now: 3_500) == 3_000)
    }

    @Test func aChildHasFiveSecondsForItsHelloAndThreeForABreath() {
        var state = ChildLinkState(now: 100)
        state.onHeard(now: 4_000)
        #expect(state.patience(now: 5_099) == 1)
        #expect(state.patience(now: 5_100) == 0)
        #expect(state.child == nil)
        state.onAttached(ChildID(number: 4))
        #expect(state.patience(now: 5_000) == 2_000)
        #expect(state.child == ChildID(number: 4))
        #expect(state.onEnded() == ChildID(number: 4))
        #expect(state.onEnded() == nil)
        #expect(state.patience(now: 5_000) == nil)
    }

    @Test func theKeyspaceIsNotToldOfWhatItHasDone() {
        var state = ChildLinkState(now: 0)
        state.onAttached(ChildID(number: 4))
        state.onClosedByKeyspace()
        #expect(state.child == nil)
        #expect(state.onEnded() == nil)
        // Turned away while it was told of.
        var other = ChildLinkState(now: 0)
        other.onClosedByKeyspace()
        other.onAttached(ChildID(number: 5))
        #expect(other.child == nil)
    }
}
