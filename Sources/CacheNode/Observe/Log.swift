import UVHTTP

/// How much a line matters; a log drops lines below its level.
public enum LogLevel: String, CaseIterable, Comparable, Sendable {
    case debug, info, warning, error

    @inlinable @inline(__always)
    public var severity: Int {
        switch self {
        case .debug: 0
        case .info: 1
        case .warning: 2
        case .error: 3
        }
    }

    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.severity < right.severity
    }
}

/// How lines are written.
public enum LogFormat: String, CaseIterable, Sendable {
    /// `2026-11-21T04:00:00.123Z info  NODE-4 registered slot=4 parent=NODE-2`
    case text
    /// One JSON object per line with the members time, level, node, message and the fields.
    case json
}

/// The value of a field.
public enum LogValue: Sendable {
    case int(Int)
    case bool(Bool)
    /// Any text, also a peer's: it is escaped.
    case string(String)
}

/// What a line says besides its message, in order.
public typealias LogFields = KeyValuePairs<StaticString, LogValue>

/// The node's log: one line per event, and never a wait. A line that the sink doesn't take is
/// counted, and the count is told by a line of its own as soon as writing works again.
public final class Log {
    private let severityMin: Int
    private let format: LogFormat
    private let node: String
    private let wallMilliseconds: () -> UInt64
    private var sink: LogSink
    private var line = ByteQueue()
    private var unreportedDrops = 0

    /// Lines lost since the start because the sink didn't take them.
    public private(set) var linesDropped: UInt64 = 0

    /// - Parameters:
    ///   - node: The node's name, in every line.
    ///   - descriptor: Where lines go; it stays the caller's to close.
    ///   - wallMilliseconds: Milliseconds since 1970 in UTC; nil for the system's clock.
    public init(
        level: LogLevel, format: LogFormat, node: String, descriptor: Int32 = 2,
        wallMilliseconds: (() -> UInt64)? = nil
    ) {
        severityMin = level.severity
        self.format = format
        self.node = node
        self.wallMilliseconds = wallMilliseconds ?? Timestamp.systemMilliseconds
        sink = LogSink(descriptor: descriptor)
    }

    // A level that is off costs one compare: neither message nor fields are evaluated.

    @inline(__always)
    public func debug(
        _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
    ) {
        if severityMin <= LogLevel.debug.severity { write(.debug, message(), fields()) }
    }

    @inline(__always)
    public func info(
        _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
    ) {
        if severityMin <= LogLevel.info.severity { write(.info, message(), fields()) }
    }

    @inline(__always)
    public func warning(
        _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
    ) {
        if severityMin <= LogLevel.warning.severity { write(.warning, message(), fields()) }
    }

    @inline(__always)
    public func error(
        _ message: @autoclosure () -> String, _ fields: @autoclosure () -> LogFields = [:]
    ) {
        if severityMin <= LogLevel.error.severity { write(.error, message(), fields()) }
    }

    @inline(never)
    private func write(_ level: LogLevel, _ message: String, _ fields: LogFields) {
        if unreportedDrops > 0 {
            guard put(.warning, "log lines dropped", ["count": .int(unreportedDrops)]) else {
                return countDrop()
            }
            unreportedDrops = 0
        }
        if !put(level, message, fields) { countDrop() }
    }

    private func put(_ level: LogLevel, _ message: String, _ fields: LogFields) -> Bool {
        line.removeAll()
        let writer = LogLineWriter(format: format, node: node)
        writer.append(
            milliseconds: wallMilliseconds(), level, message, fields, to: &line)
        return sink.write(line.readable)
    }

    private func countDrop() {
        unreportedDrops += 1
        linesDropped &+= 1
    }
}
