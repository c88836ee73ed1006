import Glibc

/// Whole lines to the standard streams, at once: what came before a crash must be readable.
enum Console {
    static func say(_ line: String) { put(line, 1) }

    static func complain(_ line: String) { put(line, 2) }

    private static func put(_ line: String, _ descriptor: Int32) {
        var line = line + "\n"
        line.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while rest.count > 0 {
                let count = write(descriptor, rest.baseAddress, rest.count)
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// Seconds of a clock that only goes forward.
    static var seconds: Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}
