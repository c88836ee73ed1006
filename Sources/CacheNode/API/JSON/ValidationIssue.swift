import UVHTTP

/// Why a request of the `/store` API is refused with 422: at least one issue, in the earlier
/// system's order.
struct ValidationFailure: Error, Equatable {
    var issues: [ValidationIssue]

    init(_ issues: [ValidationIssue]) { self.issues = issues }

    /// Appends the answer's body, `{"detail":[…]}`. `input`: the request's body, or the query
    /// parameter's decoded value, that the issues were found in.
    func append(input: UnsafeRawBufferPointer, to output: inout ByteQueue) {
        var json = JSONWriter()
        json.beginObject(&output)
        json.name("detail", &output)
        json.beginArray(&output)
        for issue in issues { issue.append(input, &json, &output) }
        json.endArray(&output)
        json.endObject(&output)
    }
}

/// One fault of a request, in the form in which FastAPI with pydantic 2 reports it. The ranges say
/// where in the request's body the faulty JSON lies.
enum ValidationIssue: Equatable {
    case bodyMissing
    case notJSON(JSONError)
    case notObject(Range<Int>)
    case valueMissing(Range<Int>)
    /// A string or number that means no boolean.
    case flagNotUnderstood(Range<Int>)
    /// Neither boolean, string nor integer.
    case flagNotBoolean(Range<Int>)
    /// The query's `wait_for_parent` means no boolean.
    case queryFlagNotUnderstood

    /// Bytes of faulty JSON that are echoed as they stand. Of more, the answer has a string of the
    /// first `echoBytesMax` and `…`: a refusal mustn't be a megabyte.
    static let echoBytesMax = 1024

    fileprivate func append(
        _ input: UnsafeRawBufferPointer, _ json: inout JSONWriter, _ output: inout ByteQueue
    ) {
        json.beginObject(&output)
        json.member("type", type, &output)
        appendLocation(input, &json, &output)
        json.member("msg", message, &output)
        json.name("input", &output)
        appendInput(input, &json, &output)
        if case .notJSON(let error) = self {
            json.name("ctx", &output)
            json.beginObject(&output)
            json.member("error", error.message.description, &output)
            json.endObject(&output)
        }
        json.endObject(&output)
    }

    private var type: String {
        switch self {
        case .bodyMissing, .valueMissing: "missing"
        case .notJSON: "json_invalid"
        case .notObject: "model_attributes_type"
        case .flagNotUnderstood, .queryFlagNotUnderstood: "bool_parsing"
        case .flagNotBoolean: "bool_type"
        }
    }

    private var message: String {
        switch self {
        case .bodyMissing, .valueMissing: "Field required"
        case .notJSON: "JSON decode error"
        case .notObject: "Input should be a valid dictionary or object to extract fields from"
        case .flagNotUnderstood, .queryFlagNotUnderstood:
            "Input should be a valid boolean, unable to interpret input"
        case .flagNotBoolean: "Input should be a valid boolean"
        }
    }

    private func appendLocation(
        _ input: UnsafeRawBufferPointer, _ json: inout JSONWriter, _ output: inout ByteQueue
    ) {
        json.name("loc", &output)
        json.beginArray(&output)
        json.value(self == .queryFlagNotUnderstood ? "query" : "body", &output)
        switch self {
        case .bodyMissing, .notObject: break
        case .notJSON(let error):
            // The earlier system counts characters; all before the fault is well-formed UTF-8.
            let before = input.slice(0..<error.offset)
            json.value(before.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }, &output)
        case .valueMissing: json.value("value", &output)
        case .flagNotUnderstood, .flagNotBoolean, .queryFlagNotUnderstood:
            json.value("wait_for_parent", &output)
        }
        json.endArray(&output)
    }

    private func appendInput(
        _ input: UnsafeRawBufferPointer, _ json: inout JSONWriter, _ output: inout ByteQueue
    ) {
        switch self {
        case .bodyMissing:
            json.null(&output)
        case .notJSON:
            json.beginObject(&output)
            json.endObject(&output)
        case .notObject(let range), .valueMissing(let range), .flagNotUnderstood(let range),
            .flagNotBoolean(let range):
            let faulty = input.slice(range)
            if faulty.count <= Self.echoBytesMax {
                json.json(faulty, &output)
            } else {
                appendBeginning(faulty, &json, &output)
            }
        case .queryFlagNotUnderstood where input.count > Self.echoBytesMax:
            appendBeginning(input, &json, &output)
        case .queryFlagNotUnderstood:
            json.value(anyBytes: input, &output)
        }
    }

    private func appendBeginning(
        _ bytes: UnsafeRawBufferPointer, _ json: inout JSONWriter, _ output: inout ByteQueue
    ) {
        // Cut between characters; of what isn't UTF-8, anywhere.
        var end = Self.echoBytesMax
        while end > Self.echoBytesMax - 4, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        json.value(bytes.slice(0..<end).text + "…", &output)
    }
}
