import Simulation
import Testing
import UVHTTP

@testable import CacheNode

@Suite struct SettingsTests {
    @Test func flagsWinOverVariablesAndThoseOverDefaults() throws {
        let environment = ["CANOPY_DEPTH": "5", "CANOPY_LOG_LEVEL": "error"]
        let settings = try parsedSettings(["--depth", "6"], environment).settings
        #expect(settings.depth == 6)
        #expect(settings.logLevel == .error)
        #expect(settings.logFormat == .text)
    }

    @Test func aVariableThatAFlagOverridesIsNotRead() throws {
        #expect(try parsedSettings(["--depth", "6"], ["CANOPY_DEPTH": "many"]).settings.depth == 6)
    }

    @Test func aVariableSetToNothingIsNotSet() throws {
        let empty = Dictionary(uniqueKeysWithValues: SettingsFlag.table.map { ($0.variable, "") })
        let earlier = ["MY_ID": "", "ROOT_ID": "", "node_name": "", "ZOO_SERVERS": ""]
        let both = empty.merging(earlier) { first, _ in first }
        #expect(try parsedSettings([], both).settings == parsedSettings().settings)
    }

    @Test func anUnknownVariableOfOursIsAWarning() throws {
        let environment = ["CANOPY_DEPHT": "4", "CANOPY_SERVICE_HOST": "x", "PATH": "/bin"]
        #expect(
            try parsedSettings([], environment).warnings == [
                "CANOPY_DEPHT is not a setting; did you mean CANOPY_DEPTH?",
                "CANOPY_SERVICE_HOST is not a setting",
            ])
    }

    @Test func namesAreKeptInCapitalsAndNumbersAreShort() throws {
        #expect(try parsedSettings(["--name", "edge-a"]).settings.name == "EDGE-A")
        let number = try parsedSettings(["--name", "12"]).settings
        #expect(number.name == "NODE-12")
        #expect(number.layout == .numbered)
        #expect(try parsedSettings(["--name", "NODE-12"]).settings.layout == .named)
    }

    @Test func aNodeBelowARootNeedsAName() {
        #expect(
            settingsProblem(["--root", "10.0.1.67:5000"])
                == "--name: must be given together with --root (--name NODE-4)")
    }

    @Test(arguments: [
        ["--root", "127.0.0.1:5001"],
        ["--root", "10.0.1.67:5001", "--advertise", "10.0.1.67:5001"],
        ["--root", "127.0.0.1:5001", "--advertise", "10.0.1.67:5001"],
    ])
    func aRootMayBeGivenItsOwnAddress(_ arguments: [String]) throws {
        let name = ["--name", "NODE-1", "--listen", "127.0.0.1:5001"]
        #expect(try parsedSettings(name + arguments).settings.isRoot)
    }

    @Test(arguments: [
        ("0.0.0.0:5004", "NODE-4:5004"), ("[::]:5004", "NODE-4:5004"),
        ("[0::0]:0", "NODE-4:0"), ("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:7", "[::1]:7"),
    ])
    func advertisesWhereItListensOrItsNameWhenThatIsEverywhere(_ row: (String, String)) throws {
        let result = try parsedSettings(["--name", "NODE-4", "--listen", row.0])
        #expect(result.settings.advertise.description == row.1)
        let warning =
            "--advertise is not given: other nodes will look for this one at \(row.1)"
        #expect(result.warnings == (row.1.hasPrefix("NODE-4") ? [warning] : []))
    }

    @Test func anAdvertisedAddressLeavesNothingToWarnOf() throws {
        let result = try parsedSettings([
            "--listen", "0.0.0.0:5000", "--advertise", "10.0.1.67:5000",
        ])
        #expect(result.settings.advertise == Endpoint("10.0.1.67:5000"))
        #expect(result.warnings.isEmpty)
    }

    @Test(arguments: [["--help"], ["-h"], ["--depth", "99", "--help"], ["--version", "-h"]])
    func helpWinsOverEverything(_ arguments: [String]) throws {
        let outcome = Settings.parse(arguments: arguments, environment: ["CANOPY_DEPTH": "x"])
        guard case .help(let text) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        for flag in SettingsFlag.table {
            #expect(text.contains("\n  --\(flag.name) \(flag.placeholder)\n"))
            #expect(text.contains("[\(flag.variable)]"))
        }
        for part in ["usage: cachenode", "--help, -h", "--version", "examples:", "exit codes:"] {
            #expect(text.contains(part))
        }
        for variable in ["MY_ID", "ROOT_IP", "ZOO_SERVERS", "node_address", "n_nodes"] {
            #expect(text.contains(variable))
        }
        for level in LogLevel.allCases { #expect(text.contains(level.rawValue)) }
        for line in text.split(separator: "\n") { #expect(line.count <= 80) }
        #expect(text.hasSuffix("\n"))
    }

    @Test func theHelpStatesTheDefaultsThatHold() throws {
        let settings = try parsedSettings().settings
        let defaults = Dictionary(
            uniqueKeysWithValues: SettingsFlag.table.map { ($0.name, $0.defaultText) })
        #expect(defaults["listen"] == settings.listen.description)
        #expect(defaults["depth"] == "\(settings.depth)")
        #expect(defaults["memory"] == "512MiB")
        #expect(defaults["max-body"] == "1MiB")
        #expect(defaults["upward-queue"] == "\(settings.upwardQueueMax)")
        #expect(defaults["startup-delay"] == "\(settings.startupDelaySeconds)")
        #expect(defaults["log-level"] == settings.logLevel.rawValue)
    }

    @Test func theVersionIsOneLine() {
        let outcome = Settings.parse(arguments: ["--version"], environment: [:])
        #expect(outcome == .version("cachenode 0.1.0\n"))
    }

    @Test func theProcessEnvironmentIsRead() {
        #expect(Settings.processEnvironment()["PATH"]?.isEmpty == false)
    }

    @Test func noArgumentsCrashTheParser() {
        var random = SimRandom(seed: 7)
        let pieces =
            SettingsFlag.table.map { "--" + $0.name } + [
                "", "-", "--", "=", "--depth=", "--=x", "\0", "é", "1", "[::]:1", "[", "a:b:c",
                "MiB", "🌲", String(repeating: "9", count: 300), "--\u{1B}", "/", ",", "%",
            ]
        for _ in 0..<3000 {
            let arguments = (0..<random.below(5)).map { _ in
                let joined = pieces[random.below(pieces.count)]
                return random.below(2) == 0
                    ? joined : joined + "=" + pieces[random.below(pieces.count)]
            }
            if case .invalid(let line) = Settings.parse(arguments: arguments, environment: [:]) {
                #expect(!line.utf8.contains { $0 < 0x20 || $0 == 0x7F })
            }
        }
    }

    @Test(arguments: [
        ("depth", "depth", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3),
        ("dpeth", "depth", 2),
    ])
    func editsAreCounted(_ row: (String, String, Int)) {
        #expect(NearestWord.edits(row.0, row.1) == row.2)
    }
}
