/// Where a value came from; as text it is what a person has to change.
enum SettingSource: Sendable {
    case flag(String, String)
    case variable(String, String)

    /// `--depth 17` or `CANOPY_DEPTH=17`; the value escaped, so that it stays on its line.
    var text: String {
        switch self {
        case .flag(let name, let value): "--\(name) \(EscapedText.quotedIfNeeded(value))"
        case .variable(let name, let value): "\(name)=\(EscapedText.quotedIfNeeded(value))"
        }
    }
}

/// What is wrong with a value: a phrase that says what is allowed and begins with "must".
struct SettingProblem: Error, Equatable {
    let allowed: String

    init(_ allowed: String) { self.allowed = allowed }
}

/// The one line that a person gets for wrong settings.
struct SettingsError: Error, Equatable {
    let line: String

    init(_ line: String) { self.line = line }

    init(source: SettingSource, problem: SettingProblem) {
        line = "\(source.text): \(problem.allowed)"
    }
}
