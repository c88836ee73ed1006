// modules: UVHTTP ZooKeeper CacheNode

import UVHTTP

@testable import CacheNode

/// The input is a path, or a key. A path leads to one route; its key is what a plain reading of
/// RFC 3986 makes of it, decoded once; and any key, escaped, comes back as it was.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKey(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    withSentinel(input, slackBytes: 0) { base in
        let bytes = UnsafeRawBufferPointer(start: base, count: count)
        checkRoute(bytes)
        checkDecoding(bytes)
        checkRoundTrip(bytes)
        checkQuery(bytes)
    }
    return 0
}

private func checkRoute(_ path: UnsafeRawBufferPointer) {
    let text = Array(path)
    switch Router.route(path) {
    case .kv(let key): precondition(text == Array("/kv/".utf8) + Array(key))
    case .store(let key): precondition(text == Array("/store/".utf8) + Array(key))
    case .parentOf(let name): precondition(text == Array("/nodes/parent/".utf8) + Array(name))
    default: precondition(!path.starts(with: "/kv/") && !path.starts(with: "/store/"))
    }
}

private enum Key: Equatable {
    case key([UInt8])
    case refused
}

private func checkDecoding(_ encoded: UnsafeRawBufferPointer) {
    precondition(decoded(encoded) == plainlyDecoded(Array(encoded)), "the readings differ")
}

private func decoded(_ encoded: UnsafeRawBufferPointer) -> Key {
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: encoded.count, alignment: 1)
    defer { scratch.deallocate() }
    switch RequestKey.decode(encoded, scratch: scratch) {
    case .key(let key): return .key(Array(key))
    case .refused: return .refused
    }
}

private func plainlyDecoded(_ encoded: [UInt8]) -> Key {
    var key: [UInt8] = []
    var index = 0
    while index < encoded.count {
        guard encoded[index] == UInt8(ascii: "%") else {
            key.append(encoded[index])
            index += 1
            continue
        }
        guard index + 2 < encoded.count,
            let high = Character(Unicode.Scalar(encoded[index + 1])).hexDigitValue,
            let low = Character(Unicode.Scalar(encoded[index + 2])).hexDigitValue
        else { return .refused }
        key.append(UInt8(high * 16 + low))
        index += 3
    }
    return 1...511 ~= key.count ? .key(key) : .refused
}

private func checkRoundTrip(_ key: UnsafeRawBufferPointer) {
    let encoded = PercentCoding.encode(Array(key))
    precondition(encoded.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != ASCII.slash })
    let expected = 1...511 ~= key.count ? Key.key(Array(key)) : .refused
    precondition(encoded.withUnsafeBytes { decoded($0) } == expected, "a key that changed")
}

private func checkQuery(_ query: UnsafeRawBufferPointer) {
    let query = HTTPQuery(query)
    if let value = query.value(of: "a") {
        precondition((query.decodedValue(of: "a")?.count ?? .max) <= value.count)
    }
    var count = 0
    query.forEach { _, _ in count += 1 }
}
