import UVHTTP

/// What a node says on a link: frames gather during a turn of the loop and are written at its end.
final class LinkOutput: TurnEndHandler {
    /// Bytes after which what has gathered is written within the turn.
    private static let flushBytes = 64 * 1024
    /// Bytes of memory kept between turns.
    private static let keptBytes = 128 * 1024

    private let stream: any ByteStream
    private let loop: any EventLoop
    private let metrics: UnsafeMutablePointer<Metrics>
    private let queuedBytesMax: Int
    @exclusivity(unchecked) private var gathered = ByteQueue()
    @exclusivity(unchecked) private var isFlushAwaited = false
    /// Where an ACCEPT begins in `gathered`; nil if there is none.
    @exclusivity(unchecked) private var acceptOffset: Int?
    /// More has waited than may, and the stream was closed for it.
    private(set) var isOverfull = false

    /// `queuedBytesMax` bytes may wait until the peer takes them.
    init(
        stream: any ByteStream, loop: any EventLoop, queuedBytesMax: Int,
        metrics: UnsafeMutablePointer<Metrics>
    ) {
        self.stream = stream
        self.loop = loop
        self.queuedBytesMax = queuedBytesMax
        self.metrics = metrics
    }

    /// What may wait on a link of a node that takes values of `bodyBytesMax`, if nobody says more.
    static func defaultQueuedBytesMax(bodyBytesMax: Int) -> Int {
        max(8 * 1024 * 1024, 4 * bodyBytesMax)
    }

    /// Bytes that the kernel has not taken yet.
    var queuedBytes: Int { gathered.count + stream.queuedBytes }

    /// Appends `message`; calls nobody back. When too much waits, the stream is closed.
    @inline(__always)
    func append<Message: LinkMessage>(_ message: Message) {
        guard !isOverfull else { return }
        message.append(to: &gathered)
        metrics.pointee.linkFramesSent &+= 1
        if !isFlushAwaited {
            isFlushAwaited = true
            loop.atTurnEnd(self)
        }
        if gathered.count >= Self.flushBytes { flush() }
    }

    /// Appends ACCEPT, or has the one that isn't written yet say this count: when it is written,
    /// that holds. So a turn's writes, of which there may be hundreds, take one.
    @inline(__always)
    func appendAccept(count: UInt64) {
        guard !isOverfull else { return }
        if let acceptOffset {
            gathered.overwrite(
                at: acceptOffset &+ LinkFrames.acceptCountOffset, with: count.bigEndian)
        } else {
            acceptOffset = gathered.count
            append(DownMessage.accept(count: count))
        }
    }

    func onTurnEnd() {
        isFlushAwaited = false
        flush()
    }

    private func flush() {
        guard !gathered.isEmpty else { return }
        metrics.pointee.linkBytesSent &+= UInt64(gathered.count)
        stream.write(gathered.readable)
        gathered.removeAll(keepingBytes: Self.keptBytes)
        acceptOffset = nil
        guard stream.queuedBytes > queuedBytesMax else { return }
        isOverfull = true
        stream.close()
    }
}
