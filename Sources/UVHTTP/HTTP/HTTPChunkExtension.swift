/// Where the extensions of a chunk stand, behind their first semicolon (RFC 9112 §7.1.1): names,
/// values that are tokens or quoted, white space around `;` and `=`. They mean nothing here, but
/// two parsers must not see their end in different places.
enum HTTPChunkExtension {
    /// Before a name, or within it.
    case name(isEmpty: Bool)
    /// White space behind a name, which `=` or `;` must follow.
    case nameSpace
    /// Before a value.
    case valueStart
    case value
    /// Within quotes; behind a backslash there.
    case quoted(isEscaped: Bool)
    case quoteEnd
    /// White space behind a value, which `;` must follow.
    case valueSpace

    /// Behind the semicolon.
    static var start: HTTPChunkExtension { .name(isEmpty: true) }

    /// Whether the line may end here.
    var mayEnd: Bool {
        switch self {
        case .name(let isEmpty): !isEmpty
        case .value, .quoteEnd: true
        case .nameSpace, .valueStart, .quoted, .valueSpace: false
        }
    }

    /// What follows `byte`, which isn't the line's end; nil when it can't be there.
    func next(_ byte: UInt8) -> HTTPChunkExtension? {
        switch self {
        case .quoted(let isEscaped): return Self.nextInQuotes(byte, isEscaped: isEscaped)
        case .name where HTTPByteClass.isToken(byte): return .name(isEmpty: false)
        case .valueStart where HTTPByteClass.isToken(byte),
            .value where HTTPByteClass.isToken(byte):
            return .value
        case .valueStart where byte == ASCII.quote: return .quoted(isEscaped: false)
        default: break
        }
        switch byte {
        case ASCII.space, ASCII.tab: return behindSpace
        case ASCII.semicolon: return endsMember ? .start : nil
        case ASCII.equals: return endsName ? .valueStart : nil
        default: return nil
        }
    }

    private var endsName: Bool {
        switch self {
        case .name(let isEmpty): !isEmpty
        case .nameSpace: true
        default: false
        }
    }

    private var endsMember: Bool {
        switch self {
        case .value, .quoteEnd, .valueSpace: true
        default: endsName
        }
    }

    private var behindSpace: HTTPChunkExtension? {
        switch self {
        case .name(let isEmpty): isEmpty ? .start : .nameSpace
        case .nameSpace, .valueStart, .valueSpace: self
        case .value, .quoteEnd: .valueSpace
        case .quoted: nil
        }
    }

    /// RFC 9110 §5.6.4.
    private static func nextInQuotes(_ byte: UInt8, isEscaped: Bool) -> HTTPChunkExtension? {
        guard HTTPByteClass.isFieldValue(byte) else { return nil }
        if isEscaped { return .quoted(isEscaped: false) }
        return byte == ASCII.quote ? .quoteEnd : .quoted(isEscaped: byte == ASCII.backslash)
    }
}
