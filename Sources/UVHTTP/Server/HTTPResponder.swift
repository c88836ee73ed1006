/// What of the request shapes the form of its answer.
public struct AnswerForm {
    /// The request was HEAD: the answer has the head alone (RFC 9110 §9.3.2).
    @usableFromInline let omitsBody: Bool
    /// The client speaks HTTP/1.0: it doesn't know chunks.
    @usableFromInline let isHTTP10: Bool
    @usableFromInline let connectionField: HTTPConnectionField

    @inlinable @inline(__always)
    init(omitsBody: Bool, isHTTP10: Bool, connectionField: HTTPConnectionField) {
        self.omitsBody = omitsBody
        self.isHTTP10 = isHTTP10
        self.connectionField = connectionField
    }

    @inline(__always)
    init(answering head: UnsafePointer<HTTPRequestHead>) {
        let isHTTP10 = head.pointee.minorVersion == 0
        self.init(
            omitsBody: head.pointee.method == .head, isHTTP10: isHTTP10,
            connectionField: !head.pointee.keepsAlive ? .close : isHTTP10 ? .keepAlive : .absent)
    }

    /// The form of a refusal of the request whose head is `head`, as far as it was understood: even
    /// then HEAD is answered without a body (RFC 9110 §9.3.2).
    init(refusing head: UnsafePointer<HTTPRequestHead>) {
        self.init(
            omitsBody: head.pointee.method == .head, isHTTP10: false, connectionField: .close)
    }

    /// The same for an answer that is the connection's last.
    var closing: AnswerForm {
        AnswerForm(omitsBody: omitsBody, isHTTP10: isHTTP10, connectionField: .close)
    }
}

/// The way to answer one request: at once, in pieces as the client takes them, or later.
///
/// Exactly one of the answering calls must be made for each request.
public struct HTTPResponder {
    @usableFromInline let output: UnsafeMutablePointer<ByteQueue>
    @usableFromInline let dateLine: UnsafeRawPointer
    @usableFromInline let form: AnswerForm
    @usableFromInline let connection: Unmanaged<ServerConnection>

    @inlinable @inline(__always)
    init(
        output: UnsafeMutablePointer<ByteQueue>, dateLine: UnsafeRawPointer, form: AnswerForm,
        connection: Unmanaged<ServerConnection>
    ) {
        self.output = output
        self.dateLine = dateLine
        self.form = form
        self.connection = connection
    }

    /// Answers with a status, a type (empty: none), further field lines (each with its CR LF) and a
    /// body.
    @inlinable
    public func respond(
        _ status: HTTPStatus, contentType: UnsafeRawBufferPointer,
        fieldLines: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer
    ) {
        HeadWriter.response(
            status, contentType: contentType, framing: .length(body.count), fieldLines: fieldLines,
            dateLine: dateLine, connection: form.connectionField, into: &output.pointee)
        if !form.omitsBody { output.pointee.append(body) }
    }

    /// Answers with text that is known beforehand.
    @inlinable
    public func respond(
        _ status: HTTPStatus, contentType: StaticString, fieldLines: StaticString = "",
        body: StaticString
    ) {
        respond(
            status, contentType: contentType.bytes, fieldLines: fieldLines.bytes, body: body.bytes)
    }

    /// Answers with bytes that were made for this request.
    public func respond(
        _ status: HTTPStatus, contentType: StaticString, fieldLines: [UInt8] = [], body: [UInt8]
    ) {
        fieldLines.withUnsafeBytes { lines in
            body.withUnsafeBytes { body in
                respond(status, contentType: contentType.bytes, fieldLines: lines, body: body)
            }
        }
    }

    /// Answers a request that broke a rule, as RFC 9457 has it.
    func respond(_ refusal: HTTPRefusal) {
        let status = HTTPStatus(refusal.status)
        let title = "{\"title\":\"\(status.reason)\",\"status\":\(status.code),"
        let body = title + "\"detail\":\"\(refusal.reason)\"}\n"
        let fieldLines = status == .serviceUnavailable ? "Retry-After: 1\r\n" : ""
        respond(
            status, contentType: "application/problem+json", fieldLines: Array(fieldLines.utf8),
            body: Array(body.utf8))
    }

    /// Answers with a head alone: for the statuses that have no body (204, 304).
    public func respondWithoutBody(_ status: HTTPStatus, fieldLines: StaticString) {
        respondWithoutBody(status, fieldLines: fieldLines.bytes)
    }

    /// The same with field lines that were made for this answer.
    public func respondWithoutBody(_ status: HTTPStatus, fieldLines: UnsafeRawBufferPointer) {
        HeadWriter.response(
            status, contentType: .empty, framing: .none, fieldLines: fieldLines,
            dateLine: dateLine, connection: form.connectionField, into: &output.pointee)
    }

    /// `200` with a body of `contentLength` bytes that `write` appends to the output itself.
    @inlinable @inline(__always)
    public func respondOK(
        contentType: StaticString, contentLength: Int, _ write: (inout ByteQueue) -> Void
    ) {
        HeadWriter.ok(
            contentType: contentType.bytes, contentLength: contentLength, dateLine: dateLine,
            connection: form.connectionField, into: &output.pointee)
        if !form.omitsBody { write(&output.pointee) }
    }

    /// The same with further field lines: `writeFields` writes them, each with its CR LF, to room
    /// for `fieldBytesMax` bytes, and gives how many it wrote.
    @inlinable @inline(__always)
    public func respondOK(
        contentType: StaticString, contentLength: Int, fieldBytesMax: Int,
        writeFields: (UnsafeMutableRawPointer) -> Int, _ write: (inout ByteQueue) -> Void
    ) {
        HeadWriter.ok(
            contentType: contentType.bytes, contentLength: contentLength, dateLine: dateLine,
            connection: form.connectionField, into: &output.pointee, fieldBytesMax: fieldBytesMax,
            writeFields: writeFields)
        if !form.omitsBody { write(&output.pointee) }
    }

    /// `200` with a body of unknown length, made piece by piece: `produce` appends the next piece
    /// and says whether more will come. It is called once per turn of the loop, whenever the client
    /// has taken what was there.
    public func stream(
        contentType: StaticString, _ produce: @escaping (inout ByteQueue) -> Bool
    ) {
        // HTTP/1.0 knows no chunks: only the connection's end can end such a body.
        let isOpenEnded = form.isHTTP10 && !form.omitsBody
        HeadWriter.response(
            .ok, contentType: contentType.bytes,
            framing: form.isHTTP10 ? .untilClose : .chunked, fieldLines: .empty,
            dateLine: dateLine, connection: isOpenEnded ? .close : form.connectionField,
            into: &output.pointee)
        if !form.omitsBody {
            connection._withUnsafeGuaranteedRef { $0.startStreaming(produce, form: form) }
        }
    }

    /// Leaves HTTP: answers `101 Switching Protocols` to a request that `asksUpgrade`, and gives
    /// the stream to `takeOver` when that and all answers before it are written. `fieldLines` are
    /// further lines of the answer, each with its CR LF.
    ///
    /// A server that stops, or has `linksMax` such streams, answers `503`, and `takeOver` is never
    /// called; nor when the client leaves before. Not for a request whose answer was put off, as
    /// what came behind it may have been taken for HTTP.
    public func upgrade(
        to protocolName: StaticString, fieldLines: StaticString = "",
        _ takeOver: @escaping HTTPStreamTakeOver
    ) {
        connection._withUnsafeGuaranteedRef {
            $0.upgrade(to: protocolName, fieldLines, takeOver, self)
        }
    }

    /// Keeps the place of this answer in the order of the connection's answers; fill it from any
    /// later event.
    public func later() -> DeferredResponse {
        connection._withUnsafeGuaranteedRef { $0.deferAnswer(form) }
    }
}

extension StaticString {
    /// The text's bytes.
    @inlinable @inline(__always)
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
