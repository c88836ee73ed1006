import CacheNode
import Glibc
import UVHTTP

/// Exit statuses: 0 stopped as asked, 1 could not start, 2 a setting is wrong.
func run() -> Int32 {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch Settings.parse(arguments: arguments, environment: Settings.processEnvironment()) {
    case .help(let text), .version(let text):
        print(text, terminator: "")
        return 0
    case .invalid(let line):
        complain(line)
        return 2
    case .run(let settings, let warnings):
        return run(settings, warnings)
    }
}

func run(_ settings: Settings, _ warnings: [String]) -> Int32 {
    let log = Log(level: settings.logLevel, format: settings.logFormat, node: settings.name)
    for warning in warnings { log.warning(warning) }
    stopAtOnceOnSignals()
    if settings.startupDelaySeconds > 0 { sleep(UInt32(settings.startupDelaySeconds)) }
    let access: Access
    do {
        access = try Access(settings: settings, log: log)
    } catch {
        complain("cachenode: \(error)")
        return 2
    }
    do {
        let loop = try UVLoop()
        var generator = SystemRandomNumberGenerator()
        let node = try Node(
            settings: settings, loop: loop, log: log, access: access,
            descriptorsMax: raiseDescriptorLimit(), seed: (generator.next(), generator.next()))
        var failure: StartError?
        node.start {
            failure = $0
            loop.stop()
        }
        for signal in [SIGTERM, SIGINT] {
            loop.onSignal(signal) { node.stop { loop.stop() } }
        }
        if access.guardsNodes { loop.onSignal(SIGHUP) { node.reloadTokens() } }
        loop.run()
        if let failure {
            complain("cachenode: \(failure)")
            return 1
        }
        return 0
    } catch {
        complain("cachenode: \(error)")
        return 1
    }
}

/// Until the loop takes signals, the first of them ends the process. To process 1 of a container
/// the kernel delivers only signals that have a handler.
func stopAtOnceOnSignals() {
    for number in [SIGTERM, SIGINT] { signal(number) { _ in _exit(0) } }
}

/// Lifts the limit on open files to what the system allows; returns it.
func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return Int(clamping: limit.rlim_cur)
}

func complain(_ line: String) {
    var line = line + "\n"
    line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
}

exit(run())
