import Foundation
import Testing

/// The kvctl that was built with the tests.
struct Program {
    struct Outcome: Equatable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The folder of the test program, in which SwiftPM puts the other programs too.
    static let folder: String = {
        // /proc is there on every Linux; without it nothing is found and the tests fail.
        let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: own ?? "/").deletingLastPathComponent().path
    }()

    static var path: String { "\(folder)/kvctl" }

    /// Runs kvctl to its end in an environment of nothing but `environment` and PATH.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) throws -> Outcome {
        let process = try start(arguments, environment: environment, input: input)
        let output = process.output.fileHandleForReading
        let errors = process.errors.fileHandleForReading
        let outputData = try output.readToEnd() ?? Data()
        let errorData = try errors.readToEnd() ?? Data()
        process.process.waitUntilExit()
        return Outcome(
            status: process.process.terminationStatus,
            output: String(decoding: outputData, as: UTF8.self),
            errors: String(decoding: errorData, as: UTF8.self))
    }

    /// Starts kvctl; its outputs are read by the caller.
    static func start(
        _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) throws -> (process: Process, output: Pipe, errors: Pipe) {
        let process = Process()
        let (output, errors, standardInput) = (Pipe(), Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        // A leak checker would find the loop, which kvctl leaves to the system when it ends: to
        // close it could mean to wait for a name look-up.
        process.environment = ["PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "detect_leaks=0"]
            .merging(environment) { $1 }
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = standardInput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        return (process, output, errors)
    }
}
