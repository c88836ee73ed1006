import UVHTTP

/// What a loop looks after in its turns: something may have happened to it.
public class SimSource {
    init() {}

    /// It is in the list of those whose turn comes.
    @exclusivity(unchecked) final var isReady = false
    func onReady() {}
}

/// A listening socket with its queue of connections that wait to be accepted.
public final class SimListener: SimSource, StreamListener {
    /// Connections accepted in one turn.
    private static let acceptsPerTurnMax = 64

    public let address: SocketAddress
    private let isForAnyAddress: Bool
    private let backlog: Int
    private let loop: SimLoop
    private var onStream: ((any ByteStream) -> Void)?
    private var pending: [SimStream] = []
    private var isPaused = false

    init(
        on loop: SimLoop, address: SocketAddress, backlog: Int,
        onStream: @escaping (any ByteStream) -> Void
    ) {
        self.loop = loop
        self.address = address
        self.backlog = backlog
        self.onStream = onStream
        isForAnyAddress = address.host == "0.0.0.0" || address.host == "::"
    }

    /// Connections that wait to be accepted.
    public var pendingCount: Int { pending.count }

    /// The process accepts nothing for a while; connections wait in the kernel.
    public func pause() { isPaused = true }

    /// It accepts again.
    public func resume() {
        isPaused = false
        if !pending.isEmpty { loop.markReady(self) }
    }

    public func close() {
        guard onStream != nil else { return }
        drop()
        for stream in pending { stream.reset() }
        pending.removeAll()
        loop.host.listeners.removeAll { $0 === self }
    }

    // MARK: For the network

    func accepts(_ target: SocketAddress) -> Bool {
        isForAnyAddress ? address.port == target.port : address == target
    }

    var isOpen: Bool { onStream != nil }

    var hasRoom: Bool { pending.count < max(1, backlog) }

    /// The socket that a connection to this listener begins with.
    func makeStream(inbound: SimChannel, outbound: SimChannel, peer: SocketAddress?) -> SimStream {
        let stream = SimStream(on: loop, peer: peer, inbound: inbound, outbound: outbound)
        stream.listener = self
        return stream
    }

    /// The client's last step has arrived: the connection stands.
    func onEstablished(_ stream: SimStream) {
        guard isOpen else { return stream.reset() }
        pending.append(stream)
        if !isPaused { loop.markReady(self) }
    }

    /// Lets go of everything, the process being gone.
    func drop() { onStream = nil }

    override func onReady() {
        var accepted = 0
        while !isPaused, let onStream, !pending.isEmpty {
            guard accepted < Self.acceptsPerTurnMax else { return loop.markReady(self) }
            accepted += 1
            let stream = pending.removeFirst()
            stream.didAccept()
            onStream(stream)
        }
    }
}
