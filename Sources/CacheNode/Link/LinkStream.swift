import UVHTTP

/// Who speaks on a link. All calls come from events of the stream, none from inside `send` or
/// `end`.
protocol LinkStreamOwner: AnyObject {
    /// Bytes came; they are borrowed for the call. A fault ends the link.
    func onBytes(_ bytes: UnsafeRawBufferPointer) throws(LinkFault)

    /// The link is over: the last call, exactly once. The reason is a clause.
    func onEnded(reason: String)
}

/// A stream that was upgraded to a link: gives what comes to its owner, sends what the owner says,
/// and ends once, for one reason.
final class LinkStream: StreamHandler {
    private let stream: any ByteStream
    private let output: LinkOutput
    private let metrics: UnsafeMutablePointer<Metrics>
    /// `the child`: who is at the other end, for reasons.
    private let peerNoun: StaticString
    /// Held until the stream is closed.
    private var owner: (any LinkStreamOwner)?
    private var endReason: String?

    init(
        stream: any ByteStream, output: LinkOutput, metrics: UnsafeMutablePointer<Metrics>,
        peerNoun: StaticString
    ) {
        self.stream = stream
        self.output = output
        self.metrics = metrics
        self.peerNoun = peerNoun
    }

    /// To be called before any event.
    func start(_ owner: any LinkStreamOwner) { self.owner = owner }

    /// Bytes that the peer has not taken yet.
    var queuedBytes: Int { output.queuedBytes }

    var peer: SocketAddress? { stream.peer }

    /// The link is over, or about to be: nothing more is sent, and nothing told but the end.
    @exclusivity(unchecked) private(set) var hasEnded = false

    @inline(__always)
    private func append<Message: LinkMessage>(_ message: Message) {
        if !hasEnded { output.append(message) }
    }

    func send(_ message: DownMessage) { append(message) }
    func send(_ commit: CommitMessage) { append(commit) }

    /// Says that `count` writes are queued here, if no ACCEPT is left to say so.
    func sendAccept(count: UInt64) {
        if !hasEnded { output.appendAccept(count: count) }
    }

    /// Ends the link; `onEnded` follows in a later event. What was not written yet is dropped.
    func end(reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        endReason = reason
        stream.close()
    }

    // MARK: Events of the stream

    func onConnected() {}

    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        guard !hasEnded else { return }
        metrics.pointee.linkBytesReceived &+= UInt64(bytes.count)
        do throws(LinkFault) {
            try owner?.onBytes(UnsafeRawBufferPointer(bytes))
        } catch {
            end(reason: "\(peerNoun) sent \(error)")
        }
    }

    func onEndOfInput() { end(reason: "\(peerNoun) closed the link") }

    func onDrained() {}

    func onClosed(_ error: UVError?) {
        hasEnded = true
        let owner = owner
        self.owner = nil
        owner?.onEnded(reason: endReason ?? reason(error))
    }

    private func reason(_ error: UVError?) -> String {
        if output.isOverfull { return "\(peerNoun) doesn't drain the link" }
        return error.map { "the connection broke: \($0.message)" } ?? "the connection was closed"
    }
}

extension LinkStream: ParentPort {
    func send(_ message: UpMessage) { append(message) }
    func send(_ put: PutMessage) { append(put) }
    func close(reason: String) { end(reason: reason) }
}
