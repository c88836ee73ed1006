/// Why bytes are not a JSON text (RFC 8259), and where.
struct JSONError: Error, Equatable {
    enum Reason: UInt8 {
        case expectedValue, expectedName, expectedColon, expectedComma, extraData
        case unterminatedString, controlCharacter, badEscape, badUnicodeEscape
        case loneSurrogate, notUTF8, tooDeep
    }

    /// Byte offset of what is wrong; of the opening quote for a string that doesn't end.
    var offset: Int
    var reason: Reason

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// The sentence that Python's `json` has for the same mistake, so that an answer reads as the
    /// earlier system's; the last three have none there. They need no escaping but `\`.
    var message: StaticString {
        switch reason {
        case .expectedValue: "Expecting value"
        case .expectedName: "Expecting property name enclosed in double quotes"
        case .expectedColon: "Expecting ':' delimiter"
        case .expectedComma: "Expecting ',' delimiter"
        case .extraData: "Extra data"
        case .unterminatedString: "Unterminated string starting at"
        case .controlCharacter: "Invalid control character at"
        case .badEscape: "Invalid \\escape"
        case .badUnicodeEscape: "Invalid \\uXXXX escape"
        case .loneSurrogate: "Surrogate without its other half"
        case .notUTF8: "Invalid UTF-8 in string"
        case .tooDeep: "More than 128 levels deep"
        }
    }
}
