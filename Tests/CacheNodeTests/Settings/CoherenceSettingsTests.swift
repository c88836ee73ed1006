import Testing

@testable import CacheNode

@Suite struct CoherenceSettingsTests {
    private func policy(_ arguments: String...) throws -> CoherencePolicy {
        try parsedSettings(arguments).settings.policy
    }

    @Test func theDefaultIsPushWithinTenSeconds() throws {
        let policy = try policy()
        #expect(policy.mode == .push)
        #expect(policy.maxStalenessMilliseconds == 10_000)
        #expect(policy.staleIfErrorMilliseconds == 3_600_000)
    }

    @Test func everyPartHasItsFlag() throws {
        let policy = try policy(
            "--coherence", "ttl", "--ttl", "1m", "--sync-interval", "250ms", "--max-staleness",
            "2h", "--stale-if-error", "7")
        var expected = CoherencePolicy()
        expected.mode = .ttl
        expected.ttlMilliseconds = 60_000
        expected.syncIntervalMilliseconds = 250
        expected.maxStalenessMilliseconds = 7_200_000
        expected.staleIfErrorMilliseconds = 7_000
        #expect(policy == expected)
    }

    @Test(arguments: [
        ("250ms", UInt32(250)), ("1", 1_000), ("10S", 10_000), ("5m", 300_000), ("1H", 3_600_000),
        ("7d", 604_800_000), ("007s", 7_000),
    ]) func durationsHaveUnits(text: String, milliseconds: UInt32) throws {
        #expect(try policy("--ttl", text).ttlMilliseconds == milliseconds)
    }

    @Test(arguments: [
        (0, "0s"), (1, "1ms"), (999, "999ms"), (1_000, "1s"), (1_500, "1500ms"), (60_000, "1m"),
        (90_000, "90s"), (3_600_000, "1h"), (86_400_000, "1d"), (2_592_000_000, "30d"),
    ]) func durationsAreWrittenInTheLargestWholeUnit(milliseconds: Int, text: String) throws {
        #expect(SettingValue.durationText(milliseconds) == text)
    }

    @Test func inModeSyncTheLimitLeavesRoomForTwoRounds() throws {
        let sync = ["--coherence", "sync", "--sync-interval", "20s"]
        let derived = try parsedSettings(sync).settings.policy
        #expect(derived.maxStalenessMilliseconds == 40_000)
        let given = try parsedSettings(sync + ["--max-staleness", "40s"]).settings.policy
        #expect(given.maxStalenessMilliseconds == 40_000)
        let allowed = "must be at least twice --sync-interval in mode sync, which is 40s"
        #expect(
            settingsProblem(sync + ["--max-staleness", "39s"])
                == "--max-staleness 39s: \(allowed)")
        #expect(
            settingsProblem(sync, ["CANOPY_MAX_STALENESS": "39s"])
                == "CANOPY_MAX_STALENESS=39s: \(allowed)")
    }

    @Test func inOtherModesTheIntervalDoesNotCount() throws {
        let policy = try policy("--sync-interval", "1h", "--max-staleness", "1s")
        #expect(policy.maxStalenessMilliseconds == 1_000)
    }

    @Test func aChildIsToldThatItsRootDecides() throws {
        let child = ["--name", "NODE-2", "--root", "10.0.1.67:5000"]
        let result = try parsedSettings(
            child + ["--coherence", "ttl", "--ttl", "5s"], ["CANOPY_STALE_IF_ERROR": "1h"])
        #expect(
            result.warnings == [
                "--coherence ttl has no effect here: the root decides",
                "--ttl 5s has no effect here: the root decides",
                "CANOPY_STALE_IF_ERROR=1h has no effect here: the root decides",
            ])
        #expect(try parsedSettings(child).warnings.isEmpty)
    }

    @Test(arguments: [
        (CoherenceMode.push, ["ttl", "sync-interval"]), (.sync, ["ttl"]),
        (.ttl, ["sync-interval", "max-staleness"]),
        (.none, ["ttl", "sync-interval", "max-staleness", "stale-if-error"]),
    ]) func aFlagThatTheModeDoesNotUseIsAWarning(mode: CoherenceMode, idle: [String]) throws {
        let all = ["ttl", "sync-interval", "max-staleness", "stale-if-error"]
        let arguments = ["--coherence", mode.rawValue] + all.flatMap { ["--" + $0, "20s"] }
        let given = mode == .sync ? arguments + ["--max-staleness", "40s"] : arguments
        let warnings = try parsedSettings(given).warnings
        #expect(
            warnings == idle.map { "--\($0) 20s has no effect with --coherence \(mode.rawValue)" })
    }
}
