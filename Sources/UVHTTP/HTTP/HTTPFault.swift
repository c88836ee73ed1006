/// Why a head parser stopped before the end of a head.
///
/// Inside the parsers a scan gives one number: an offset (0 or more), or a stop (negative), which
/// is a fault and the offset of the byte that decided it. Each fault depends on no byte behind that
/// one; so however a message is split, the same byte gives the same refusal.
enum HTTPFault: UInt8 {
    case incomplete = 1
    case lineEnd, emptyLines
    case method, methodTooLong
    case target, targetForm, targetTooLong, authority
    case version, versionUnsupported, statusLine
    case fieldName, fieldFolded, fieldValue, headTooLong, fieldsTooMany
    case hostMissing, hostRepeated, hostInvalid
    case lengthInvalid, lengthRepeated, lengthTooLarge, lengthAndCoding
    case codingInvalid, codingUnsupported, codingInOldVersion
    case connectionInvalid, expectation, bodyAnnounced

    /// The stop that says this fault was decided by the byte at `offset`.
    func stop(at offset: Int) -> Int { -(offset << 8 | Int(rawValue)) }

    /// The stop for input that ended or went wrong at `offset`: incomplete where the input ends.
    func stop(at offset: Int, unlessAfter count: Int) -> Int {
        (offset < count ? self : .incomplete).stop(at: offset)
    }

    /// What a parser says about a head that ended in `stop`. Past the limit of a head's length no
    /// other fault counts, whatever more was read at once.
    @inline(never)
    static func outcome(ofStop stop: Int, headBytesMax: Int) -> HTTPParseOutcome {
        guard let fault = HTTPFault(rawValue: UInt8(truncatingIfNeeded: -stop)) else {
            preconditionFailure("a stop without a fault")
        }
        if -stop >> 8 >= headBytesMax { return .refused(HTTPFault.headTooLong.refusal) }
        return fault == .incomplete ? .incomplete : .refused(fault.refusal)
    }

    var refusal: HTTPRefusal {
        switch self {
        case .incomplete: HTTPRefusal(400, "The message ended too early.")
        case .lineEnd: HTTPRefusal(400, "A line must end in CR LF.")
        case .emptyLines: HTTPRefusal(400, "Too many empty lines before the request.")
        case .method: HTTPRefusal(400, "The method must be a token, followed by one space.")
        case .methodTooLong: HTTPRefusal(501, "The method is longer than any known one.")
        case .target: HTTPRefusal(400, "The request target has a character that must be escaped.")
        case .targetForm: HTTPRefusal(400, "The request target has the wrong form for its method.")
        case .targetTooLong: HTTPRefusal(414, "The request target is too long.")
        case .authority: HTTPRefusal(400, "The host or port in the request target is not valid.")
        case .version: HTTPRefusal(400, "The protocol version must be HTTP/1.0 or HTTP/1.1.")
        case .versionUnsupported: HTTPRefusal(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here.")
        case .statusLine: HTTPRefusal(400, "The status line is not valid.")
        case .fieldName: HTTPRefusal(400, "A field name must be a token directly before a colon.")
        case .fieldFolded: HTTPRefusal(400, "A field must not be folded over several lines.")
        case .fieldValue: HTTPRefusal(400, "A field value has a control character.")
        case .headTooLong: HTTPRefusal(431, "The head of the message is too long.")
        case .fieldsTooMany: HTTPRefusal(431, "The message has too many fields.")
        case .hostMissing: HTTPRefusal(400, "HTTP/1.1 needs a Host field.")
        case .hostRepeated: HTTPRefusal(400, "The Host field must not be repeated.")
        case .hostInvalid: HTTPRefusal(400, "The Host field is not valid.")
        case .lengthInvalid: HTTPRefusal(400, "Content-Length must be a decimal number.")
        case .lengthRepeated: HTTPRefusal(400, "Content-Length must not be repeated.")
        case .lengthTooLarge: HTTPRefusal(413, "The body is too large.")
        case .lengthAndCoding:
            HTTPRefusal(400, "Content-Length and Transfer-Encoding exclude each other.")
        case .codingInvalid:
            HTTPRefusal(400, "Transfer-Encoding must be a list of tokens that ends in chunked.")
        case .codingUnsupported: HTTPRefusal(501, "Only the transfer coding chunked is supported.")
        case .codingInOldVersion: HTTPRefusal(400, "Transfer-Encoding needs HTTP/1.1.")
        case .connectionInvalid: HTTPRefusal(400, "Connection must be a list of tokens.")
        case .bodyAnnounced: HTTPRefusal(400, "An answer of this status can't have a body.")
        case .expectation: HTTPRefusal(417, "The only expectation that can be met is 100-continue.")
        }
    }
}
