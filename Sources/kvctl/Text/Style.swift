import Foundation

/// Colours, or none.
struct Style: Sendable {
    enum Look: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    static let plain = Style(colours: false)

    let colours: Bool

    init(colours: Bool) { self.colours = colours }

    /// Colours on a terminal that can show them, never with `NO_COLOR` (https://no-color.org).
    init(isTerminal: Bool, environment: [String: String]) {
        let refused = !(environment["NO_COLOR"] ?? "").isEmpty
        colours = isTerminal && !refused && environment["TERM"] != "dumb"
    }

    static var ofStandardOutput: Style {
        Style(
            isTerminal: StandardOutput.isTerminal,
            environment: ProcessInfo.processInfo.environment)
    }

    func paint(_ text: String, _ look: Look) -> String {
        colours && !text.isEmpty ? "\u{1B}[\(look.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// A node's state: good ones green, bad ones red, those between yellow.
    func paint(state: String) -> String {
        switch state {
        case "live", "ready": paint(state, .green)
        case "gone", "exited": paint(state, .red)
        default: paint(state, .yellow)
        }
    }
}
