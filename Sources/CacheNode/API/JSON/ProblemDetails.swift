import UVHTTP

/// An error of Canopy's own endpoints (RFC 9457).
struct ProblemDetails {
    /// A member that a problem type adds (RFC 9457 §3.2).
    struct Extension {
        enum Value {
            case text(String)
            case integer(Int)
        }

        var name: StaticString
        var value: Value
    }

    static let mediaType: StaticString = "application/problem+json"

    /// A URI; nil stands for `about:blank` and leaves the member out (RFC 9457 §3.1.1).
    var type: String?
    /// The problem type in a few words; without a type, the status's own phrase (§4.2.1).
    var title: String
    var status: Int
    /// What went wrong this time and what to do about it; nil leaves the member out.
    var detail: String?
    var extensions: [Extension] = []

    func append(to output: inout ByteQueue) {
        var json = JSONWriter()
        json.beginObject(&output)
        if let type { json.member("type", type, &output) }
        json.member("title", title, &output)
        json.member("status", status, &output)
        if let detail { json.member("detail", detail, &output) }
        for member in extensions {
            switch member.value {
            case .text(let text): json.member(member.name, text, &output)
            case .integer(let number): json.member(member.name, number, &output)
            }
        }
        json.endObject(&output)
    }
}
