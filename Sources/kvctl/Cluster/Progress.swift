/// What is going on, on standard error: one line that changes on a terminal, a line per step
/// elsewhere.
final class Progress {
    private let isTerminal: Bool
    private let write: (String) -> Void
    private var isLineOpen = false

    init(
        isTerminal: Bool = StandardError.isTerminal,
        write: @escaping (String) -> Void = StandardError.write
    ) {
        self.isTerminal = isTerminal
        self.write = write
    }

    /// Something is under way: shown on a terminal until the next call.
    func show(_ text: String) {
        guard isTerminal else { return }
        write("\r\u{1B}[K\(text)")
        isLineOpen = true
    }

    /// A step is done: kept where there is no terminal, part of the moving line where there is one.
    func step(_ text: String) {
        if isTerminal { show(text) } else { write("\(text)\n") }
    }

    /// Takes the moving line away, before anything else is written.
    func finish() {
        if isLineOpen { write("\r\u{1B}[K") }
        isLineOpen = false
    }
}
