/// What is wrong with a record that came from a server.
enum JuteError: Error, Hashable {
    /// It ends before all that it should have.
    case truncated
    /// A field has a value that the protocol doesn't have.
    case invalid(String)

    var description: String {
        switch self {
        case .truncated: "a record that ends too early"
        case .invalid(let what): what
        }
    }
}

/// Reads a record of Jute, ZooKeeper's encoding: numbers big-endian, everything of variable length
/// behind its length as an `int`, and -1 for none.
///
/// The bytes are borrowed. No length is believed before it has been compared with what is there.
struct JuteReader {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

    var remainingBytes: Int { rest.count }

    mutating func int32() throws(JuteError) -> Int32 {
        Int32(bigEndian: try take(4).loadUnaligned(as: Int32.self))
    }

    mutating func int64() throws(JuteError) -> Int64 {
        Int64(bigEndian: try take(8).loadUnaligned(as: Int64.self))
    }

    mutating func bool() throws(JuteError) -> Bool {
        try take(1)[0] != 0
    }

    /// None reads as empty, as does every negative length: the reference client takes it so.
    mutating func buffer() throws(JuteError) -> [UInt8] {
        [UInt8](try lengthAndBytes())
    }

    /// Invalid UTF-8 is repaired; no server sends any in a path.
    mutating func string() throws(JuteError) -> String {
        String(decoding: try lengthAndBytes(), as: UTF8.self)
    }

    mutating func strings() throws(JuteError) -> [String] {
        let count = try elementCount(bytesEach: 4)
        var strings: [String] = []
        strings.reserveCapacity(count)
        for _ in 0..<count { strings.append(try string()) }
        return strings
    }

    mutating func stat() throws(JuteError) -> Stat {
        Stat(
            createdZxid: try int64(), modifiedZxid: try int64(),
            createdMilliseconds: try int64(), modifiedMilliseconds: try int64(),
            version: try int32(), childrenVersion: try int32(), aclVersion: try int32(),
            ephemeralOwner: try int64(), dataLength: try int32(), childCount: try int32(),
            childrenModifiedZxid: try int64())
    }

    mutating func acl() throws(JuteError) -> [ACL] {
        let count = try elementCount(bytesEach: 12)
        var rules: [ACL] = []
        rules.reserveCapacity(count)
        for _ in 0..<count {
            let permissions = Permissions(rawValue: try int32())
            rules.append(ACL(permissions, scheme: try string(), id: try string()))
        }
        return rules
    }

    /// The count in front of a vector whose elements have at least `bytesEach` bytes.
    private mutating func elementCount(bytesEach: Int) throws(JuteError) -> Int {
        let count = max(0, Int(try int32()))
        guard count <= rest.count / bytesEach else { throw .truncated }
        return count
    }

    private mutating func lengthAndBytes() throws(JuteError) -> UnsafeRawBufferPointer {
        try take(max(0, Int(try int32())))
    }

    private mutating func take(_ count: Int) throws(JuteError) -> UnsafeRawBufferPointer {
        guard count <= rest.count else { throw .truncated }
        let taken = UnsafeRawBufferPointer(rebasing: rest[..<count])
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        return taken
    }
}
