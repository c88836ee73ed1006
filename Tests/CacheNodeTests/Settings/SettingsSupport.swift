import Testing
import UVHTTP

@testable import CacheNode

struct Parsed {
    let settings: Settings
    let warnings: [String]
}

/// Parses what must be valid.
func parsedSettings(
    _ arguments: [String] = [], _ environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> Parsed {
    let outcome = Settings.parse(arguments: arguments, environment: environment)
    guard case .run(let settings, let warnings) = outcome else {
        Issue.record("\(outcome)", sourceLocation: sourceLocation)
        throw SettingsError("not valid")
    }
    return Parsed(settings: settings, warnings: warnings)
}

/// The line for what must be wrong, without the program's name.
func settingsProblem(
    _ arguments: [String] = [], _ environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
) -> String {
    let outcome = Settings.parse(arguments: arguments, environment: environment)
    guard case .invalid(let line) = outcome, line.hasPrefix("cachenode: ") else {
        Issue.record("\(outcome)", sourceLocation: sourceLocation)
        return ""
    }
    return String(line.dropFirst("cachenode: ".count))
}
