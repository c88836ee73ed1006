import Testing

@testable import kvctl

@Suite struct ValueTypingTests {
    private func json(_ text: String) -> String {
        String(decoding: ValueTyping.json(Array(text.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        "0", "-0", "7", "-5", "2.0", "0.5", "1e3", "-1.5E-7", "1e+3", "true", "false",
        "123456789012345678901234567890",
    ])
    func numbersAndBooleansAreSentAsTheyAreWritten(_ text: String) {
        #expect(json(text) == text)
    }

    @Test(arguments: [
        "", "01", "+1", "NaN", "Infinity", ".5", "5.", "0x1", "1_000", "1e", "--1", "null", "True",
        " 1", "1 ", "hello", "[1]", #"{"a":1}"#, "-", "１",
    ])
    func anythingElseIsAString(_ text: String) {
        #expect(json(text) == String(decoding: JSONText.quoted(text.utf8), as: UTF8.self))
        #expect(json(text).hasPrefix("\""))
    }
}
