// modules: UVHTTP ZooKeeper CacheNode

import UVHTTP

@testable import CacheNode

/// The input is lines: those before an empty one are arguments, those behind it variables. What is
/// wrong with them is told in one printable line; what is right is a whole and starts nothing that
/// can't be.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSettings(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    let lines = String(decoding: input, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let arguments = Array(lines.prefix { !$0.isEmpty })
    var environment: [String: String] = [:]
    for line in lines.dropFirst(arguments.count + 1) {
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { environment[String(parts[0])] = String(parts[1]) }
    }
    check(Settings.parse(arguments: arguments, environment: environment))
    return 0
}

private func check(_ outcome: SettingsOutcome) {
    switch outcome {
    case .help, .version: break
    case .invalid(let line): checkLine(line)
    case .run(let settings, let warnings):
        for warning in warnings { checkLine(warning) }
        check(settings)
    }
}

private func checkLine(_ line: String) {
    precondition(!line.isEmpty)
    precondition(line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a line with a control")
}

private func check(_ settings: Settings) {
    precondition(NodeName.canonical(settings.name) == settings.name)
    precondition(1...Tree.depthMax ~= settings.depth)
    precondition(settings.maxBodyBytes < settings.memoryBytes)
    precondition(settings.upwardQueueMax > 0)
    precondition(!settings.isRoot || settings.root == nil)
    precondition(Endpoint(settings.listen.description) == settings.listen, "\(settings.listen)")
    precondition(
        Endpoint(settings.advertise.description) == settings.advertise, "\(settings.advertise)")
    if settings.policy.mode == .sync {
        precondition(
            settings.policy.maxStalenessMilliseconds >= 2 * settings.policy.syncIntervalMilliseconds
        )
    }
}
