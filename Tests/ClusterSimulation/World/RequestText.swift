import Glibc

/// Requests and answers of a client, as bytes.
enum RequestText {
    static func get(_ key: Int, _ wish: ReadRecord.Wish) -> [UInt8] {
        var fields = ""
        if wish != .any { fields = "Cache-Control: \(wish.rawValue)\r\n" }
        return Array("GET /kv/k\(key) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n".utf8)
    }

    static func put(_ write: WriteRecord, value: [UInt8]) -> [UInt8] {
        let head =
            "PUT /kv/k\(write.key)\(query(write)) HTTP/1.1\r\nHost: x\r\nContent-Type: x/y\r\n"
            + "\(condition(write.condition))Content-Length: \(value.count)\r\n\r\n"
        return Array(head.utf8) + value
    }

    static func delete(_ write: WriteRecord) -> [UInt8] {
        Array(
            ("DELETE /kv/k\(write.key)\(query(write)) HTTP/1.1\r\nHost: x\r\n"
                + "\(condition(write.condition))\r\n").utf8)
    }

    /// `wait_propagate` where it says the same, so that both ways of asking are tried.
    private static func query(_ write: WriteRecord) -> String {
        switch write.ack {
        case .local: write.number % 2 == 0 ? "?wait_propagate=0" : "?ack=local"
        case .parent: write.number % 2 == 0 ? "" : "?ack=parent"
        case .root: "?ack=root"
        }
    }

    private static func condition(_ condition: Condition) -> String {
        switch condition {
        case .none: ""
        case .exists: "If-Match: *\r\n"
        case .isAbsent: "If-None-Match: *\r\n"
        case .matches(let version): "If-Match: \"\(version)\"\r\n"
        }
    }
}

/// The values of a run: each begins with its write's number and key, and is as long as these say.
struct Values {
    let bytesMax: Int

    func value(of number: Int, key: Int) -> [UInt8] {
        var value = Array("w\(number).k\(key);".utf8)
        let length = count(of: number)
        if value.count < length {
            value += repeatElement(UInt8(97 + number % 26), count: length - value.count)
        }
        return value
    }

    /// What a value read from a key says.
    func content(of value: ArraySlice<UInt8>, key: Int) -> Content {
        if let number = number(in: value), isEqual(value, self.value(of: number, key: key)) {
            return .write(number)
        }
        return .alien(String(decoding: value.prefix(40), as: UTF8.self))
    }

    private func isEqual(_ value: ArraySlice<UInt8>, _ expected: [UInt8]) -> Bool {
        value.count == expected.count
            && value.withUnsafeBytes { value in
                expected.withUnsafeBytes { expected in
                    guard let one = value.baseAddress, let other = expected.baseAddress else {
                        return true
                    }
                    return memcmp(one, other, value.count) == 0
                }
            }
    }

    private func number(in value: ArraySlice<UInt8>) -> Int? {
        guard value.first == UInt8(ascii: "w"), let dot = value.firstIndex(of: UInt8(ascii: "."))
        else { return nil }
        return Int(String(decoding: value[(value.startIndex + 1)..<dot], as: UTF8.self))
    }

    /// Some are short, some long.
    private func count(of number: Int) -> Int {
        bytesMax * (1 + number &* 7 % 5) / 5
    }
}
