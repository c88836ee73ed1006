import UVHTTP

/// The body of `PUT /store/<key>`: `{"value": <any JSON>, "wait_for_parent": <boolean>}`, read as
/// the earlier system reads it: other members are ignored, and of a repeated one the last counts.
struct StoreRequestBody: Equatable {
    /// Where the value's JSON text lies in the body, without the white space around it.
    var value: Range<Int>
    /// What the body says of waiting for the parent's answer; nil when it says nothing.
    var givenWaitForParent: Bool?

    /// Whether the answer waits for the parent's; true when the body doesn't say.
    var waitForParent: Bool { givenWaitForParent ?? true }

    /// Longer numbers aren't looked into: they are taken for no booleans.
    private static let numberBytesMax = 256
    /// Five characters of six bytes each: no longer string is a boolean.
    private static let stringBytesMax = 30

    /// Throws every fault of the body, in the order in which the earlier system lists them.
    init(_ body: UnsafeRawBufferPointer) throws(ValidationFailure) {
        guard !body.isEmpty else { throw ValidationFailure([.bodyMissing]) }
        var value: Range<Int>?
        var flag: Range<Int>?
        let document: Range<Int>
        do throws(JSONError) {
            document = try JSONMembers.document(body) { member in
                if member.name.equals("value") {
                    value = member.value
                } else if member.name.equals("wait_for_parent") {
                    flag = member.value
                }
            }
        } catch {
            throw ValidationFailure([.notJSON(error)])
        }
        guard JSONValue(body.slice(document)).kind == .object else {
            throw ValidationFailure([.notObject(document)])
        }
        var issues: [ValidationIssue] = []
        if value == nil { issues.append(.valueMissing(document)) }
        if let flag {
            switch Self.boolean(JSONValue(body.slice(flag))) {
            case .boolean(let waits): givenWaitForParent = waits
            case .notUnderstood: issues.append(.flagNotUnderstood(flag))
            case .wrongType: issues.append(.flagNotBoolean(flag))
            }
        }
        guard let value, issues.isEmpty else { throw ValidationFailure(issues) }
        self.value = value
    }

    // MARK: Booleans

    private enum Reading {
        case boolean(Bool), notUnderstood, wrongType
    }

    /// What pydantic 2 makes of a value for a `bool` field that isn't strict.
    private static func boolean(_ json: JSONValue) -> Reading {
        switch json.kind {
        case .boolean:
            return json.boolean.map(Reading.boolean) ?? .wrongType
        case .string:
            return string(json).map(Reading.boolean) ?? .notUnderstood
        case .number:
            return number(json)
        case .object, .array, .null:
            return .wrongType
        }
    }

    private static func string(_ json: JSONValue) -> Bool? {
        guard let string = json.string, string.content.count <= stringBytesMax else { return nil }
        return string.unescaped().withUnsafeBytes(QueryFlag.waitForParent)
    }

    /// 0 and 1, also as `0.0` or `10e-1`; other integers of 64 bits aren't understood, and anything
    /// else is of the wrong type.
    private static func number(_ json: JSONValue) -> Reading {
        guard json.bytes.count <= numberBytesMax else { return .wrongType }
        let isInteger = !json.bytes.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == 0x65 }
        switch isInteger ? json.integer : wholeNumber(json) {
        case 0: return .boolean(false)
        case 1: return .boolean(true)
        case nil: return .wrongType
        default: return .notUnderstood
        }
    }

    /// The integer that a number with a fraction or exponent equals once it is a Double.
    private static func wholeNumber(_ json: JSONValue) -> Int? {
        guard let number = json.wholeNumber else { return nil }
        // pydantic leaves out the least integer here, though not above.
        return number == .min ? nil : number
    }
}
