import ClusterSimulation
import Testing

/// What the checker may say where it can't know everything: several writes of a key in one turn of
/// the root, and roots that forgot what their predecessors had committed.
@Suite struct SimHiddenCommitTests {
    /// Several writes of a key in one turn of the root leave only the last to be seen.
    @Test func commitsThatCouldNotBeSeenExcuse() {
        var tale = Tale()
        tale.write(10, 12)
        tale.write(at: 2, 10, 12)
        tale.root(20, .write(1), as: 2)
        tale.history.rootHid(at: 20_000)
        tale.read(15, 21, .write(0), bound: 0)
        #expect(tale.found.isEmpty)
    }

    /// Two writes reached a root in one turn, of which the first was seen no more; the root after
    /// it committed them again.
    @Test func aWriteThatWasSeenAtALaterRootAloneHasNoPlaceBeforeIt() {
        var tale = Tale.ofTwoRoots()
        tale.history.rootHid(at: 22_000)
        #expect(tale.found.isEmpty)
    }

    @Test func aWriteThatOnlyTheLaterRootHadHasItsPlaceThere() {
        #expect(Tale.ofTwoRoots().found == [.ownWritesAreRead, .versionsNeverFall])
    }

    @Test func whatCouldNotBeSeenExcusesNoOlderWriteOfTheNode() {
        var tale = Tale.ofTwoRoots()
        tale.history.rootHid(at: 22_000)
        tale.read(18, 19, .write(0))
        #expect(tale.found == [.ownWritesAreRead])
    }

    @Test func aWriteThatIsCommittedAgainMayBeReadAfterWhatFollowedIt() {
        var tale = Tale()
        tale.write(10, 12)
        tale.write(at: 2, 13, 14)
        tale.root(20, .write(0), as: 1)
        tale.root(21, .write(1), as: 2)
        tale.read(22, 23, .write(1), as: 2)
        tale.crash(of: 0, at: 30)
        tale.root(31, .absent, as: 3, life: 1)
        tale.root(32, .write(0), as: 4, life: 1)
        tale.read(33, 34, .write(0), as: 4)
        tale.read(35, 36, .write(0))
        #expect(tale.found.isEmpty)
        tale.read(37, 38, .write(1), as: 2)
        #expect(tale.found == [.versionsNeverFall])
    }

    /// It was seen after the answer, at another root; this one may have had it unseen.
    @Test func anAnswerMayNameACommitThatWasSeenLaterAlone() {
        var tale = Tale()
        tale.write(10, 12)
        tale.write(at: 2, 10, 12)
        tale.root(20, .write(1), as: 2)
        tale.history.rootHid(at: 20_000)
        tale.read(at: 3, 19, 21, .write(0), as: 1, bound: 0)
        tale.crash(of: 0, at: 30)
        tale.root(31, .absent, as: 3, life: 1)
        tale.root(32, .write(0), as: 4, life: 1)
        #expect(tale.found.isEmpty)
        tale.read(at: 3, 25, 26, .write(0), as: 1, bound: 0)
        #expect(tale.found == [.stalenessIsBounded])
    }
}
