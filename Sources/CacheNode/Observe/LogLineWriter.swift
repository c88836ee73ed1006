import UVHTTP

/// Writes one line of a log. Values that don't fit are cut (`…`), fields that don't fit are left
/// out, and the line says so with `cut=true`; JSON stays valid JSON.
struct LogLineWriter {
    let format: LogFormat
    let node: String

    /// Kept for what ends a line: a quote, the note that it was cut, a brace and the line feed.
    private static let endBytes = 40
    private static let countMax = LogSink.lineBytesMax - endBytes
    /// A field is begun only where this much is left behind its name.
    private static let valueBytesMin = 32

    /// Appends a line with its line feed to `queue`, which must be empty.
    func append(
        milliseconds: UInt64, _ level: LogLevel, _ message: String, _ fields: LogFields,
        to queue: inout ByteQueue
    ) {
        var isWhole = appendStart(milliseconds: milliseconds, level, message, to: &queue)
        for (name, value) in fields {
            guard
                queue.count + name.utf8CodeUnitCount + Self.valueBytesMin <= Self.countMax
            else {
                isWhole = false
                break
            }
            appendName(name, to: &queue)
            if !append(value, to: &queue) { isWhole = false }
        }
        if !isWhole {
            appendName("cut", to: &queue)
            queue.append("true" as StaticString)
        }
        if format == .json { queue.append(UInt8(ascii: "}")) }
        queue.append(ASCII.lineFeed)
    }

    private func appendStart(
        milliseconds: UInt64, _ level: LogLevel, _ message: String, to queue: inout ByteQueue
    ) -> Bool {
        switch format {
        case .json:
            queue.append("{\"time\":\"" as StaticString)
            Timestamp.append(milliseconds: milliseconds, to: &queue)
            queue.append("\",\"level\":\"" as StaticString)
            queue.append(level.rawValue)
            queue.append("\",\"node\":" as StaticString)
            let nodeIsWhole = appendQuoted(node, to: &queue)
            queue.append(",\"message\":" as StaticString)
            return appendQuoted(message, to: &queue) && nodeIsWhole
        case .text:
            Timestamp.append(milliseconds: milliseconds, to: &queue)
            queue.append(ASCII.space)
            queue.append(level.rawValue)
            for _ in level.rawValue.utf8.count..<max(6, level.rawValue.utf8.count + 1) {
                queue.append(ASCII.space)
            }
            let nodeIsWhole = EscapedText.append(node, to: &queue, countMax: Self.countMax)
            queue.append(ASCII.space)
            return EscapedText.append(message, to: &queue, countMax: Self.countMax)
                && nodeIsWhole
        }
    }

    private func appendName(_ name: StaticString, to queue: inout ByteQueue) {
        switch format {
        case .json:
            queue.append(",\"" as StaticString)
            queue.append(name)
            queue.append("\":" as StaticString)
        case .text:
            queue.append(ASCII.space)
            queue.append(name)
            queue.append(ASCII.equals)
        }
    }

    private func append(_ value: LogValue, to queue: inout ByteQueue) -> Bool {
        switch value {
        case .int(let number): queue.append(String(number))
        case .bool(let isTrue): queue.append(isTrue ? "true" as StaticString : "false")
        case .string(let text):
            if format == .json || !EscapedText.isPlain(text) {
                return appendQuoted(text, to: &queue)
            }
            return EscapedText.append(text, to: &queue, countMax: Self.countMax)
        }
        return true
    }

    private func appendQuoted(_ text: String, to queue: inout ByteQueue) -> Bool {
        queue.append(ASCII.quote)
        let isWhole = EscapedText.append(text, to: &queue, countMax: Self.countMax)
        queue.append(ASCII.quote)
        return isWhole
    }
}
