/// What may be the matter with a server's connection. They lie together, so that one look tells
/// that there is none of them, as for nearly every request: then plain GETs are answered on the
/// shortest way.
struct ConnectionFlags: OptionSet {
    let rawValue: UInt16

    /// Closed or about to be, or no longer HTTP: nothing more is done for it.
    static var closed: Self { Self(rawValue: 1) }
    /// No further request is taken: the peer broke a rule or asked for it, or we close.
    static var ended: Self { Self(rawValue: 1 << 1) }
    /// The peer sends nothing more.
    static var inputEnded: Self { Self(rawValue: 1 << 2) }
    /// The last answer is out, and the connection is only read until its peer has seen it.
    static var lingering: Self { Self(rawValue: 1 << 3) }
    /// The next answer is the last: the server stops, or this connection has a last place.
    static var ending: Self { Self(rawValue: 1 << 4) }
    /// Requests lie in the input that wait until this connection is rid of what it owes.
    static var stalled: Self { Self(rawValue: 1 << 5) }
    /// The loop will call to go on with requests that were left lying, or with a stream.
    static var continuing: Self { Self(rawValue: 1 << 6) }
    static var readingPaused: Self { Self(rawValue: 1 << 7) }
    /// An answer that was waited for became ready in this turn.
    static var answerReady: Self { Self(rawValue: 1 << 8) }
    /// Bytes waited for the kernel after the last write or event of the stream.
    static var outputQueued: Self { Self(rawValue: 1 << 9) }
    /// The head of the request under way is there, and its body is being waited for.
    static var insideMessage: Self { Self(rawValue: 1 << 10) }

    /// With none of these a connection whose answers are written has but to read on.
    static var unsettled: Self {
        [.closed, .ended, .inputEnded, .ending, .stalled, .continuing, .readingPaused]
    }

    @inline(__always)
    func has(_ flag: Self) -> Bool { rawValue & flag.rawValue != 0 }

    @inline(__always)
    mutating func set(_ flag: Self, _ isSet: Bool) {
        self = Self(rawValue: isSet ? rawValue | flag.rawValue : rawValue & ~flag.rawValue)
    }
}

extension ServerConnection {
    var isClosed: Bool {
        get { state.pointee.flags.has(.closed) }
        set { state.pointee.flags.set(.closed, newValue) }
    }

    var inputHasEnded: Bool {
        get { state.pointee.flags.has(.inputEnded) }
        set { state.pointee.flags.set(.inputEnded, newValue) }
    }

    var isEnding: Bool {
        get { state.pointee.flags.has(.ending) }
        set { state.pointee.flags.set(.ending, newValue) }
    }

    var isStalled: Bool {
        get { state.pointee.flags.has(.stalled) }
        set { state.pointee.flags.set(.stalled, newValue) }
    }

    var isContinuationScheduled: Bool {
        get { state.pointee.flags.has(.continuing) }
        set { state.pointee.flags.set(.continuing, newValue) }
    }

    var isReadingPaused: Bool {
        get { state.pointee.flags.has(.readingPaused) }
        set { state.pointee.flags.set(.readingPaused, newValue) }
    }

    var isAnswerReady: Bool {
        get { state.pointee.flags.has(.answerReady) }
        set { state.pointee.flags.set(.answerReady, newValue) }
    }
}
