import UVHTTP

/// A target's input, read from its beginning: a few bytes say how, and the rest is what.
struct FuzzInput {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ start: UnsafePointer<UInt8>?, _ count: Int) {
        rest = UnsafeRawBufferPointer(start: start, count: count)
    }

    /// The next byte; 0 at the end.
    mutating func byte() -> UInt8 {
        guard let first = rest.first else { return 0 }
        rest = rest.dropping(1)
        return first
    }
}

/// Gives `body` a copy of `bytes` with `slackBytes` zeros behind it, in memory of exactly that
/// size: what is read behind it is found out.
func withSentinel<Result>(
    _ bytes: UnsafeRawBufferPointer, slackBytes: Int = 16, _ body: (UnsafeRawPointer) -> Result
) -> Result {
    let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: bytes.count + slackBytes, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    for index in bytes.count..<memory.count { memory[index] = 0 }
    guard let base = memory.baseAddress else { preconditionFailure("no memory") }
    return body(UnsafeRawPointer(base))
}

/// `bytes` up to `count`.
func prefix(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[..<count])
}

/// The rules that every field section keeps once it is accepted: lines of `name: value` that end in
/// CR LF, the last one blank, and no other control but tabs. Gives the number of lines.
func checkFields(_ lines: UnsafeRawBufferPointer) -> Int {
    precondition(lines.count >= 2, "no blank line")
    for index in 0..<lines.count {
        let byte = lines[index]
        if byte == 0x0D { precondition(index + 1 < lines.count && lines[index + 1] == 0x0A) }
        if byte == 0x0A { precondition(index > 0 && lines[index - 1] == 0x0D) }
        precondition(
            byte >= 0x20 && byte != 0x7F || [0x09, 0x0A, 0x0D].contains(byte), "a control")
    }
    precondition(lines[lines.count - 2] == 0x0D)
    var count = 0
    HTTPFields(lines).forEach { name, value in
        count += 1
        precondition(!name.isEmpty && !name.contains(0x20) && !name.contains(0x09), "a bad name")
        precondition(!value.contains(0x0D) && value.first != 0x20 && value.last != 0x20)
    }
    return count
}
