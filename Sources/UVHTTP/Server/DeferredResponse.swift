/// The place of an answer in the order of its connection's answers, to be filled later; also where
/// an answer waits that was made before its turn came.
public final class DeferredResponse {
    /// The connection; nil once the answer has gone out, or can't any more.
    private var connection: ServerConnection?
    private var form: AnswerForm
    private let bytes: UnsafeMutablePointer<ByteQueue>
    /// The whole answer is there.
    private(set) var isReady = false
    /// The answer is a stream, whose pieces `produceNext` makes.
    private(set) var isStream = false
    /// Makes the next piece of a streamed body; nil when there is none (left).
    private var produce: ((inout ByteQueue) -> Bool)?
    private var isInterim = false
    /// The answer was put off.
    var isPutOff = false
    /// Whom the connection belongs to once the answer, which ends HTTP on it, is written.
    private(set) var takeOver: HTTPStreamTakeOver?

    init(_ connection: ServerConnection, _ form: AnswerForm) {
        self.connection = connection
        self.form = form
        bytes = .allocate(capacity: 1)
        bytes.initialize(to: ByteQueue())
    }

    deinit {
        bytes.deinitialize(count: 1)
        bytes.deallocate()
    }

    /// False once nobody waits for this answer any more: the client has gone, or has it.
    public var isWanted: Bool { connection != nil }

    /// Answers through `answer`, which must make one answering call on the responder it is given.
    /// Does nothing when the client has gone; must be called once at most.
    public func respond(_ answer: (HTTPResponder) -> Void) {
        precondition(!isReady && !isStream, "a request was answered twice")
        connection?.fill(self, answer)
    }

    // MARK: For the connection

    /// Whether this is the connection's last answer.
    var closes: Bool {
        !isInterim && (form.connectionField == .close || (isStream && form.isHTTP10))
    }

    /// Bytes of the answer that are there.
    var byteCount: Int { bytes.pointee.count }

    /// A streamed body goes on.
    var hasMore: Bool { produce != nil }

    func responder(on connection: ServerConnection) -> HTTPResponder {
        HTTPResponder(
            output: bytes, dateLine: connection.dateLine, form: form,
            connection: .passUnretained(connection))
    }

    func markReady() { isReady = true }

    /// The answer, not made yet, is to say that it is the connection's last.
    func makeLast() { form = form.closing }

    /// Makes this the place of an informational answer (1xx), which closes nothing.
    func appendInterim(_ text: StaticString) {
        bytes.pointee.append(text)
        isInterim = true
        isReady = true
    }

    /// Makes this the answer that ends HTTP on the connection.
    func appendSwitch(
        to protocolName: StaticString, _ fieldLines: StaticString,
        _ takeOver: @escaping HTTPStreamTakeOver
    ) {
        HeadWriter.switchingProtocols(
            to: protocolName, fieldLines: fieldLines, into: &bytes.pointee)
        self.takeOver = takeOver
        isReady = true
    }

    func stream(_ produce: @escaping (inout ByteQueue) -> Bool) {
        isStream = true
        self.produce = produce
    }

    /// Moves what was written so far into `output`.
    func drain(into output: inout ByteQueue) {
        output.append(bytes.pointee.readable)
        bytes.pointee.removeAll(keepingBytes: 0)
    }

    /// Appends the next piece of the streamed body to `output`, framed as the client understands it
    /// (RFC 9112 §7.1).
    func produceNext(into output: inout ByteQueue) {
        guard let produce else { return }
        let goesOn = produce(&bytes.pointee)
        let count = bytes.pointee.count
        if form.isHTTP10 {
            drain(into: &output)
        } else if count > 0 {
            HeadWriter.chunkSize(count, into: &output)
            drain(into: &output)
            output.append("\r\n")
        }
        guard !goesOn else { return }
        self.produce = nil
        if !form.isHTTP10 { output.append("0\r\n\r\n") }
    }

    /// The answer has gone out, or goes nowhere: whoever holds this holds nothing more by it.
    func letGo() {
        if takeOver != nil { connection?.server.giveUpLink() }
        connection = nil
        produce = nil
        takeOver = nil
    }
}
