/// One answer as a client sees it.
struct Answer: Equatable {
    var status = 0
    /// Names in lower case.
    var fields: [String: String] = [:]
    var body = ""
    /// Its body has no other end than the connection's.
    var endsWithConnection = false
}

/// Reads answers out of bytes, slowly and strictly, and independently of what is tested.
struct AnswerReader {
    private var rest: ArraySlice<UInt8> = []
    private var consumed = 0
    private var methods: ArraySlice<String>
    private(set) var answers: [Answer] = []
    /// Why what is left is no answer; nil while it may become one.
    private(set) var fault: String?

    /// `methods` are those of the requests, in order; those missing are GET.
    init(methods: [String] = []) { self.methods = methods[...] }

    /// Reads on in `bytes`, which is everything that has come so far.
    mutating func read(_ bytes: [UInt8]) {
        rest = bytes[consumed...]
        while fault == nil, let answer = next(method: methods.first ?? "GET") {
            answers.append(answer)
            if answer.status >= 200 { methods = methods.dropFirst() }
        }
        consumed = rest.startIndex
    }

    /// The answers that are final.
    var finalCount: Int { answers.reduce(0) { $0 + ($1.status >= 200 ? 1 : 0) } }

    /// What is left behind the last whole answer.
    var leftover: String { String(decoding: rest, as: UTF8.self) }

    private mutating func next(method: String) -> Answer? {
        guard let headEnd = Self.find("\r\n\r\n", in: rest) else { return nil }
        let lines = Self.lines(rest[rest.startIndex..<headEnd])
        var answer = Answer()
        let statusLine = lines[0].split(separator: " ", maxSplits: 2)
        guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1])
        else {
            fault = "no status line: \(lines[0])"
            return nil
        }
        answer.status = status
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[1].hasPrefix(" ") else {
                fault = "no field: \(line)"
                return nil
            }
            answer.fields[parts[0].lowercased()] = String(parts[1].dropFirst())
        }
        guard let end = bodyEnd(&answer, method: method, from: headEnd + 4) else { return nil }
        rest = rest[end...]
        return answer
    }

    /// Where the body ends, which is taken into `answer`; nil when it isn't whole.
    private mutating func bodyEnd(_ answer: inout Answer, method: String, from start: Int) -> Int? {
        let hasNone =
            method == "HEAD" || answer.status < 200 || answer.status == 204 || answer.status == 304
        if hasNone { return start }
        if answer.fields["transfer-encoding"] == "chunked" {
            return chunkedEnd(&answer, from: start)
        }
        if let length = answer.fields["content-length"].flatMap({ Int($0) }) {
            guard rest.endIndex - start >= length else { return nil }
            answer.body = Self.text(rest[start..<(start + length)])
            return start + length
        }
        answer.endsWithConnection = true
        answer.body = Self.text(rest[start...])
        return rest.endIndex
    }

    private mutating func chunkedEnd(_ answer: inout Answer, from start: Int) -> Int? {
        var offset = start
        while true {
            guard let lineEnd = Self.find("\r\n", in: rest[offset...]) else { return nil }
            guard let size = Int(Self.text(rest[offset..<lineEnd]), radix: 16) else {
                fault = "no chunk size"
                return nil
            }
            let dataEnd = lineEnd + 2 + size
            guard dataEnd + 2 <= rest.endIndex else { return nil }
            answer.body += Self.text(rest[(lineEnd + 2)..<dataEnd])
            guard rest[dataEnd] == 13, rest[dataEnd + 1] == 10 else {
                fault = "a chunk without its end"
                return nil
            }
            offset = dataEnd + 2
            if size == 0 { return offset }
        }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private static func lines(_ bytes: ArraySlice<UInt8>) -> [String] {
        text(bytes).split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func find(_ text: String, in bytes: ArraySlice<UInt8>) -> Int? {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count else { return nil }
        return (bytes.startIndex...(bytes.endIndex - wanted.count)).first {
            bytes[$0] == wanted[0] && bytes[$0..<($0 + wanted.count)].elementsEqual(wanted)
        }
    }
}
