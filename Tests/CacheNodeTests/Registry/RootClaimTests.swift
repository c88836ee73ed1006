import Testing
import UVHTTP
import ZooKeeper

@testable import CacheNode

@Suite struct RootClaimTests {
    private static let now = 1_800_000_000
    private static let record = RegistryRecord(
        name: "NODE-1", id: 1, endpoint: Endpoint(host: "10.0.1.67", port: 5000), slot: 1)

    private func node(_ text: String, version: Int32 = 0, owner: Int64 = 0) -> NodeData {
        NodeData(
            data: bytes(text), stat: Stat(version: version, ephemeralOwner: owner))
    }

    private func holder(
        _ host: String = "10.0.1.67", name: String = "NODE-1", owner: Int64
    ) -> NodeData {
        node(#"{"ip":"\#(host)","name":"\#(name)","port":5000}"#, version: 4, owner: owner)
    }

    private func connected(session: Int64 = 7) -> RootClaim {
        var claim = RootClaim(Self.record)
        #expect(claim.onConnected(session: session) == .read)
        return claim
    }

    private func read(
        _ claim: inout RootClaim, epoch: NodeData?, holder: NodeData? = nil, now: Int = now
    ) -> RootClaim.Step {
        claim.onRead(epoch: epoch, holder: holder, unixSeconds: now)
    }

    private func create(epoch: Int) -> MultiOperation {
        .create(
            path: "/canopy/root",
            data: bytes(
                #"{"ip":"10.0.1.67","id":1,"name":"NODE-1","port":5000,"slot":1,"epoch":\#(epoch)}"#
            ),
            mode: .ephemeral)
    }

    @Test func claimsWhatIsFreeInOneTransactionWithTheEpoch() {
        var claim = connected()
        #expect(read(&claim, epoch: nil) == .createPaths)
        let step = read(&claim, epoch: node("0", version: 3))
        #expect(
            step
                == .claim([
                    .set(path: "/canopy/epoch", data: bytes("1800000000"), version: 3),
                    create(epoch: 1_800_000_000),
                ]))
        #expect(!claim.isHeld)
        #expect(claim.onClaimed(.success(())) == .held(epoch: 1_800_000_000))
        #expect(claim.isHeld)
    }

    @Test(
        arguments: [
            (0, 1_800_000_000, 1_800_000_000), (1_799_999_999, 1_800_000_000, 1_800_000_000),
            (1_800_000_000, 1_800_000_000, 1_800_000_001), (1_900_000_000, 5, 1_900_000_001),
            (4_294_967_294, 5, 4_294_967_295), (4_294_967_295, 5, 4_294_967_295), (3, -5, 4),
        ] as [(UInt32, Int, UInt32)])
    func theEpochGrowsWithEveryIncarnation(recorded: UInt32, now: Int, expected: UInt32) {
        #expect(RootClaim.next(after: recorded, unixSeconds: now) == expected)
    }

    @Test func aClaimOfItsOwnEarlierIncarnationIsReplaced() {
        var claim = connected()
        let step = read(&claim, epoch: node("5", version: 1), holder: holder(owner: 6), now: 1)
        #expect(
            step
                == .claim([
                    .set(path: "/canopy/epoch", data: bytes("6"), version: 1),
                    .delete(path: "/canopy/root", version: 4), create(epoch: 6),
                ]))
    }

    @Test func anotherRootIsRespected() {
        var claim = connected()
        for other in [holder("10.0.1.68", owner: 6), holder(name: "NODE-2", owner: 6)] {
            guard case .wait(_, let reason) = read(&claim, epoch: node("5"), holder: other) else {
                Issue.record("not respected")
                continue
            }
            #expect(reason.hasSuffix(":5000 is the root already (session 0x6)"))
        }
        let unknown = read(&claim, epoch: node("5"), holder: node("?", owner: 6))
        guard case .wait = unknown else { return #expect(Bool(false)) }
        // When it is gone the claim is free.
        guard case .claim = read(&claim, epoch: node("5")) else { return #expect(Bool(false)) }
    }

    @Test func whoLosesTheRaceReadsAgain() {
        var claim = connected()
        _ = read(&claim, epoch: node("5"))
        #expect(claim.onClaimed(.failure(.multi(operation: 0, error: .badVersion))) == .read)
        #expect(!claim.isHeld)
    }

    /// The connection was lost before the answer: the claim itself tells.
    @Test func aClaimThatWasNotAnsweredIsFound() {
        var claim = connected()
        _ = read(&claim, epoch: node("5", version: 1), now: 1)
        #expect(claim.onClaimed(.failure(.connectionLoss)) == .read)
        #expect(
            read(&claim, epoch: node("6", version: 2), holder: own(epoch: 6)) == .held(epoch: 6))
    }

    /// What session 7 wrote into its claim.
    private func own(epoch: UInt32) -> NodeData {
        var record = Self.record
        record.epoch = epoch
        return NodeData(data: record.data, stat: Stat(version: 4, ephemeralOwner: 7))
    }

    @Test func aClaimThatSomebodyWroteIntoIsPutRight() {
        var claim = connected()
        _ = read(&claim, epoch: node("5", version: 1), now: 1)
        #expect(claim.onClaimed(.success(())) == .held(epoch: 6))
        let step = read(
            &claim, epoch: node("6", version: 2), holder: node("x", version: 9, owner: 7))
        #expect(step == .repair(data: own(epoch: 6).data, version: 9))
        #expect(
            read(&claim, epoch: node("6", version: 2), holder: own(epoch: 6)) == .held(epoch: 6))
    }

    @Test func anExpiredSessionClaimsAgainUnderTheSameEpoch() {
        var claim = connected()
        _ = read(&claim, epoch: node("5", version: 1), now: 1)
        _ = claim.onClaimed(.success(()))
        claim.onSessionEnded()
        #expect(!claim.isHeld)
        #expect(claim.onConnected(session: 9) == .read)
        #expect(
            read(&claim, epoch: node("6", version: 2))
                == .claim([.check(path: "/canopy/epoch", version: 2), create(epoch: 6)]))
        #expect(claim.onClaimed(.success(())) == .held(epoch: 6))
    }

    @Test func aRootThatAnotherHasFollowedIsDeposed() {
        var claim = connected()
        _ = read(&claim, epoch: node("5", version: 1), now: 1)
        _ = claim.onClaimed(.success(()))
        claim.onSessionEnded()
        _ = claim.onConnected(session: 9)
        for other in [nil, holder("10.0.1.68", owner: 8), holder(owner: 8)] {
            guard case .deposed = read(&claim, epoch: node("7", version: 3), holder: other) else {
                Issue.record("not deposed")
                continue
            }
        }
    }

    @Test func anEpochThatIsNoNumberMustBeRepaired() {
        var claim = connected()
        guard case .wait(_, let reason) = read(&claim, epoch: node("x")) else {
            return #expect(Bool(false))
        }
        #expect(reason == "/canopy/epoch holds no number: someone must repair it")
        guard case .claim = read(&claim, epoch: node("")) else { return #expect(Bool(false)) }
    }
}
