/// The way to a child, called through a pointer to this: a reference that can't change while it is
/// borrowed needs no counting, which one in a class's stored property would get at each call. A
/// port calls nobody back, so nobody replaces it while it is being called.
struct ChildPortSlot: ~Copyable {
    let port: any ChildPort

    @inline(__always)
    borrowing func send(_ message: DownMessage) { port.send(message) }

    @inline(__always)
    borrowing func send(_ commit: CommitMessage) { port.send(commit) }

    @inline(__always)
    borrowing func sendAccept(count: UInt64) { port.sendAccept(count: count) }
}

/// The same for the parent, if it is linked.
struct ParentPortSlot: ~Copyable {
    private let port: (any ParentPort)?
    private let identity: ObjectIdentifier?

    init(_ parent: Keyspace.ParentWay?) {
        if case .link(let port)? = parent {
            self.port = port
            identity = ObjectIdentifier(port)
        } else {
            port = nil
            identity = nil
        }
    }

    @inline(__always) var isLinked: Bool { port != nil }

    @inline(__always)
    borrowing func isPort(_ other: any ParentPort) -> Bool {
        identity == ObjectIdentifier(other)
    }

    @inline(__always)
    borrowing func send(_ put: PutMessage) { port?.send(put) }
}
