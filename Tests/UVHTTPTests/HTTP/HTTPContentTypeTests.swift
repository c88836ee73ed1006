import Testing

@testable import UVHTTP

@Suite struct HTTPContentTypeTests {
    /// Before a wall, as a parser's input: nothing behind the 16 bytes may be read.
    private func contentType(_ lines: String) -> (fast: String?, plain: String?) {
        let guarded = GuardedBytes()
        let text = Array((lines + "\r\n").utf8)
        let start = guarded.place(text, count: text.count)
        let fields = HTTPFields(UnsafeRawBufferPointer(start: start, count: text.count))
        return (fields.contentType?.text, fields.first("content-type")?.text)
    }

    @Test(arguments: [
        "", "A:\r\n", "Content-Type:\r\n", "Content-Type: text/plain\r\n",
        "content-type:\t text/plain; charset=utf-8 \t\r\n", "CONTENT-TYPE: a/b\r\n",
        "Host: a\r\nContent-Length: 5\r\nContent-Type: a/b\r\nX: y\r\n",
        "Content-Type: a/b\r\nContent-Type: c/d\r\n", "Content-Types: a/b\r\n",
        "Content-Typ: a/b\r\n", "XContent-Type: a/b\r\n", "X: Content-Type: a/b\r\n",
        "X: a\tb\t\tc\r\nY: \u{FC}\r\nContent-Type: \u{FC}/\tb\r\n",
        "Host: 127.0.0.1:5001\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nContent-Type: image/png\r\n",
    ]) func isTheFirstFieldOfThatName(lines: String) {
        let found = contentType(lines)
        #expect(found.fast == found.plain)
    }
}
