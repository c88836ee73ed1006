import UVHTTP

/// An attached child, for those who want to know.
struct ChildSummary: Equatable {
    var name: String
    /// When its session began, by the loop's clock.
    var attachedMilliseconds: UInt64
    /// Bytes that it hasn't taken yet.
    var queuedBytes: Int
}

/// The links to this node's children.
final class LinkServer {
    /// What upgraded streams and the keyspace have to do with each other; set once, before the
    /// first stream. The links hold it weakly: without it, every child is turned away.
    weak var delegate: (any LinkDelegate)?
    let metrics: UnsafeMutablePointer<Metrics>

    private let loop: any EventLoop
    private let log: Log
    private let bodyBytesMax: Int
    private let queuedBytesMax: Int
    private var links: [ChildLink] = []

    /// `bodyBytesMax` is the longest value that this node takes; `queuedBytesMax` bytes may wait
    /// for one child, or it is taken for one that doesn't drain.
    init(
        loop: any EventLoop, bodyBytesMax: Int, queuedBytesMax: Int? = nil,
        metrics: UnsafeMutablePointer<Metrics>, log: Log
    ) {
        self.loop = loop
        self.bodyBytesMax = bodyBytesMax
        self.queuedBytesMax =
            queuedBytesMax ?? LinkOutput.defaultQueuedBytesMax(bodyBytesMax: bodyBytesMax)
        self.metrics = metrics
        self.log = log
    }

    /// Takes over a stream that was upgraded to a link; gives whom it belongs to.
    func accept(_ stream: any ByteStream) -> any StreamHandler {
        let output = LinkOutput(
            stream: stream, loop: loop, queuedBytesMax: queuedBytesMax, metrics: metrics)
        let handler = LinkStream(
            stream: stream, output: output, metrics: metrics, peerNoun: "the child")
        let link = ChildLink(
            server: self, stream: handler, loop: loop, bodyBytesMax: bodyBytesMax)
        handler.start(link)
        link.indexInServer = links.count
        links.append(link)
        return handler
    }

    /// The children that are attached, in no order.
    var children: [ChildSummary] {
        links.filter(\.isAttached).map {
            ChildSummary(
                name: $0.name, attachedMilliseconds: $0.attachedMilliseconds,
                queuedBytes: $0.queuedBytes)
        }
    }

    /// Links that are open: of children, and of those who haven't said HELLO yet.
    var count: Int { links.count }

    /// Ends all links.
    func closeAll(reason: String) {
        for link in links { link.end(reason: reason) }
    }

    // MARK: For the links

    func onAttached(_ link: ChildLink, peer: SocketAddress?) {
        metrics.pointee.childrenAttached &+= 1
        log.info(
            "child attached",
            ["child": .string(link.name), "peer": .string(peer?.description ?? "unknown")])
    }

    func onEnded(_ link: ChildLink, reason: String) {
        let last = links.removeLast()
        if last !== link {
            last.indexInServer = link.indexInServer
            links[link.indexInServer] = last
        }
        let child = link.name.isEmpty ? "unknown" : link.name
        log.info("child detached", ["child": .string(child), "reason": .string(reason)])
    }
}
