import UVHTTP

/// Writes a small JSON document piece by piece and puts the commas; what is opened must be closed
/// by the caller. It keeps no bytes, so a document may be written over several turns of the loop
/// and into several queues.
struct JSONWriter {
    private var needsComma = false

    // MARK: Containers

    mutating func beginObject(_ output: inout ByteQueue) { begin(UInt8(ascii: "{"), &output) }

    mutating func endObject(_ output: inout ByteQueue) { end(UInt8(ascii: "}"), &output) }

    mutating func beginArray(_ output: inout ByteQueue) { begin(UInt8(ascii: "["), &output) }

    mutating func endArray(_ output: inout ByteQueue) { end(UInt8(ascii: "]"), &output) }

    /// A member's name, which must need no escaping; its value comes next.
    mutating func name(_ name: StaticString, _ output: inout ByteQueue) {
        separate(&output)
        output.append(ASCII.quote)
        output.append(name)
        output.append("\":" as StaticString)
        needsComma = false
    }

    /// A member's name of any bytes (ill-formed UTF-8 becomes U+FFFD); its value comes next.
    mutating func name(anyBytes name: UnsafeRawBufferPointer, _ output: inout ByteQueue) {
        separate(&output)
        JSONText.append(anyBytes: name, to: &output)
        output.append(ASCII.colon)
        needsComma = false
    }

    // MARK: Values

    mutating func value(_ text: String, _ output: inout ByteQueue) {
        separate(&output)
        var text = text
        text.withUTF8 { JSONText.append(utf8: UnsafeRawBufferPointer($0), to: &output) }
    }

    /// A string of any bytes (ill-formed UTF-8 becomes U+FFFD).
    mutating func value(anyBytes bytes: UnsafeRawBufferPointer, _ output: inout ByteQueue) {
        separate(&output)
        JSONText.append(anyBytes: bytes, to: &output)
    }

    mutating func value(_ number: Int, _ output: inout ByteQueue) {
        separate(&output)
        output.append(String(number))
    }

    mutating func value(_ boolean: Bool, _ output: inout ByteQueue) {
        separate(&output)
        output.append(boolean ? "true" : "false" as StaticString)
    }

    mutating func null(_ output: inout ByteQueue) {
        separate(&output)
        output.append("null" as StaticString)
    }

    /// A JSON value as it stands.
    mutating func json(_ json: UnsafeRawBufferPointer, _ output: inout ByteQueue) {
        separate(&output)
        output.append(json)
    }

    // MARK: Members

    mutating func member(_ name: StaticString, _ text: String, _ output: inout ByteQueue) {
        self.name(name, &output)
        value(text, &output)
    }

    mutating func member(_ name: StaticString, _ number: Int, _ output: inout ByteQueue) {
        self.name(name, &output)
        value(number, &output)
    }

    mutating func member(_ name: StaticString, _ boolean: Bool, _ output: inout ByteQueue) {
        self.name(name, &output)
        value(boolean, &output)
    }

    // MARK: Commas

    private mutating func begin(_ bracket: UInt8, _ output: inout ByteQueue) {
        separate(&output)
        output.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8, _ output: inout ByteQueue) {
        output.append(bracket)
        needsComma = true
    }

    private mutating func separate(_ output: inout ByteQueue) {
        if needsComma { output.append(ASCII.comma) }
        needsComma = true
    }
}
