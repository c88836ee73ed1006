import UVHTTP

/// How a stored value appears in the `/store` API.
enum StoredForm: UInt8 {
    /// The bytes are a JSON text and stand as they are.
    case json
    /// The bytes are UTF-8 and become a JSON string.
    case text
    /// The same, and they stand in it as they are: nothing is to be escaped.
    case plainText
    /// The bytes become a string of Base64, and `"encoding":"base64"` says so.
    case binary
}

/// The bodies that the `/store` API answers with.
enum StoreAnswer {
    // MARK: Form

    /// The form of a value that was stored with the JSON media type, or with another one.
    static func form(of value: UnsafeRawBufferPointer, isJSONType: Bool) -> StoredForm {
        if isJSONType, JSONScanner.isDocument(value) { return .json }
        guard UTF8Check.isUTF8(value) else { return .binary }
        return ByteScan.endOfUnescaped(value, from: 0) == value.count ? .plainText : .text
    }

    /// Whether a Content-Type is `application/json`, in any case and with any parameters: RFC 8259
    /// §11 defines none, so a `charset` changes nothing.
    static func isJSONType(_ contentType: UnsafeRawBufferPointer) -> Bool {
        let isParameterStart = { (byte: UInt8) in
            byte == ASCII.semicolon || byte == ASCII.space || byte == ASCII.tab
        }
        let end = contentType.firstIndex(where: isParameterStart) ?? contentType.count
        return contentType.slice(0..<end).equalsIgnoringCase("application/json")
    }

    // MARK: The value

    /// Bytes that `append` appends.
    static func byteCount(_ value: UnsafeRawBufferPointer, _ form: StoredForm) -> Int {
        switch form {
        case .json, .plainText: byteCount(asItIs: value, form)
        case .text: 10 &+ JSONText.byteCount(utf8: value)
        case .binary: 32 &+ Base64.encodedCount(value.count)
        }
    }

    /// Appends the answer to `GET /store/<key>`: `{"value":…}`. `form` must be the value's own.
    static func append(
        _ value: UnsafeRawBufferPointer, _ form: StoredForm, to output: inout ByteQueue
    ) {
        output.append("{\"value\":" as StaticString)
        appendJSON(value, form, to: &output)
        if form == .binary { output.append(",\"encoding\":\"base64\"" as StaticString) }
        output.append(UInt8(ascii: "}"))
    }

    /// The same as `byteCount` for the forms whose bytes stand in the answer as they are: `json`
    /// and `plainText`.
    @inline(__always)
    static func byteCount(asItIs value: UnsafeRawBufferPointer, _ form: StoredForm) -> Int {
        value.count &+ (form == .json ? 10 : 12)
    }

    /// Writes what `append` would append, for the same forms.
    @inline(__always)
    static func write(
        asItIs value: UnsafeRawBufferPointer, _ form: StoredForm, to room: UnsafeMutableRawPointer
    ) {
        let quotes = form == .json ? 0 : 1
        // The quote is overwritten where there is none.
        room.copyMemory(from: StaticString("{\"value\":\"").utf8Start, byteCount: 10)
        let place = room + (9 &+ quotes)
        value.copyShort(to: place)
        (place + value.count).storeBytes(of: form == .json ? 0x7D : 0x22, as: UInt8.self)
        (place + (value.count &+ quotes)).storeBytes(of: 0x7D, as: UInt8.self)
    }

    /// Appends the value alone, as JSON: a member of `GET /store`. `form` must be the value's own.
    static func appendJSON(
        _ value: UnsafeRawBufferPointer, _ form: StoredForm, to output: inout ByteQueue
    ) {
        switch form {
        case .json: output.append(value)
        case .text: JSONText.append(utf8: value, to: &output)
        case .plainText:
            output.append(ASCII.quote)
            output.append(value)
            output.append(ASCII.quote)
        case .binary:
            output.append(ASCII.quote)
            Base64.append(value, to: &output)
            output.append(ASCII.quote)
        }
    }

    // MARK: Other answers

    /// Appends the answer to a PUT, `{"key":"…","value":…}`; `json` is the value's JSON text.
    static func appendStored(
        key: UnsafeRawBufferPointer, json: UnsafeRawBufferPointer, to output: inout ByteQueue
    ) {
        output.append("{\"key\":" as StaticString)
        JSONText.append(anyBytes: key, to: &output)
        output.append(",\"value\":" as StaticString)
        output.append(json)
        output.append(UInt8(ascii: "}"))
    }

    /// Appends the answer to a DELETE, `{"key":"…"}`.
    static func appendDeleted(key: UnsafeRawBufferPointer, to output: inout ByteQueue) {
        output.append("{\"key\":" as StaticString)
        JSONText.append(anyBytes: key, to: &output)
        output.append(UInt8(ascii: "}"))
    }

    /// Appends `{"detail":"…"}`, the earlier system's form of an error.
    static func appendDetail(_ text: String, to output: inout ByteQueue) {
        var json = JSONWriter()
        json.beginObject(&output)
        json.member("detail", text, &output)
        json.endObject(&output)
    }
}
