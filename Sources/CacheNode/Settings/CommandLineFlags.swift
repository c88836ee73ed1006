/// The grammar of the command line: `--flag value` or `--flag=value`; of a flag given twice the
/// last value counts.
enum CommandLineFlags {
    /// Values by the names of their flags, all of which are in the table.
    static func collect(_ arguments: [String]) throws(SettingsError) -> [String: String] {
        var values: [String: String] = [:]
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            let parts = argument.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let flag = try self.flag(argument, named: String(parts[0]))
            if parts.count == 2 {
                values[flag.name] = String(parts[1])
            } else if index < arguments.count, !arguments[index].hasPrefix("--") {
                values[flag.name] = arguments[index]
                index += 1
            } else {
                throw SettingsError("--\(flag.name): needs a value, \(flag.placeholder)")
            }
        }
        return values
    }

    private static func flag(
        _ argument: String, named word: String
    ) throws(SettingsError) -> SettingsFlag {
        if let flag = SettingsFlag.table.first(where: { "--" + $0.name == word }) { return flag }
        guard word.hasPrefix("-") else {
            throw SettingsError(
                "\(EscapedText.quotedIfNeeded(argument)): must be a flag and its value;"
                    + " --help lists the flags")
        }
        let known = SettingsFlag.table.map { "--" + $0.name } + ["--help", "--version"]
        let hint = NearestWord.find(word, among: known).map { "did you mean \($0)? " } ?? ""
        throw SettingsError(
            "\(EscapedText.quotedIfNeeded(word)): unknown flag; \(hint)--help lists the flags")
    }
}
