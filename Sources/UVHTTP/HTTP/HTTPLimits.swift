/// Every limit of the HTTP server and client, in one place. A peer that goes past one gets the
/// status named here.
public struct HTTPLimits: Sendable {
    // MARK: Messages

    /// Bytes of a head, start line and blank line included; past it `431` (`414` when the target
    /// alone is too long).
    public var headBytesMax = 16 * 1024
    /// Field lines in a head; past it `431`.
    public var headFieldsMax = 64
    /// Bytes of a request target; past it `414`.
    public var targetBytesMax = 8 * 1024
    /// Bytes of a body after decoding; past it `413`, before the body is read.
    public var bodyBytesMax = 1024 * 1024
    /// Bytes that chunk sizes, extensions and trailers may take in all for one body; past it `400`.
    public var chunkOverheadBytesMax = 16 * 1024

    // MARK: Connections

    /// Milliseconds from a message's first byte to the end of its head; past it `408`.
    public var headMillisecondsMax: UInt64 = 10_000
    /// Milliseconds that a body or an answer may take however slow the peer is; past it
    /// `transferBytesPerSecondMin` holds.
    public var transferGraceMilliseconds: UInt64 = 10_000
    /// The slowest transfer that is borne after the grace, in either direction; below it `408` or a
    /// close.
    public var transferBytesPerSecondMin = 1024
    /// Milliseconds a connection may stay without a request.
    public var keepAliveMilliseconds: UInt64 = 60_000
    /// Requests of one connection that may wait for their answers; further ones stay in the kernel.
    public var pipelineDepthMax = 64
    /// Requests of one connection that are taken in one turn of the loop; the others wait for the
    /// next turn. As many as the pipeline is deep: 64 hits cost some 40 µs.
    public var requestsPerTurnMax = 64
    /// Bytes of requests over 64 KiB that are answered in one turn of the loop, on all connections
    /// together; one more is begun below that. The others wait for the next turn.
    public var largeBytesPerTurnMax = 1024 * 1024
    /// Bytes of answers that may wait on one connection before it is read no further.
    public var outputBytesMax = 1024 * 1024
    /// Bytes of unfinished requests and answers not taken that all connections together may hold;
    /// past it those that have held more than their share for the longest are closed.
    public var heldBytesMax = 256 * 1024 * 1024
    /// Open connections. `share` derives it from the limit on file descriptors.
    public var connectionsMax = 10_000
    /// Connections beyond `connectionsMax` that are heard: a vital request is answered, any other
    /// gets `503`, and who comes when these places are taken too has that of the longest there.
    public var lastPlacesMax = 64
    /// Milliseconds from the opening of a connection to the end of its first request's head while
    /// places are scarce, which is from seven eighths of `connectionsMax` on.
    public var crowdedHeadMillisecondsMax: UInt64 = 1_000
    /// Milliseconds a connection may stay without a request meanwhile.
    public var crowdedKeepAliveMilliseconds: UInt64 = 5_000
    /// Connections that have left HTTP and are still open (RFC 9110 §7.8); past it an upgrade is
    /// answered `503`. They don't count as `connectionsMax` does.
    public var linksMax = 1_000
    /// Milliseconds a closing connection is still read, so that the last answer isn't lost to a
    /// reset (RFC 9112 §9.6).
    public var lingerMilliseconds: UInt64 = 2_000
    /// Length of the kernel's queue of connections not yet accepted.
    public var backlog = 4096

    // MARK: Client

    /// Connections to one peer.
    public var clientConnectionsMax = 4
    /// Requests in flight on one connection to a peer.
    public var clientPipelineDepthMax = 64
    /// Requests that wait for a connection to one peer; past it a request fails at once.
    public var clientQueueMax = 4096
    /// How often a request is sent again when a kept connection ended before any byte of its
    /// answer; 0 keeps requests in the order they were given.
    public var clientResendsMax = 1
    /// Milliseconds until a connection must stand.
    public var connectMilliseconds: UInt64 = 2_000
    /// Milliseconds an idle connection to a peer is kept.
    public var clientIdleMilliseconds: UInt64 = 30_000
    /// Informational answers (1xx) borne before the final one (RFC 9110 §15.2).
    public var clientInformationalMax = 8

    public init() {}

    /// Shares out the `descriptors` that the process may have: a tenth for connections that leave
    /// HTTP, some for last places, a twentieth for all that the process opens itself (the way to
    /// the parent, logs, the loop), and the rest for connections.
    public mutating func share(descriptors: Int) {
        linksMax = min(4096, max(8, descriptors / 10))
        lastPlacesMax = min(256, max(4, descriptors / 32))
        let own = min(1024, max(24, descriptors / 20))
        connectionsMax = max(16, descriptors - linksMax - lastPlacesMax - own)
    }
}
