import Glibc

/// What this process takes of the machine.
enum ProcessUse {
    /// Seconds for which it had a processor.
    static var cpuSeconds: Double {
        let usage = usage
        return [usage.ru_utime, usage.ru_stime].reduce(0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
        }
    }

    /// Bytes of memory that it has at most had (`ru_maxrss` counts KiB).
    static var residentBytesMax: Int { usage.ru_maxrss * 1024 }

    private static var usage: rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }
}
