import Testing
import UVHTTP
import ZooKeeper

@testable import CacheNode

@Suite struct OwnPresenceTests {
    private static let path = "/canopy/live/NODE-4"
    private let record = RegistryRecord(
        name: "NODE-4", id: 4, endpoint: Endpoint(host: "10.0.1.70", port: 5000), slot: 4)

    private func data(_ session: Int64, host: String = "10.0.1.70") -> [UInt8] {
        bytes(
            #"{"ip":"\#(host)","id":4,"name":"NODE-4","port":5000,"slot":4,"session":"0x\#(session)"}"#
        )
    }

    private func node(_ owner: Int64, host: String = "10.0.1.70") -> NodeData {
        NodeData(data: data(owner, host: host), stat: Stat(version: 2, ephemeralOwner: owner))
    }

    private func connected() -> OwnPresence {
        var presence = OwnPresence(name: "NODE-4")
        #expect(presence.onConnected(session: 7) == .none)
        #expect(presence.onRecord(record) == .read)
        return presence
    }

    private func held() -> OwnPresence {
        var presence = connected()
        #expect(presence.onRead(nil) == .create(data(7)))
        #expect(presence.onChanged(.success(())) == .read)
        #expect(presence.onRead(node(7)) == .held)
        #expect(presence.isHeld)
        return presence
    }

    private func replacement(_ session: Int64) -> OwnPresence.Step {
        .replace([
            .delete(path: Self.path, version: 2),
            .create(path: Self.path, data: data(session), mode: .ephemeral),
        ])
    }

    @Test func itIsCreatedOnceTheNodeHasItsSlot() { _ = held() }

    @Test func theRecordMayComeBeforeTheSession() {
        var presence = OwnPresence(name: "NODE-4")
        #expect(presence.onRecord(record) == .none)
        #expect(presence.onConnected(session: 7) == .read)
    }

    @Test func theSameRecordChangesNothing() {
        var presence = held()
        #expect(presence.onRecord(record) == .none)
        var moved = record
        moved.slot = 5
        #expect(presence.onRecord(moved) == .read)
        guard case .set(_, version: 2) = presence.onRead(node(7)) else {
            return #expect(Bool(false))
        }
    }

    @Test func thatOfAnEarlierIncarnationIsReplaced() {
        var presence = connected()
        #expect(presence.onRead(node(6)) == replacement(7))
    }

    @Test func thatOfAnEarlierSessionIsReplaced() {
        var presence = held()
        presence.onSessionEnded()
        #expect(!presence.isHeld)
        #expect(presence.onConnected(session: 9) == .read)
        #expect(presence.onRead(node(7)) == replacement(9))
    }

    @Test func anotherProcessIsRespected() {
        var presence = connected()
        guard case .wait(_, let reason) = presence.onRead(node(6, host: "10.0.1.99")) else {
            return #expect(Bool(false))
        }
        #expect(
            reason
                == "another live process holds the name NODE-4, at 10.0.1.99:5000 (session 0x6)")
        #expect(presence.onRead(nil) == .create(data(7)))
    }

    /// Two processes that both believe to be at this address would else go on for ever.
    @Test func whoeverReplacesItLaterIsAnotherProcess() {
        var presence = held()
        guard case .wait = presence.onRead(node(8)) else { return #expect(Bool(false)) }
        #expect(!presence.isHeld)
    }

    @Test func whatStandsThereWithoutSayingWhoItIsIsRespected() {
        var presence = connected()
        let unknown = NodeData(data: [], stat: Stat(ephemeralOwner: 6))
        guard case .wait = presence.onRead(unknown) else { return #expect(Bool(false)) }
    }

    @Test func changesThatFailAreLookedAt() {
        let presence = connected()
        for error in [
            ZooKeeperError.nodeExists, .badVersion, .multi(operation: 0, error: .noNode),
        ] {
            #expect(presence.onChanged(.failure(error)) == .read)
        }
        #expect(presence.onChanged(.failure(.noNode)) == .createPaths)
        guard case .wait = presence.onChanged(.failure(.noAuth)) else {
            return #expect(Bool(false))
        }
    }
}
