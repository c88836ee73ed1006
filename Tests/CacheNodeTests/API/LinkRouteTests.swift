import Simulation
import Testing
import UVHTTP

@testable import CacheNode

/// `GET /link` at a whole node.
@Suite struct LinkRouteTests {
    private let samples = LinkSamples()

    private func answer(to request: String, seed: UInt64 = 1) throws -> RawPeer {
        let tree = try SimTree(seed: seed, nodeCount: 1, depth: 2)
        tree.startInOrder()
        let peer = RawPeer.dial(tree.hosts[0], from: tree.world.addHost("child"))
        peer.send(bytes(request) + frame(samples.hello))
        tree.world.run(forMilliseconds: 100)
        return peer
    }

    @Test func aLinkBeginsWithAWelcome() throws {
        let peer = try answer(to: upgradeRequest.withUnsafeBytes { $0.text })
        #expect(peer.received.starts(with: bytes("HTTP/1.1 101 Switching Protocols\r\n")))
        let (frames, fault) = decodedDown([peer.framesReceived])
        #expect(fault == nil)
        #expect(frames.first?[4] == LinkFrames.welcome)
        #expect(!peer.hasInputEnded)
    }

    @Test func whoDoesNotAskForALinkIsToldHow() throws {
        let request = "GET /link HTTP/1.1\r\nHost: a\r\n\r\n"
        let text = try answer(to: request).received.withUnsafeBytes { $0.text }
        #expect(text.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
        #expect(text.contains("\r\nUpgrade: canopy-link/1\r\n"))
        #expect(text.contains("\r\nConnection: Upgrade\r\n"))
    }

    @Test func aLinkIsNotWritten() throws {
        let request = "PUT /link HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        let text = try answer(to: request).received.withUnsafeBytes { $0.text }
        #expect(text.hasPrefix("HTTP/1.1 405 "))
        #expect(text.contains("\r\nAllow: GET, OPTIONS\r\n"))
    }
}
