import ArgumentParser
import Foundation

/// A node as people name it: `NODE-7`, `node-7` or `7`.
struct NodeName: Equatable, Sendable, CustomStringConvertible {
    /// The deepest tree has 16 levels.
    static let numberMax = 65_535

    /// 1…`numberMax`; its place in the tree as a heap index, if the nodes were started in order.
    let number: Int

    init(number: Int) {
        precondition(number >= 1 && number <= Self.numberMax)
        self.number = number
    }

    /// Nil for anything but a number from 1 to `numberMax` without leading zeros, alone or behind
    /// `NODE-` in any case.
    init?(_ text: String) {
        let digits = text.uppercased().hasPrefix("NODE-") ? text.dropFirst(5) : text[...]
        guard digits.utf8.allSatisfy({ $0 &- 0x30 < 10 }), digits.first != "0",
            let number = Int(digits), number <= Self.numberMax
        else { return nil }
        self.number = number
    }

    var description: String { "NODE-\(number)" }
}

extension NodeName: ExpressibleByArgument {
    init?(argument: String) { self.init(argument) }

    /// The nodes of the cluster on this machine; without one, those of a tree of depth 3.
    static var defaultCompletionKind: CompletionKind {
        .custom { _, _, _ in
            let environment = ProcessInfo.processInfo.environment
            // A wrong KVCTL_BASE_PORT is for the command to complain about.
            let port = try? NodeDirectory.basePort(nil, environment)
            let directory = ClusterDirectory(
                path: ClusterDirectory.defaultPath(
                    basePort: port ?? NodeDirectory.defaultBasePort, environment: environment))
            let names = directory.records().map(\.node.description)
            return names.isEmpty ? (1...7).map { "NODE-\($0)" } : names
        }
    }
}
