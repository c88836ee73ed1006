import Glibc
import UVHTTP

/// Writes records of Jute (see `JuteReader`), one after the other, into memory that it keeps.
struct JuteWriter: ~Copyable {
    private var bytes = ByteQueue()

    var count: Int { bytes.count }

    /// What was written; borrowed until the next mutation.
    var written: UnsafeRawBufferPointer { bytes.readable }

    /// Begins anew; memory above `keepingBytes` is given back.
    mutating func removeAll(keepingBytes: Int = 65_536) {
        bytes.removeAll(keepingBytes: keepingBytes)
    }

    mutating func int32(_ value: Int32) {
        bytes.reserve(4).storeBytes(of: value.bigEndian, as: Int32.self)
        bytes.commit(4)
    }

    mutating func int64(_ value: Int64) {
        bytes.reserve(8).storeBytes(of: value.bigEndian, as: Int64.self)
        bytes.commit(8)
    }

    mutating func bool(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    mutating func buffer(_ value: [UInt8]) {
        length(value.count)
        bytes.append(value)
    }

    mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { text in
            length(text.count)
            bytes.append(UnsafeRawBufferPointer(text))
        }
    }

    mutating func acl(_ rules: [ACL]) {
        length(rules.count)
        for rule in rules {
            int32(rule.permissions.rawValue)
            string(rule.scheme)
            string(rule.id)
        }
    }

    /// A length or a count; one that doesn't fit makes a request far beyond every limit.
    mutating func length(_ count: Int) {
        int32(Int32(truncatingIfNeeded: count))
    }
}
