import Glibc

// A reader that went away shows as a failed write.
signal(SIGPIPE, SIG_IGN)

switch SimulateOptions.parse(Array(CommandLine.arguments.dropFirst())) {
case .failure(let problem):
    Console.complain("simulate: \(problem.description)\n\n\(SimulateOptions.help)")
    exit(2)
case .success(let options):
    exit(options.run())
}
