/// What a VALUE typed on a command line is in JSON.
enum ValueTyping {
    /// A number (by RFC 8259's grammar, digits kept) or boolean as itself, anything else as a
    /// string: `01`, `+1`, `NaN`, `.5`, `0x1`, `null`, ` 1` and the empty text among them.
    static func json(_ text: [UInt8]) -> [UInt8] {
        if JSONText.isNumber(text) || text == Array("true".utf8) || text == Array("false".utf8) {
            return text
        }
        return JSONText.quoted(text)
    }
}
