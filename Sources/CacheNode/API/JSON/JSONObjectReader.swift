import UVHTTP

/// Why a small JSON document isn't what is asked for; `description` is a sentence for the person
/// who sent it.
enum JSONReadError: Error, Equatable, CustomStringConvertible {
    case notJSON(JSONError)
    case notObject
    /// A member that must be there isn't.
    case missing(member: String, allowed: String)
    /// A member has another type or value than the ones allowed.
    case notAllowed(member: String, allowed: String)

    var description: String {
        switch self {
        case .notJSON(let error): "not JSON: \(error.message), at byte \(error.offset)"
        case .notObject: "not a JSON object"
        case .missing(let member, let allowed): "\"\(member)\" is missing: it must be \(allowed)"
        case .notAllowed(let member, let allowed): "\"\(member)\" must be \(allowed)"
        }
    }
}

/// Reads the members of a small JSON object by name: registrations and their answers. Each look-up
/// scans the object again. Borrowed: it holds while the bytes do.
///
/// Of a repeated member the last counts, and unknown ones are ignored, as in `StoreRequestBody`.
/// `optional…` gives nil for a member that is absent or null.
struct JSONObjectReader {
    /// The object's own bytes, known to be valid.
    private let bytes: UnsafeRawBufferPointer

    /// `document`: a whole JSON text.
    init(_ document: UnsafeRawBufferPointer) throws(JSONReadError) {
        do throws(JSONError) {
            bytes = document.slice(try JSONScanner.document(document))
        } catch {
            throw .notJSON(error)
        }
        guard JSONValue(bytes).kind == .object else { throw .notObject }
    }

    /// nil when `value` isn't an object.
    init?(_ value: JSONValue) {
        guard value.kind == .object else { return nil }
        bytes = value.bytes
    }

    // MARK: Any value

    /// The last member of this name; nil when there is none.
    func value(_ name: StaticString) -> JSONValue? {
        var members = JSONMembers(JSONScanner(bytes))
        var found: Range<Int>?
        // The object was scanned by `init`, so the walk ends at its end and not with an error.
        while let member = try? members.next() {
            if member.name.equals(name) { found = member.value }
        }
        return found.map { JSONValue(bytes.slice($0)) }
    }

    // MARK: By type

    /// A string; `allowed` says what it must be, for the error's text.
    func string(
        _ name: StaticString, allowed: String = "a string"
    ) throws(JSONReadError) -> String {
        try required(try optionalString(name, allowed: allowed), name, allowed)
    }

    func optionalString(
        _ name: StaticString, allowed: String = "a string"
    ) throws(JSONReadError) -> String? {
        try optional(name, allowed) { $0.string?.text }
    }

    func integer(_ name: StaticString, in range: ClosedRange<Int>) throws(JSONReadError) -> Int {
        try required(try optionalInteger(name, in: range), name, Self.text(range))
    }

    func optionalInteger(
        _ name: StaticString, in range: ClosedRange<Int>
    ) throws(JSONReadError) -> Int? {
        try optional(name, Self.text(range)) { value in
            value.wholeNumber.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func boolean(_ name: StaticString) throws(JSONReadError) -> Bool {
        try required(try optional(name, "true or false", \.boolean), name, "true or false")
    }

    func object(_ name: StaticString) throws(JSONReadError) -> JSONObjectReader {
        try required(try optionalObject(name), name, "an object")
    }

    func optionalObject(_ name: StaticString) throws(JSONReadError) -> JSONObjectReader? {
        try optional(name, "an object", JSONObjectReader.init)
    }

    /// An array's elements.
    func array(_ name: StaticString) throws(JSONReadError) -> [JSONValue] {
        try required(try optional(name, "an array", \.elements), name, "an array")
    }

    // MARK: Helpers

    private static func text(_ range: ClosedRange<Int>) -> String {
        "an integer from \(range.lowerBound) to \(range.upperBound)"
    }

    private func optional<Result>(
        _ name: StaticString, _ allowed: String, _ read: (JSONValue) -> Result?
    ) throws(JSONReadError) -> Result? {
        guard let value = value(name), value.kind != .null else { return nil }
        guard let result = read(value) else {
            throw .notAllowed(member: name.description, allowed: allowed)
        }
        return result
    }

    private func required<Result>(
        _ result: Result?, _ name: StaticString, _ allowed: String
    ) throws(JSONReadError) -> Result {
        guard let result else { throw .missing(member: name.description, allowed: allowed) }
        return result
    }
}
