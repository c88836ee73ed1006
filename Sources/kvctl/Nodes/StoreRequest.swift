import UVHTTP

/// What get, put and delete have in common: the `/store` API and how its answers are printed.
enum StoreRequest {
    /// `/store/<key>`, every byte percent-encoded but RFC 3986's unreserved ones. Throws a usage
    /// failure for an empty key, which would name the whole store.
    static func target(key: String) throws -> String {
        guard !key.isEmpty else {
            throw Failure(.usage, "KEY is empty: 1 to 511 bytes are allowed.")
        }
        return "/store/" + percentEncoded(key)
    }

    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            if isUnreserved(byte) {
                result.append(byte)
            } else {
                result += [ASCII.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The body of a PUT; `valueJSON` is the value as JSON text.
    static func body(valueJSON: [UInt8], waitForParent: Bool) -> [UInt8] {
        Array(#"{"value":"#.utf8) + valueJSON
            + Array(#","wait_for_parent":\#(waitForParent)}"#.utf8)
    }

    /// Fields that tell of an answer's version, age and way.
    private static let shownFields: [(name: String, lowercase: StaticString)] = [
        ("ETag", "etag"), ("Age", "age"), ("Staleness-Bound", "staleness-bound"),
        ("Cache-Status", "cache-status"),
    ]

    /// Sends `request`, prints the answer, with its fields if they are to be shown, and ends the
    /// command with the status's exit status.
    static func perform(
        _ request: HTTPClientRequest, node: NodeName, connection: ConnectionOptions,
        output: OutputFormat, showsFields: Bool
    ) throws {
        let directory = try connection.directory()
        let address = try directory.address(of: node)
        let client = try connection.client()
        let response = try client.exchange(request, with: address, in: directory)
        switch output {
        case .text:
            try StandardOutput.print(
                text(status: response.status, body: response.body, StandardOutput.isTerminal))
            if showsFields { try StandardOutput.write(fieldText(fields(of: response))) }
        case .json:
            try StandardOutput.print(
                json(
                    status: response.status, body: response.body,
                    fields: showsFields ? fields(of: response) : nil))
        }
        if response.status == 401 { StandardError.print("kvctl: \(Failure.tokenAdvice)") }
        try CommandStatus(httpStatus: response.status).throwUnlessOK()
    }

    /// Those of the fields that the answer has, in their order.
    static func fields(of response: HTTPClientResponse) -> [(name: String, value: [UInt8])] {
        shownFields.compactMap { field in
            response.field(field.lowercase).map { (field.name, $0) }
        }
    }

    /// A line for each field, with its line feed; inert for a terminal.
    static func fieldText(_ fields: [(name: String, value: [UInt8])]) -> [UInt8] {
        let lines = fields.map {
            "\($0.name): \(Printable.text(String(decoding: $0.value, as: UTF8.self)))\n"
        }
        return Array(lines.joined().utf8)
    }

    /// The status code, a space and the JSON answer; an answer that is no JSON as it is.
    static func text(status: Int, body: [UInt8], _ isTerminal: Bool) -> [UInt8] {
        let head = Array("\(status)".utf8)
        guard !body.isEmpty else { return head }
        // On a terminal, ill-formed UTF-8 could hide a control character of one byte.
        let body = isTerminal ? Array(String(decoding: body, as: UTF8.self).utf8) : body
        if let json = JSONText.laidOut(body, as: .spaced, escapingControls: isTerminal) {
            return head + [ASCII.space] + json
        }
        let trimmed = body.last == ASCII.lineFeed ? body.dropLast() : body[...]
        let shown =
            isTerminal
            ? Array(Printable.text(String(decoding: trimmed, as: UTF8.self)).utf8) : Array(trimmed)
        return head + [ASCII.space] + shown
    }

    /// `{"status":200,"body":…}`, with `"fields":{…}` between them if there are any to be shown; an
    /// answer that is no JSON becomes a string.
    static func json(
        status: Int, body: [UInt8], fields: [(name: String, value: [UInt8])]? = nil
    ) -> [UInt8] {
        let text = Array(String(decoding: body, as: UTF8.self).utf8)
        let value = JSONText.laidOut(text, as: .compact) ?? JSONText.quoted(text)
        var head = Array(#"{"status":\#(status),"#.utf8)
        if let fields {
            let members = fields.map { field in
                Array("\"\(field.name)\":".utf8)
                    + JSONText.quoted(Array(String(decoding: field.value, as: UTF8.self).utf8))
            }
            head += Array(#""fields":{"#.utf8) + members.joined(separator: [ASCII.comma])
            head += Array("},".utf8)
        }
        return head + Array(#""body":"#.utf8) + value + Array("}".utf8)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
