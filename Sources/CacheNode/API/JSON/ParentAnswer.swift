import UVHTTP

/// What a node and a parent of the `/store` kind say to each other about one value.
enum ParentAnswer {
    /// A value as it came from a parent.
    enum Value: Equatable {
        /// A JSON text: where it lies in the answer's body.
        case json(Range<Int>)
        /// The bytes that a string of Base64 stood for.
        case binary([UInt8])
    }

    /// The value of a parent's answer, `{"value":…}`; Base64 is decoded only where the answer says
    /// `"encoding":"base64"`, which nodes of the earlier system never do.
    static func value(_ body: UnsafeRawBufferPointer) throws(JSONReadError) -> Value {
        var value: Range<Int>?
        var encoding: Range<Int>?
        let document: Range<Int>
        do throws(JSONError) {
            document = try JSONMembers.document(body) { member in
                if member.name.equals("value") {
                    value = member.value
                } else if member.name.equals("encoding") {
                    encoding = member.value
                }
            }
        } catch {
            throw .notJSON(error)
        }
        guard JSONValue(body.slice(document)).kind == .object else { throw .notObject }
        guard let value else { throw .missing(member: "value", allowed: "any JSON value") }
        guard let encoding, JSONValue(body.slice(encoding)).string?.equals("base64") == true else {
            return .json(value)
        }
        return .binary(try decoded(JSONValue(body.slice(value))))
    }

    private static func decoded(_ value: JSONValue) throws(JSONReadError) -> [UInt8] {
        guard let bytes = value.string?.unescaped().withUnsafeBytes(Base64.decoded) else {
            throw .notAllowed(member: "value", allowed: "a string of Base64")
        }
        return bytes
    }

    /// Appends the body of a PUT to such a parent: `{"value":…,"wait_for_parent":false}`, because
    /// the parent mustn't wait for its own parent. `form` must be the value's own.
    static func appendRequest(
        _ value: UnsafeRawBufferPointer, _ form: StoredForm, to output: inout ByteQueue
    ) {
        output.append("{\"value\":" as StaticString)
        StoreAnswer.appendJSON(value, form, to: &output)
        if form == .binary { output.append(",\"encoding\":\"base64\"" as StaticString) }
        output.append(",\"wait_for_parent\":false}" as StaticString)
    }
}
