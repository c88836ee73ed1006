import Testing

@testable import kvctl

@Suite struct PrintableTests {
    @Test(arguments: [
        ("plain é 🌳", "plain é 🌳"),
        ("a\u{1B}[31mred", #"a\x1b[31mred"#),
        ("two\nlines\r\tand\0more", #"two\nlines\r\tand\x00more"#),
        ("crlf\r\nis one Character", #"crlf\r\nis one Character"#),
        ("\u{9B}2J\u{7F}", #"\x9b2J\x7f"#),
        ("\u{202E}gpj.exe", #"\u202egpj.exe"#),
    ])
    func showsWhatATerminalWouldObey(_ text: String, _ expected: String) {
        #expect(Printable.text(text) == expected)
    }

    @Test func secondsHaveNoPointWhenTheyNeedNone() {
        #expect(Printable.seconds(10) == "10 s")
        #expect(Printable.seconds(0.5) == "0.5 s")
    }

    @Test func colouredOnATerminalOnlyAndNeverAgainstTheUsersWish() {
        #expect(Style(isTerminal: true, environment: [:]).colours)
        #expect(Style(isTerminal: true, environment: ["NO_COLOR": ""]).colours)
        #expect(!Style(isTerminal: true, environment: ["NO_COLOR": "1"]).colours)
        #expect(!Style(isTerminal: true, environment: ["TERM": "dumb"]).colours)
        #expect(!Style(isTerminal: false, environment: [:]).colours)
        #expect(Style.plain.paint("x", .red) == "x")
        #expect(Style(colours: true).paint("x", .red) == "\u{1B}[31mx\u{1B}[0m")
    }
}
