import ArgumentParser

/// What the process's exit status means; scripts rely on these numbers.
enum CommandStatus: Int32 {
    case ok = 0
    case failure = 1
    case usage = 2
    case notFound = 3
    case conditionNotMet = 4
    case unreachable = 5

    /// The exit status that stands for an HTTP status.
    init(httpStatus: Int) {
        switch httpStatus {
        // 304 is what `--if-none-match` hopes for.
        case 200..<300, 304: self = .ok
        case 404: self = .notFound
        case 412: self = .conditionNotMet
        default: self = .failure
        }
    }

    /// Ends the command with this status and no message; `ok` does nothing.
    func throwUnlessOK() throws {
        if self != .ok { throw ExitCode(rawValue) }
    }
}

/// Why a command can't go on, in words for the person who typed it.
struct Failure: Error, Equatable {
    var status: CommandStatus
    /// What is wrong: one sentence, perhaps with lines of evidence below it.
    var message: String
    /// What to do next; empty when there is nothing to say.
    var advice: String

    init(_ status: CommandStatus, _ message: String, advice: String = "") {
        self.status = status
        self.message = message
        self.advice = advice
    }

    /// As it stands on standard error.
    var text: String {
        advice.isEmpty ? "kvctl: \(message)" : "kvctl: \(message)\n\(advice)"
    }
}
