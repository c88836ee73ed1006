// modules: UVHTTP ZooKeeper CacheNode
// sources: Tests/CacheNodeTests/API/JSON/JSONReference.swift

import UVHTTP

@testable import CacheNode

/// The input is a text. The scanner takes it if and only if the plain reading of RFC 8259's grammar
/// does; a value that is sliced out is a text of its own, and comes out of an answer as it went in;
/// what is read from a body can be asked for everything.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    withSentinel(input, slackBytes: 0) { base in
        check(UnsafeRawBufferPointer(start: base, count: count))
    }
    return 0
}

private func check(_ text: UnsafeRawBufferPointer) {
    let isDocument = JSONScanner.isDocument(text)
    precondition(isDocument == JSONReference.accepts(Array(text)), "scanner and grammar disagree")
    if isDocument { checkValue(text) }
    checkBody(text)
    checkParentAnswer(text)
    checkMembers(text)
    checkString(text)
}

/// A valid text: its value, alone, is a text too; and it travels through an answer.
private func checkValue(_ text: UnsafeRawBufferPointer) {
    guard let range = try? JSONScanner.document(text) else { preconditionFailure() }
    let value = UnsafeRawBufferPointer(rebasing: text[range])
    precondition(!value.isEmpty && (try? JSONScanner.document(value)) == 0..<value.count)
    explore(JSONValue(value), depth: 0)
    guard StoreAnswer.form(of: value, isJSONType: true) == .json else { return }
    var answer = ByteQueue()
    StoreAnswer.append(value, .json, to: &answer)
    precondition(answer.count == StoreAnswer.byteCount(value, .json), "a wrong Content-Length")
    guard case .json(let found)? = try? ParentAnswer.value(answer.readable) else { return }
    precondition(answer.readable[found].elementsEqual(value), "the value's bytes have changed")
}

private func explore(_ value: JSONValue, depth: Int) {
    switch value.kind {
    case .array: for element in value.elements ?? [] { explore(element, depth: depth + 1) }
    case .string:
        guard let text = value.string?.unescaped() else { preconditionFailure("a string is none") }
        precondition(String(validating: text, as: UTF8.self) != nil, "ill-formed UTF-8")
    case .number: _ = value.integer
    case .boolean: precondition(value.boolean != nil)
    case .object, .null: break
    }
}

private func checkBody(_ text: UnsafeRawBufferPointer) {
    do throws(ValidationFailure) {
        let body = try StoreRequestBody(text)
        let value = UnsafeRawBufferPointer(rebasing: text[body.value])
        precondition(JSONScanner.isDocument(value), "a slice that is no JSON")
    } catch {
        var answer = ByteQueue()
        error.append(input: text, to: &answer)
        precondition(JSONScanner.isDocument(answer.readable), "a report that is no JSON")
    }
}

private func checkParentAnswer(_ text: UnsafeRawBufferPointer) {
    guard case .json(let range)? = try? ParentAnswer.value(text) else { return }
    precondition(JSONScanner.isDocument(UnsafeRawBufferPointer(rebasing: text[range])))
}

/// What nodes tell each other about their places.
private func checkMembers(_ text: UnsafeRawBufferPointer) {
    _ = try? Place(parsing: text)
    guard let request = try? RegistrationRequest(parsing: text) else { return }
    let again = request.body.withUnsafeBytes { try? RegistrationRequest(parsing: $0) }
    precondition(again?.name == request.name && again?.endpoint == request.endpoint)
}

/// Any bytes, written as a string, are a JSON text.
private func checkString(_ text: UnsafeRawBufferPointer) {
    var output = ByteQueue()
    var json = JSONWriter()
    json.value(anyBytes: text, &output)
    precondition(JSONScanner.isDocument(output.readable), "a written string that is no JSON")
    let form = StoreAnswer.form(of: text, isJSONType: false)
    var answer = ByteQueue()
    StoreAnswer.append(text, form, to: &answer)
    precondition(answer.count == StoreAnswer.byteCount(text, form), "a wrong Content-Length")
    precondition(JSONScanner.isDocument(answer.readable), "an answer that is no JSON")
}
