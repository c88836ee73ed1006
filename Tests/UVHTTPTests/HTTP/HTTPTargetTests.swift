import Simulation
import Testing

@testable import UVHTTP

@Suite struct HTTPTargetTests {
    private func decode(_ text: [UInt8]) -> [UInt8]? {
        var result: [UInt8]? = []
        let room = UnsafeMutableRawPointer.allocate(byteCount: text.count + 1, alignment: 1)
        defer { room.deallocate() }
        room.storeBytes(of: 0xEE, toByteOffset: text.count, as: UInt8.self)
        text.withUnsafeBytes { bytes in
            result = PercentCoding.decode(bytes, into: room).map { count in
                Array(UnsafeRawBufferPointer(start: room, count: count))
            }
        }
        let sentinel = room.load(fromByteOffset: text.count, as: UInt8.self)
        #expect(sentinel == 0xEE, "more was written than there was")
        return result
    }

    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("a%20b", "a b"), ("%2F", "/"), ("%2f%2F", "//"), ("a+b", "a+b"),
        ("%252F", "%2F"), ("0123456789abcdef%41", "0123456789abcdefA"),
        ("%41bcdefghijklmnop", "Abcdefghijklmnop"), ("%C3%A9", "\u{E9}"), ("%00", "\0"),
    ])
    func decodesOnce(text: String, expected: String) {
        #expect(decode(Array(text.utf8)) == Array(expected.utf8))
    }

    @Test(arguments: [
        "%", "%4", "a%", "%zz", "%4g", "%g4", "%%41", "%4%", "0123456%", "01234567%4",
    ])
    func refusesBrokenEscapes(text: String) {
        #expect(decode(Array(text.utf8)) == nil)
    }

    @Test func everyByteComesBack() {
        let all = Array(UInt8.min...UInt8.max)
        let encoded = PercentCoding.encode(all)
        #expect(decode(encoded) == all)
        for byte in all { #expect(decode(PercentCoding.encode([byte])) == [byte]) }
    }

    @Test func leavesUnreservedBytesAlone() {
        let unreserved = "ABCXYZabcxyz0189-._~"
        #expect(PercentCoding.encode(Array(unreserved.utf8)) == Array(unreserved.utf8))
        let reserved = "/?#[]@!$&'()*+,;=% \u{E9}\0"
        let expected = "%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25%20%C3%A9%00"
        #expect(PercentCoding.encode(Array(reserved.utf8)) == Array(expected.utf8))
    }

    @Test func randomBytesComeBack() {
        var generator = SimRandom(seed: 11)
        for _ in 0..<500 {
            let count = Int.random(in: 0...60, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(decode(PercentCoding.encode(bytes)) == bytes)
        }
    }

    private func value(of name: StaticString, in query: String) -> String? {
        Array(query.utf8).withUnsafeBytes { HTTPQuery($0).value(of: name)?.text }
    }

    @Test func findsAParameter() {
        #expect(value(of: "a", in: "a=1") == "1")
        #expect(value(of: "b", in: "a=1&b=2&b=3") == "2")
        #expect(value(of: "a", in: "aa=1&a=2=3") == "2=3")
        #expect(value(of: "a", in: "x&a") == "")
        #expect(value(of: "a", in: "a=&b") == "")
        #expect(value(of: "a", in: "b=a") == nil)
        #expect(value(of: "a", in: "") == nil)
        #expect(value(of: "a", in: "A=1") == nil)
        #expect(value(of: "a", in: "&&a=%20+&") == "%20+")
        #expect(value(of: "a", in: "ab=1") == nil)
    }

    @Test func goesThroughAllParametersInOrder() {
        var pairs: [String] = []
        Array("&a=1&b&&=c&d=".utf8).withUnsafeBytes { bytes in
            HTTPQuery(bytes).forEach { name, value in pairs.append("\(name.text):\(value.text)") }
        }
        #expect(pairs == ["a:1", "b:", ":c", "d:"])
    }

    @Test func statusesHaveTheirReasons() {
        let codes = [
            100, 101, 200, 201, 202, 204, 301, 304, 400, 401, 403, 404, 405, 408, 409, 411, 412,
            413, 414, 415, 417, 421, 422, 426, 429, 431, 500, 501, 502, 503, 504, 505, 507,
        ]
        for code in codes { #expect(HTTPStatus(code).reason.utf8CodeUnitCount > 0, "\(code)") }
        #expect(HTTPStatus(299).reason.utf8CodeUnitCount == 0)
        #expect(HTTPStatus.ok == HTTPStatus(200))
        #expect(HTTPStatus.notFound.reason.description == "Not Found")
    }
}
