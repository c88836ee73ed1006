import Glibc

// A reader that went away shows as a failed write.
signal(SIGPIPE, SIG_IGN)

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.contains("--help") {
    Console.say(SimulateOptions.help)
    exit(0)
}
switch SimulateOptions.parse(arguments) {
case .failure(let problem):
    Console.complain("simulate: \(problem.description)\n\n\(SimulateOptions.help)")
    exit(2)
case .success(let options):
    exit(options.run())
}
