/// The way to a child that is attached by a link. It only appends to the link's output, and never
/// calls back from inside.
protocol ChildPort: AnyObject {
    func send(_ message: DownMessage)
    func send(_ commit: CommitMessage)
    /// Says that the first `count` writes of this session are queued here: what was said of it
    /// before, and is not written yet, may say so instead.
    func sendAccept(count: UInt64)
    /// Ends the session: the child broke a rule, or doesn't drain.
    func close(reason: String)
}

/// The way to a parent that is attached by a link. It only appends to the link's output, and never
/// calls back from inside.
protocol ParentPort: AnyObject {
    func send(_ message: UpMessage)
    func send(_ put: PutMessage)
    /// Ends the session: the parent broke a rule.
    func close(reason: String)
}

/// One child's session, as long as it lasts.
struct ChildID: Hashable {
    let number: UInt64
}

/// What the links tell the keyspace. Calls come on the loop's thread, one at a time.
protocol LinkDelegate: AnyObject {
    /// A child said HELLO; the port has been sent nothing yet, and is sent WELCOME in this call.
    func onChildAttached(
        _ port: any ChildPort, origin: UInt64, shown: Version, name: UnsafeRawBufferPointer
    ) -> ChildID
    /// A message of a child after its HELLO.
    func onMessage(_ message: UpMessage, from child: ChildID)
    /// The same if it is a write: hundreds may come in a turn.
    func onPut(_ put: PutMessage, from child: ChildID)
    /// The session is over; nothing is owed to the child any more. Not called for a child that was
    /// ended by the keyspace itself.
    func onChildDetached(_ child: ChildID)

    /// What HELLO must say: the origin of this node's writes, and the newest version shown.
    var greeting: (origin: UInt64, shown: Version) { get }
    /// A parent said WELCOME to a HELLO sent at `helloMilliseconds` of the loop's clock: a new
    /// session begins, in place of an earlier one if there was one.
    func onParentAttached(
        _ port: any ParentPort, _ welcome: WelcomeMessage, helloMilliseconds: UInt64)
    /// A message of a parent after its WELCOME; one that has been replaced is not listened to. For
    /// `fresh`, `renewMilliseconds` is when the RENEW with its token was sent.
    func onMessage(
        _ message: DownMessage, from port: any ParentPort, renewMilliseconds: UInt64)
    /// The same if it is a commit: hundreds may come in a turn.
    func onCommit(_ commit: CommitMessage, from port: any ParentPort)
    /// The session with this parent is over, for this reason: a sentence.
    func onParentDetached(_ port: any ParentPort, reason: String)
}
