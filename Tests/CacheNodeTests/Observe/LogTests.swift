import Testing

@testable import CacheNode

@Suite struct LogTests {
    static let hostile = [
        "a\nb", "a\r\nb", "a\u{2028}b\u{2029}c", "a\u{85}b", "\u{1B}[2J\u{1B}[1;31m", "a\0b",
        "\u{202E}gpj.exe", "\u{200B}", "a\u{7F}", "\"", "\\", "\\n", "a=b c=d", "=", "", " ",
        "\u{E0041}", "\u{FEFF}x", "é", "日本", "👩‍👩‍👧",
        "x\n2026-11-21T04:00:00.123Z info  NODE-1 all is well",
    ]

    @Test func aTextLineIsMadeOfTimeLevelNodeMessageAndFields() {
        let pipe = LoggedPipe()
        pipe.log.info("registered", ["slot": .int(4), "parent": .string("NODE-2")])
        pipe.log.debug("a")
        pipe.log.warning("b", ["ok": .bool(false)])
        pipe.log.error("two words", ["why": .string("no route"), "left": .int(-1)])
        #expect(
            pipe.lines() == [
                "2026-11-21T04:00:00.123Z info  NODE-4 registered slot=4 parent=NODE-2",
                "2026-11-21T04:00:00.123Z debug NODE-4 a",
                "2026-11-21T04:00:00.123Z warning NODE-4 b ok=false",
                #"2026-11-21T04:00:00.123Z error NODE-4 two words why="no route" left=-1"#,
            ])
    }

    @Test func aJSONLineIsOneObjectWithItsFieldsInOrder() {
        let pipe = LoggedPipe(format: .json)
        pipe.log.info("registered", ["slot": .int(4), "parent": .string("NODE-2")])
        pipe.log.error("x", ["ok": .bool(true)])
        #expect(
            pipe.lines() == [
                #"{"time":"2026-11-21T04:00:00.123Z","level":"info","node":"NODE-4","#
                    + #""message":"registered","slot":4,"parent":"NODE-2"}"#,
                #"{"time":"2026-11-21T04:00:00.123Z","level":"error","node":"NODE-4","#
                    + #""message":"x","ok":true}"#,
            ])
    }

    @Test(arguments: [
        ("NODE-2", "NODE-2"), ("a b", #""a b""#), ("", #""""#), ("a=b", #""a=b""#),
        ("a\"b", #""a\"b""#), ("a\\b", #""a\\b""#), ("a\tb", #""a\tb""#),
        ("a\u{A0}b", "\"a\u{A0}b\""),
        ("a\u{0}b", #""a\u0000b""#), ("é", "é"), ("a\u{85}b", #""a\u0085b""#),
        ("\u{E0041}", #""\udb40\udc41""#), ("a\r\nb", #""a\r\nb""#),
    ])
    func valuesAreQuotedAndEscapedWhereTheyMustBe(_ row: (String, String)) {
        let pipe = LoggedPipe()
        pipe.log.info("m", ["v": .string(row.0)])
        #expect(pipe.lines() == ["2026-11-21T04:00:00.123Z info  NODE-4 m v=\(row.1)"])
    }

    @Test(arguments: hostile)
    func noTextBeginsALineOfItsOwn(_ text: String) throws {
        for format in LogFormat.allCases {
            let pipe = LoggedPipe(format: format, node: text)
            pipe.log.info(text, ["v": .string(text)])
            let written = String(decoding: pipe.read(), as: UTF8.self)
            #expect(written.hasSuffix("\n"))
            for scalar in written.dropLast().unicodeScalars {
                let category = scalar.properties.generalCategory
                let isHarmless =
                    ![.control, .format, .lineSeparator, .paragraphSeparator].contains(category)
                #expect(isHarmless)
            }
            guard format == .json else { continue }
            let object = try LoggedPipe.jsonObject(written)
            #expect(object["message"] as? String == text)
            #expect(object["node"] as? String == text)
            #expect(object["v"] as? String == text)
        }
    }

    @Test func aLevelThatIsOffEvaluatesNothing() {
        let pipe = LoggedPipe(level: .warning)
        var evaluations = 0
        func count() -> Int {
            evaluations += 1
            return evaluations
        }
        pipe.log.debug("\(count())", ["n": .int(count())])
        pipe.log.info("\(count())", ["n": .int(count())])
        #expect(evaluations == 0)
        pipe.log.warning("w", ["n": .int(count())])
        pipe.log.error("e", ["n": .int(count())])
        #expect(pipe.lines().count == 2)
        #expect(evaluations == 2)
    }

    @Test(arguments: LogFormat.allCases)
    func longLinesAreCutToOnePipeWrite(_ format: LogFormat) throws {
        for (length, letter) in [
            (4000, "x"), (4090, "é"), (5000, "\n"), (9000, "🌲"), (100_000, "\""),
        ] {
            let long = String(repeating: letter, count: length)
            let pipe = LoggedPipe(format: format)
            pipe.log.info("long", ["a": .int(1), "v": .string(long), "w": .string(long)])
            pipe.log.info(long, ["v": .int(2)])
            let bytes = pipe.read()
            let lines = bytes.split(separator: UInt8(ascii: "\n"))
            #expect(lines.count == 2)
            for line in lines {
                #expect(line.count < 4096)
                #expect(line.count > 3900)
                let text = try #require(String(validating: line, as: UTF8.self))
                if format == .json {
                    #expect(try LoggedPipe.jsonObject(text)["cut"] as? Bool == true)
                } else {
                    #expect(text.hasSuffix(" cut=true"))
                }
            }
        }
    }

    @Test func aLineOfEveryLengthIsWholeOrSaysThatItWasCut() throws {
        let pipe = LoggedPipe(format: .json)
        for length in stride(from: 3900, through: 4200, by: 1) {
            pipe.log.info("m", ["v": .string(String(repeating: "x", count: length)), "n": .int(7)])
            let bytes = pipe.read()
            #expect(bytes.count <= LogSink.lineBytesMax)
            let object = try LoggedPipe.jsonObject(String(decoding: bytes, as: UTF8.self))
            let isWhole = (object["v"] as? String)?.count == length && object["n"] as? Int == 7
            #expect(isWhole == (object["cut"] == nil))
        }
    }

    @Test func anOverlongNodeNameStillGivesAValidLine() throws {
        let pipe = LoggedPipe(format: .json, node: String(repeating: "n", count: 5000))
        pipe.log.info(String(repeating: "m", count: 5000), ["v": .int(1)])
        let bytes = pipe.read()
        #expect(bytes.count <= LogSink.lineBytesMax)
        #expect(
            try LoggedPipe.jsonObject(String(decoding: bytes, as: UTF8.self))["cut"] as? Bool
                == true)
    }
}
