import UVHTTP

/// What a node counts. Plain integers without references: it lives behind a pointer, and the hot
/// path bumps it with `&+= 1`. A counter only grows; a gauge says how things stand.
public struct Metrics: Sendable {
    // MARK: Reads

    public var httpRequests: UInt64 = 0
    public var hits: UInt64 = 0
    public var misses: UInt64 = 0
    public var fills: UInt64 = 0
    public var collapsed: UInt64 = 0
    public var fillFailures: UInt64 = 0

    // MARK: Writes

    public var writes: UInt64 = 0
    public var deletes: UInt64 = 0
    /// Gauge.
    public var upwardQueued: UInt64 = 0
    public var upwardSent: UInt64 = 0
    public var upwardRetried: UInt64 = 0
    public var upwardRejected: UInt64 = 0
    public var upwardRefused: UInt64 = 0

    // MARK: Coherence

    /// Writes that the root has committed, where this node is it.
    public var commits: UInt64 = 0
    public var commitsReceived: UInt64 = 0
    public var repeats: UInt64 = 0
    public var writersForgotten: UInt64 = 0
    public var writesFromChildren: UInt64 = 0
    public var pushesSent: UInt64 = 0
    public var pushesReceived: UInt64 = 0
    public var invalidationsSent: UInt64 = 0
    public var resetsSent: UInt64 = 0
    public var resetsReceived: UInt64 = 0
    public var staleAnswers: UInt64 = 0

    // MARK: Memory

    public var evictions: UInt64 = 0
    public var refusedFull: UInt64 = 0
    /// Gauge.
    public var entries: UInt64 = 0
    /// Gauge.
    public var memoryBytes: UInt64 = 0
    /// Gauge.
    public var memoryBytesMax: UInt64 = 0

    // MARK: Connections

    /// Gauge.
    public var connectionsOpen: UInt64 = 0
    /// Gauge.
    public var connectionsMax: UInt64 = 0
    public var connectionsAccepted: UInt64 = 0
    public var turnedAway: UInt64 = 0
    /// Gauge.
    public var connectionBytes: UInt64 = 0
    /// Gauge.
    public var connectionBytesMax: UInt64 = 0
    public var connectionsCutOff: UInt64 = 0
    public var acceptFailures: UInt64 = 0
    public var badRequests: UInt64 = 0
    public var requestsDenied: UInt64 = 0

    // MARK: Links

    /// Gauge.
    public var linksOpen: UInt64 = 0
    public var childrenAttached: UInt64 = 0
    public var linkFramesReceived: UInt64 = 0
    public var linkFramesSent: UInt64 = 0
    public var linkBytesReceived: UInt64 = 0
    public var linkBytesSent: UInt64 = 0

    // MARK: The node

    public var registrations: UInt64 = 0
    public var logLinesDropped: UInt64 = 0
    /// Gauge: seconds since 1970.
    public var startTimeSeconds: UInt64 = 0

    public init() {}
}

extension Metrics {
    /// The media type of what `render` writes.
    public static let contentType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    /// Appends every metric in Prometheus's text exposition format, version 0.0.4.
    public func render(into queue: inout ByteQueue) {
        for row in MetricRow.table {
            Self.appendHead(row.name, row.help, row.kind, to: &queue)
            queue.append(row.name)
            queue.append(ASCII.space)
            queue.appendDecimal(Int(clamping: self[keyPath: row.value]))
            queue.append(ASCII.lineFeed)
        }
        Self.appendHead("canopy_build_info", "The version that runs.", .gauge, to: &queue)
        queue.append("canopy_build_info{version=\"" as StaticString)
        queue.append(Canopy.version)
        queue.append("\"} 1\n" as StaticString)
    }

    private static func appendHead(
        _ name: StaticString, _ help: StaticString, _ kind: MetricRow.Kind,
        to queue: inout ByteQueue
    ) {
        queue.append("# HELP " as StaticString)
        queue.append(name)
        queue.append(ASCII.space)
        queue.append(help)
        queue.append("\n# TYPE " as StaticString)
        queue.append(name)
        queue.append(ASCII.space)
        queue.append(kind.rawValue)
        queue.append(ASCII.lineFeed)
    }
}
