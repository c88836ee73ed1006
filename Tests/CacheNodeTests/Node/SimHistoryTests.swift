import ClusterSimulation
import Testing

/// The checker must see what is wrong with histories made by hand, and nothing else.
@Suite struct SimHistoryTests {
    @Test func aHistoryInWhichAllIsWellIsAccepted() {
        var tale = Tale()
        tale.write(10, 12)
        tale.root(20, .write(0), as: 1)
        tale.write(at: 2, 30, 31, deletes: true)
        tale.root(40, .absent, as: 2)
        tale.read(13, 14, .write(0))
        tale.read(41, 42, .write(0), as: 1, bound: 5)
        tale.read(50, 51, .absent, as: 2, bound: 0)
        #expect(tale.found.isEmpty)
    }

    // MARK: Values

    @Test func aValueThatNobodyWroteIsFound() {
        var tale = Tale()
        tale.read(1, 2, .alien("?"))
        #expect(tale.found == [.valuesAreThoseWritten])
    }

    @Test func aValueFromTheFutureIsFound() {
        var tale = Tale()
        tale.read(1, 2, .write(0))
        tale.write(10, 12)
        tale.root(20, .write(0), as: 1)
        #expect(tale.found == [.valuesAreThoseWritten])
    }

    @Test func aVersionWithTwoContentsIsFound() {
        var tale = Tale()
        tale.write(10, 11)
        tale.root(20, .write(0), as: 1)
        tale.read(at: 2, 21, 22, .absent, as: 1)
        #expect(tale.found == [.versionsNameOneContent])
    }

    // MARK: Writes

    @Test(arguments: AwaitedHop.allCases) func aLostWriteIsFound(ack: AwaitedHop) {
        var tale = Tale()
        tale.write(10, 12, ack)
        #expect(tale.found == [.acknowledgedWritesAreKept])
    }

    @Test func aWriteThatWasOverwrittenIsNotLost() {
        var tale = Tale()
        tale.write(10, 12)
        tale.write(at: 2, 10, 12)
        tale.root(20, .write(0), as: 1)
        tale.root(21, .write(1), as: 2)
        #expect(tale.found.isEmpty)
    }

    @Test func aLostDeletionIsFound() {
        var tale = Tale()
        tale.write(1, 2)
        tale.root(3, .write(0), as: 1)
        tale.write(10, 12, deletes: true)
        #expect(tale.found == [.acknowledgedWritesAreKept])
    }

    @Test func aWriteMayBeLostWithTheOnlyNodeThatHadIt() {
        var tale = Tale()
        tale.write(10, 12, .local)
        tale.crash(of: 1, at: 13)
        #expect(tale.found.isEmpty)
    }

    @Test func aWriteThatTheParentHadIsNotLostWithTheNode() {
        var tale = Tale()
        tale.write(10, 12, .parent)
        tale.crash(of: 1, at: 13)
        #expect(tale.found == [.acknowledgedWritesAreKept])
        tale.crash(of: 2, at: 14)
        #expect(tale.found.isEmpty)
    }

    @Test func aWriteIsNotLostBecauseAnotherNodeCrashed() {
        var tale = Tale()
        tale.write(10, 12, .local)
        tale.crash(of: 2, at: 13)
        tale.crash(of: 1, at: 9)
        #expect(tale.found == [.acknowledgedWritesAreKept])
    }

    @Test func aWriteThatWaitedForTheRootMustBeThereWhenItIsAnswered() {
        var tale = Tale()
        tale.write(10, 12, .root)
        tale.root(13, .write(0), as: 1)
        #expect(tale.found == [.acknowledgedWritesAreKept])
    }

    @Test func aWriteThatIsCommittedTwiceIsFound() {
        var tale = Tale()
        tale.write(10, 12)
        tale.write(at: 2, 10, 12)
        tale.root(20, .write(0), as: 1)
        tale.root(21, .write(1), as: 2)
        tale.root(22, .write(0), as: 3)
        #expect(tale.found == [.writesArriveOnce])
    }

    @Test func aRootThatForgotEverythingMayCommitAWriteAgain() {
        var tale = Tale()
        tale.write(10, 12)
        tale.root(20, .write(0), as: 1)
        tale.crash(of: 0, at: 21)
        tale.root(22, .absent, as: 0, life: 1)
        tale.root(23, .write(0), as: 2, life: 1)
        #expect(tale.found.isEmpty)
    }

    @Test func aRefusedWriteThatIsDoneIsFound() {
        var tale = Tale()
        tale.write(10, 12) { $0.outcome = .refused }
        tale.root(20, .write(0), as: 1)
        #expect(tale.found == [.refusedWritesChangeNothing])
    }

    @Test func aRefusedWriteThatIsReadAfterwardsIsFound() {
        var tale = Tale()
        tale.write(10, 12) { $0.outcome = .refused }
        tale.read(11, 12, .write(0))
        #expect(tale.found.isEmpty)
        tale.read(13, 14, .write(0))
        #expect(tale.found == [.refusedWritesChangeNothing])
    }

    @Test func anotherRootDecidesAnew() {
        var tale = Tale()
        tale.write(10, 12) {
            $0.condition = .exists
            $0.outcome = .conditionFailed
        }
        tale.crash(of: 0, at: 15)
        tale.root(20, .write(0), as: 1, life: 1)
        tale.read(21, 22, .write(0), as: 1)
        #expect(tale.found.isEmpty)
    }

    // MARK: Conditions

    @Test func aConditionThatIsIgnoredIsFound() {
        var tale = Tale()
        tale.write(1, 2)
        tale.root(3, .write(0), as: 1)
        tale.write(at: 2, 10, 12) { $0.condition = .isAbsent }
        tale.root(11, .write(1), as: 2)
        tale.write(20, 22) { $0.condition = .matches(ETag(epoch: 1, sequence: 2)) }
        tale.root(21, .write(2), as: 3)
        #expect(tale.found == [.conditionsHold])
    }

    @Test func aRefusalWithoutReasonIsFound() {
        var tale = Tale()
        tale.write(10, 12) {
            $0.condition = .isAbsent
            $0.outcome = .conditionFailed
        }
        #expect(tale.found == [.conditionsHold])
    }

    @Test func aRefusalMayHaveHadItsReasonAtAnyTimeOnTheWay() {
        var tale = Tale()
        tale.write(1, 2)
        tale.write(10, 20) {
            $0.condition = .isAbsent
            $0.outcome = .conditionFailed
        }
        tale.write(at: 2, 12, 14, deletes: true)
        tale.root(11, .write(0), as: 1)
        tale.root(13, .absent, as: 2)
        #expect(tale.found.isEmpty)
    }

    // MARK: Order at a node

    @Test func aVersionThatFallsIsFound() {
        var tale = Tale()
        tale.write(at: 2, 1, 2)
        tale.write(at: 3, 1, 2)
        tale.root(3, .write(0), as: 1)
        tale.root(4, .write(1), as: 2)
        tale.read(10, 12, .write(1), as: 2)
        tale.read(11, 13, .write(0), as: 1)
        tale.read(at: 2, 20, 21, .write(0), as: 1)
        #expect(tale.found.isEmpty)
        tale.read(14, 15, .write(0), as: 1)
        #expect(tale.found == [.versionsNeverFall])
    }

    @Test func anOwnWriteWithoutVersionIsJudgedByTheRootsHistory() {
        var tale = Tale()
        tale.write(1, 2)
        tale.write(at: 3, 1, 2)
        tale.root(3, .write(0), as: 1)
        tale.root(4, .write(1), as: 2)
        tale.read(10, 12, .write(1), as: 2)
        tale.read(14, 15, .write(0))
        #expect(tale.found.contains(.versionsNeverFall))
    }

    /// It came from below and went up by another way, too.
    @Test func anothersWriteWithoutVersionHasNoPlaceYet() {
        var tale = Tale()
        tale.write(1, 2)
        tale.write(at: 3, 3, 4)
        tale.root(8, .write(1), as: 1)
        tale.root(20, .write(0), as: 2)
        tale.read(10, 12, .write(1))
        tale.read(14, 15, .write(1))
        #expect(tale.found.isEmpty)
    }

    @Test func anOwnWriteThatIsNotReadIsFound() {
        var tale = Tale()
        tale.write(10, 12)
        tale.root(30, .write(0), as: 1)
        tale.read(at: 2, 13, 14, .absent)
        tale.read(11, 14, .absent)
        #expect(tale.found.isEmpty)
        tale.read(13, 14, .absent)
        #expect(tale.found == [.ownWritesAreRead])
    }

    @Test func whatWasAcknowledgedAtTheNodeBeforeTheWriteIsOlder() {
        var tale = Tale()
        tale.write(1, 2)
        tale.write(10, 12)
        tale.root(30, .write(0), as: 1)
        tale.root(31, .write(1), as: 2)
        tale.read(13, 14, .write(0))
        #expect(tale.found == [.ownWritesAreRead])
    }

    @Test func whatIsCommittedAfterAnOwnWriteMayBeReadInstead() {
        var tale = Tale()
        tale.write(10, 12)
        tale.write(at: 2, 10, 12)
        tale.write(at: 2, 13, 14, deletes: true)
        tale.root(20, .write(0), as: 1)
        tale.root(21, .write(1), as: 2)
        tale.root(22, .absent, as: 3)
        tale.read(23, 24, .write(1))
        tale.read(25, 26, .absent)
        #expect(tale.found.isEmpty)
    }

    // MARK: Staleness

    @Test func anAnswerThatIsOlderThanItSaysIsFound() {
        var tale = Tale()
        tale.write(at: 2, 1, 2)
        tale.root(10, .write(0), as: 1)
        tale.read(60, 62, .absent, bound: 50)
        #expect(tale.found.isEmpty)
        tale.read(61, 62, .absent, bound: 50)
        #expect(tale.found == [.stalenessIsBounded])
    }

    @Test func anAnswerFromTheRootIsNew() {
        var tale = Tale()
        tale.write(at: 2, 1, 2)
        tale.root(10, .write(0), as: 1)
        tale.read(9, 12, .absent) { $0.wish = .fromRoot }
        #expect(tale.found.isEmpty)
        tale.read(11, 12, .absent) { $0.wish = .fromRoot }
        #expect(tale.found == [.stalenessIsBounded])
    }

    @Test func aWriteThatTheRootDoesNotHaveYetIsNotOld() {
        var tale = Tale()
        tale.write(1, 2)
        tale.root(30, .write(0), as: 1)
        tale.read(10, 11, .write(0), bound: 0)
        #expect(tale.found.isEmpty)
    }

    @Test func anAnswerPastTheLimitThatDoesNotSaySoIsFound() {
        var tale = Tale()
        tale.rules.limitMicroseconds = Tale.microseconds(100)
        tale.read(200, 201, .absent, as: 1, bound: 101) { $0.isMarkedStale = true }
        tale.read(200, 201, .absent, as: 1, bound: 100)
        #expect(tale.found.isEmpty)
        tale.read(200, 201, .absent, as: 1, bound: 101)
        #expect(tale.found == [.boundsAreKept])
    }

    @Test func inModeNoneCopiesMayBeOld() {
        var tale = Tale()
        tale.rules.copiesFollow = false
        tale.rules.ownWritesAreRead = false
        tale.write(10, 12)
        tale.root(20, .write(0), as: 1)
        tale.read(30, 31, .absent)
        tale.read(32, 33, .absent) { $0.wish = .fromRoot }
        #expect(tale.found.isEmpty)
    }
}
