import CLibUV
import Glibc

/// What the operating system or libuv refused. Plain data: a simulated loop makes the same errors.
public struct UVError: Error, Equatable, Hashable, Sendable {
    /// A libuv code, always negative: on Unix the negated `errno`, or one of libuv's own
    /// (`UV_EOF`, `UV_EAI_…`).
    public let code: Int32

    public init(code: Int32) {
        self.code = code
    }

    public static let connectionRefused = UVError(code: UV_ECONNREFUSED.rawValue)
    public static let connectionReset = UVError(code: UV_ECONNRESET.rawValue)
    public static let timedOut = UVError(code: UV_ETIMEDOUT.rawValue)
    public static let addressInUse = UVError(code: UV_EADDRINUSE.rawValue)
    public static let addressNotAvailable = UVError(code: UV_EADDRNOTAVAIL.rawValue)
    public static let hostUnreachable = UVError(code: UV_EHOSTUNREACH.rawValue)
    public static let nameNotFound = UVError(code: UV_EAI_NONAME.rawValue)
    public static let endOfFile = UVError(code: UV_EOF.rawValue)
    public static let canceled = UVError(code: UV_ECANCELED.rawValue)
    public static let permissionDenied = UVError(code: UV_EACCES.rawValue)
    public static let tooManyFiles = UVError(code: UV_EMFILE.rawValue)

    /// A call that was refused like this may succeed a moment later.
    var isTemporary: Bool {
        code == UV_EAGAIN.rawValue || code == UV_EINTR.rawValue || code == UV_ENOBUFS.rawValue
    }

    /// The code's symbol: `ECONNREFUSED`.
    public var name: String {
        Self.text { uv_err_name_r(code, $0, $1) }
    }

    /// The code in words: `connection refused`.
    public var message: String {
        Self.text { uv_strerror_r(code, $0, $1) }
    }

    /// Throws when `code`, as a libuv function returned it, is negative.
    static func check(_ code: Int32) throws(UVError) {
        if code < 0 { throw UVError(code: code) }
    }

    /// Throws what `errno` says when `result`, as a system call returned it, is negative.
    static func checkSystemCall(_ result: Int32) throws(UVError) {
        if result < 0 { throw lastSystemError }
    }

    /// What `errno` says; to be read right after the call that failed.
    static var lastSystemError: UVError { UVError(code: uv_translate_sys_error(errno)) }

    /// libuv's texts by way of our memory: its other functions leak for a code it does not know.
    private static func text(
        _ fill: (UnsafeMutablePointer<CChar>, Int) -> UnsafeMutablePointer<CChar>?
    ) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            guard let start = buffer.baseAddress, let text = fill(start, buffer.count) else {
                return ""
            }
            return String(cString: text)
        }
    }
}

extension UVError: CustomStringConvertible {
    /// For people: `connection refused (ECONNREFUSED)`.
    public var description: String { "\(message) (\(name))" }
}
