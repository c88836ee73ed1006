import Foundation

/// Starting a node as a process of its own, which outlives kvctl.
enum NodeProcess {
    /// `POSIX_SPAWN_SETSID` of Linux's spawn.h, which Swift's import leaves out.
    private static let newSession: Int32 = 0x80

    /// Starts `executable` in a session of its own: standard input empty, both outputs to a new log
    /// file, no other open file of ours, no signal blocked or ignored. Gives its pid.
    static func spawn(
        _ executable: String, arguments: [String], environment: [String: String], logPath: String
    ) throws -> Int32 {
        keepOpenFilesToOurselves()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let logFlags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, logPath, logFlags, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = newSession | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid = pid_t()
        let code = withCStrings([executable] + arguments) { argv in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { envp in
                posix_spawn(&pid, executable, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else {
            throw Failure(
                .failure, "cannot start \(executable): \(String(cString: strerror(code)))",
                advice: "Its output would go to \(logPath).")
        }
        return pid
    }

    /// How a child of ours ended, or nil while it runs: `exited with status 1`.
    static func ending(of pid: Int32) -> String? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        let signal = status & 0x7F
        return signal == 0
            ? "exited with status \((status >> 8) & 0xFF)"
            : "was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
    }

    /// The path of the running program; nil where /proc doesn't tell.
    static var ownPath: String? {
        // Without it only PATH is searched.
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    /// Whatever kvctl was started with open (a lock, the pipe of a script that waits for its end)
    /// must not stay open for as long as the nodes live.
    private static func keepOpenFilesToOurselves() {
        // Without /proc the nodes inherit what kvctl inherited, as most programs would.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}
