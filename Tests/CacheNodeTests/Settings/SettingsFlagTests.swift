import Testing
import UVHTTP

@testable import CacheNode

@Suite struct SettingsFlagTests {
    @Test func anEmptyCommandLineStartsARootOnLoopback() throws {
        let result = try parsedSettings()
        #expect(
            result.settings
                == Settings(
                    name: "NODE-1", layout: .named, listen: Endpoint(host: "127.0.0.1", port: 5000),
                    advertise: Endpoint(host: "127.0.0.1", port: 5000), root: nil, depth: 3,
                    policy: CoherencePolicy(), memoryBytes: 536_870_912, maxBodyBytes: 1_048_576,
                    upwardQueueMax: 65_536,
                    logLevel: .info, logFormat: .text, startupDelaySeconds: 0, legacy: .none,
                    zookeeper: nil))
        #expect(result.settings.isRoot)
        #expect(result.warnings.isEmpty)
    }

    @Test func readsAChildWithEveryFlagThatItsRootDoesNotDecide() throws {
        let result = try parsedSettings([
            "--name", "node-4", "--listen=127.0.0.1:5004", "--advertise", "10.0.1.70:5004",
            "--root", "10.0.1.67:5001", "--depth", "4", "--memory", "64MiB",
            "--max-body", "2MiB", "--upward-queue", "7", "--log-level", "debug", "--log-format",
            "json", "--startup-delay", "3", "--zookeeper", "10.0.1.66:2181,zoo2/canopy",
        ])
        #expect(
            result.settings
                == Settings(
                    name: "NODE-4", layout: .named, listen: Endpoint(host: "127.0.0.1", port: 5004),
                    advertise: Endpoint(host: "10.0.1.70", port: 5004),
                    root: Endpoint(host: "10.0.1.67", port: 5001), depth: 4,
                    policy: CoherencePolicy(), memoryBytes: 64 << 20, maxBodyBytes: 2 << 20,
                    upwardQueueMax: 7, logLevel: .debug, logFormat: .json,
                    startupDelaySeconds: 3, legacy: .none,
                    zookeeper: "10.0.1.66:2181,zoo2/canopy"))
        #expect(!result.settings.isRoot)
        #expect(result.warnings.isEmpty)
    }

    @Test func theTableOfRightValuesCoversEveryFlag() {
        #expect(Set(Self.right.map(\.0)) == Set(SettingsFlag.table.map(\.name)))
        #expect(Set(Self.wrong.map(\.0)) == Set(SettingsFlag.table.map(\.name)))
    }

    @Test(arguments: right)
    func takesEveryRightValueInBothFormsAndFromTheEnvironment(_ row: (String, String)) throws {
        let (flag, value) = row
        let spaced = try parsedSettings(["--name", "n", "--" + flag, value])
        let joined = try parsedSettings(["--name", "n", "--\(flag)=\(value)"])
        let variable = "CANOPY_" + flag.uppercased().replacing("-", with: "_")
        let fromEnvironment = try parsedSettings(
            flag == "name" ? [] : ["--name", "n"], [variable: value])
        #expect(spaced.settings == joined.settings)
        #expect(spaced.settings == fromEnvironment.settings)
    }

    static let right: [(String, String)] = [
        ("name", "a"), ("name", String(repeating: "x", count: 64)), ("name", "edge_7.eu-west"),
        ("name", "4"), ("listen", "0.0.0.0:0"), ("listen", "[::1]:65535"),
        ("token-file", "/etc/canopy/a b"), ("cluster-token-file", "nodes"),
        ("listen", "localhost"), ("listen", "[fe80::1%eth0]:5000"), ("advertise", "node-4:1"),
        ("advertise", "10.0.1.70"), ("root", "NODE-1:5000"), ("root", "NODE-1"), ("depth", "1"),
        ("depth", "16"), ("coherence", "none"), ("coherence", "PUSH"), ("coherence", "ttl"),
        ("coherence", "sync"),
        ("ttl", "10ms"), ("ttl", "30d"), ("ttl", "60"), ("sync-interval", "1S"),
        ("sync-interval", "1h"), ("max-staleness", "100ms"), ("max-staleness", "24h"),
        ("stale-if-error", "0"), ("stale-if-error", "0ms"), ("stale-if-error", "2592000"),
        ("memory", "8MiB"), ("memory", "8388608"),
        ("memory", "1024gib"), ("memory", "1073741824b"), ("max-body", "1KiB"),
        ("max-body", "511MiB"), ("upward-queue", "1"), ("upward-queue", "16777216"),
        ("log-level", "debug"), ("log-level", "info"), ("log-level", "WARNING"),
        ("log-level", "error"), ("log-format", "text"), ("log-format", "json"),
        ("startup-delay", "0"), ("startup-delay", "3600"), ("zookeeper", "zoo"),
        ("role", "root"), ("role", "ROOT"), ("zookeeper-timeout", "1s"),
        ("zookeeper-timeout", "10m"),
        ("zookeeper", "10.0.1.66:2181,[::1]:2182/a/b"),
    ]

    @Test(arguments: wrong)
    func saysWhatIsAllowedForEveryWrongValue(_ row: (String, String, String)) {
        let (flag, value, allowed) = row
        let shown = EscapedText.quotedIfNeeded(value)
        #expect(settingsProblem(["--" + flag, value]) == "--\(flag) \(shown): \(allowed)")
        guard !value.isEmpty else { return }
        let variable = "CANOPY_" + flag.uppercased().replacing("-", with: "_")
        #expect(settingsProblem([], [variable: value]) == "\(variable)=\(shown): \(allowed)")
    }

    private static let aPath = "must be the path of a file"
    private static let aName =
        "must be 1 to 64 letters, digits, '.', '_' and '-', or a number i for NODE-i"
    private static let anEndpoint = "(10.0.1.67:5000, NODE-1:5000, [::1]:5000)"
    private static let fromZero = "must be HOST:PORT, the port from 0 to 65535 " + anEndpoint
    private static let fromOne = "must be HOST:PORT, the port from 1 to 65535 " + anEndpoint
    private static let aDepth = "must be a whole number from 1 to 16"
    private static let aMemory =
        "must be from 8MiB to 1024GiB, in bytes or with KiB, MiB or GiB (64MiB)"
    private static let aBody =
        "must be from 1KiB to 1GiB, in bytes or with KiB, MiB or GiB (64MiB)"
    private static let aQueue = "must be a whole number from 1 to 16777216"
    private static let aDelay = "must be a whole number from 0 to 3600"
    private static let servers = "must be HOST:PORT,HOST:PORT… and an optional /path"

    private static let aTimeout = "must be from 1s to 10m" + units
    private static let aMode = "must be push, ttl, sync or none"
    private static let units = ", in seconds or with ms, s, m, h or d (250ms, 10s, 5m)"
    private static let aTTL = "must be from 10ms to 30d" + units
    private static let anInterval = "must be from 10ms to 1h" + units
    private static let aStaleness = "must be from 100ms to 1d" + units
    private static let anErrorSpan = "must be from 0s to 30d" + units

    static let wrong: [(String, String, String)] = [
        ("name", "", aName), ("name", "a b", aName), ("name", "a/b", aName), ("name", "é", aName),
        ("name", ".", aName), ("name", "..", aName),
        ("token-file", "", aPath), ("cluster-token-file", "a\nb", aPath),
        ("name", String(repeating: "x", count: 65), aName),
        ("listen", "", fromZero), ("listen", "127.0.0.1:65536", fromZero),
        ("listen", "127.0.0.1:-1", fromZero), ("listen", "127.0.0.1:", fromZero),
        ("listen", ":5000", fromZero), ("listen", "256.1.1.1:5000", fromZero),
        ("listen", "10.0.1:5000", fromZero), ("listen", "::1", fromZero),
        ("listen", "[::g]:5000", fromZero), ("listen", "a b:5000", fromZero),
        ("listen", "a,b:5000", fromZero), ("advertise", "x:y", fromZero),
        ("root", "10.0.1.67:0", fromOne), ("root", "http://10.0.1.67:5000", fromOne),
        ("depth", "17", aDepth), ("depth", "0", aDepth), ("depth", "-1", aDepth),
        ("depth", "3.0", aDepth), ("depth", "three", aDepth), ("depth", "", aDepth),
        ("depth", "٣", aDepth), ("depth", "99999999999999999999", aDepth),
        ("coherence", "pull", aMode), ("coherence", "", aMode),
        ("ttl", "9ms", aTTL), ("ttl", "31d", aTTL), ("ttl", "1.5s", aTTL), ("ttl", "ms", aTTL),
        ("ttl", "", aTTL), ("ttl", "10 s", aTTL), ("ttl", "10sec", aTTL), ("ttl", "-1s", aTTL),
        ("ttl", "10us", aTTL), ("ttl", "999999999999999999d", aTTL), ("ttl", "٣s", aTTL),
        ("sync-interval", "9ms", anInterval), ("sync-interval", "61m", anInterval),
        ("max-staleness", "99ms", aStaleness), ("max-staleness", "0", aStaleness),
        ("max-staleness", "25h", aStaleness), ("stale-if-error", "2592001", anErrorSpan),
        ("stale-if-error", "never", anErrorSpan),
        ("memory", "7MiB", aMemory), ("memory", "1025GiB", aMemory), ("memory", "1.5GiB", aMemory),
        ("memory", "512MB", aMemory), ("memory", "512 MiB", aMemory), ("memory", "MiB", aMemory),
        ("memory", "999999999999999999GiB", aMemory), ("memory", "-8MiB", aMemory),
        ("max-body", "1023", aBody), ("max-body", "1025MiB", aBody), ("max-body", "x", aBody),
        ("upward-queue", "0", aQueue), ("upward-queue", "16777217", aQueue),
        ("log-level", "verbose", "must be debug, info, warning or error"),
        ("log-format", "xml", "must be text or json"),
        ("role", "leaf", "must be root or child"), ("role", "", "must be root or child"),
        ("zookeeper-timeout", "999ms", aTimeout), ("zookeeper-timeout", "11m", aTimeout),
        ("startup-delay", "3601", aDelay), ("startup-delay", "1.5", aDelay),
        ("zookeeper", "", servers), ("zookeeper", "a,,b", servers), ("zookeeper", "a:0", servers),
        ("zookeeper", "a b", servers), ("zookeeper", "a/", servers), ("zookeeper", "/a", servers),
    ]

    @Test func theLastOfARepeatedFlagCounts() throws {
        #expect(try parsedSettings(["--depth", "4", "--depth=5"]).settings.depth == 5)
    }

    @Test func aValueMayHoldAnEqualsSignAndTheFlagIsCutAtTheFirst() {
        #expect(settingsProblem(["--name=a=b"]).hasPrefix(#"--name "a=b": must be"#))
    }

    @Test(arguments: [["--depth"], ["--depth", "--name", "x"], ["--name", "x", "--depth"]])
    func aFlagWithoutItsValueIsNamed(_ arguments: [String]) {
        #expect(settingsProblem(arguments) == "--depth: needs a value, LEVELS")
    }

    @Test func anUnknownFlagSuggestsTheNearest() {
        let list = "--help lists the flags"
        #expect(
            settingsProblem(["--dept", "3"])
                == "--dept: unknown flag; did you mean --depth? \(list)")
        #expect(
            settingsProblem(["-depth"]) == "-depth: unknown flag; did you mean --depth? \(list)")
        #expect(
            settingsProblem(["--max_body=1"])
                == "--max_body: unknown flag; did you mean --max-body? \(list)")
        #expect(settingsProblem(["--frobnicate"]) == "--frobnicate: unknown flag; \(list)")
        #expect(settingsProblem(["--"]) == "--: unknown flag; \(list)")
        #expect(settingsProblem(["-"]) == "-: unknown flag; \(list)")
    }

    @Test func aStrayWordIsRefused() {
        let line = "must be a flag and its value; --help lists the flags"
        #expect(settingsProblem(["serve"]) == "serve: \(line)")
        #expect(settingsProblem([""]) == "\"\": \(line)")
    }

    @Test func aWrongValueStaysOnOneLine() {
        let line = settingsProblem(["--depth", "1\ncachenode: all is well\u{1B}[2J\u{202E}"])
        #expect(
            line == #"--depth "1\ncachenode: all is well\u001b[2J\u202e": \#(Self.aDepth)"#)
        let long = settingsProblem(["--depth", String(repeating: "9", count: 10_000)])
        #expect(long.utf8.count < 400)
    }

    @Test func aBodyMustFitInMemoryAndTheMessageNamesItsSource() {
        let allowed = "must be less than --memory, which is 8MiB"
        #expect(
            settingsProblem(["--memory", "8MiB", "--max-body", "8MiB"])
                == "--max-body 8MiB: \(allowed)")
        #expect(
            settingsProblem(["--memory", "8MiB"], ["CANOPY_MAX_BODY": "9MiB"])
                == "CANOPY_MAX_BODY=9MiB: \(allowed)")
    }
}
