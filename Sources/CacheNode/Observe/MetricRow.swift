/// One metric as scrapers see it: a row of the table that lists every stored property of `Metrics`.
struct MetricRow: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge
    }

    /// `canopy_…`, for counters with `_total` at the end.
    let name: StaticString
    /// One sentence without backslashes and line feeds, which would need escapes.
    let help: StaticString
    let kind: Kind
    let value: KeyPath<Metrics, UInt64> & Sendable

    private static func counter(
        _ name: StaticString, _ value: KeyPath<Metrics, UInt64> & Sendable, _ help: StaticString
    ) -> MetricRow {
        MetricRow(name: name, help: help, kind: .counter, value: value)
    }

    private static func gauge(
        _ name: StaticString, _ value: KeyPath<Metrics, UInt64> & Sendable, _ help: StaticString
    ) -> MetricRow {
        MetricRow(name: name, help: help, kind: .gauge, value: value)
    }

    static let table: [MetricRow] =
        reads + writes + coherence + memory + connections + links + node

    private static let reads: [MetricRow] = [
        counter("canopy_http_requests_total", \.httpRequests, "HTTP requests taken."),
        counter("canopy_hits_total", \.hits, "Reads answered from this node's own entries."),
        counter("canopy_misses_total", \.misses, "Reads of keys that this node lacked."),
        counter(
            "canopy_fills_total", \.fills, "Questions to the parent for a key that was missed."),
        counter(
            "canopy_collapsed_total", \.collapsed,
            "Misses that waited for a question already on its way to the parent."),
        counter(
            "canopy_fill_failures_total", \.fillFailures,
            "Questions to the parent that brought no answer."),
    ]

    private static let writes: [MetricRow] = [
        counter("canopy_writes_total", \.writes, "Values stored by clients and children."),
        counter("canopy_deletes_total", \.deletes, "Deletions by clients and children."),
        gauge(
            "canopy_upward_queued", \.upwardQueued,
            "Writes that wait for the parent's acknowledgement."),
        counter("canopy_upward_sent_total", \.upwardSent, "Writes the parent acknowledged."),
        counter(
            "canopy_upward_retried_total", \.upwardRetried,
            "Attempts to send a write to the parent again."),
        counter(
            "canopy_upward_rejected_total", \.upwardRejected,
            "Writes refused because the upward queue was full."),
        counter(
            "canopy_upward_refused_total", \.upwardRefused,
            "Writes the parent refused for good, which were withdrawn."),
    ]

    private static let coherence: [MetricRow] = [
        counter("canopy_commits_total", \.commits, "Writes committed here, at the root."),
        counter(
            "canopy_commits_received_total", \.commitsReceived,
            "Writes sent up from here that the root has decided."),
        counter(
            "canopy_repeats_total", \.repeats, "Writes that arrived again after their commit."),
        counter(
            "canopy_writers_forgotten_total", \.writersForgotten,
            "Nodes whose writes the root forgot to have decided: it knows 65,536 at most."),
        counter(
            "canopy_writes_from_children_total", \.writesFromChildren, "Writes that came by a link."
        ),
        counter("canopy_pushes_sent_total", \.pushesSent, "Changes sent to a child."),
        counter(
            "canopy_pushes_received_total", \.pushesReceived, "Changes sent by the parent."),
        counter(
            "canopy_invalidations_sent_total", \.invalidationsSent,
            "Keys that a child was told it can no longer rely on."),
        counter(
            "canopy_resets_sent_total", \.resetsSent,
            "Times that a child was told to rely on nothing it holds."),
        counter(
            "canopy_resets_received_total", \.resetsReceived,
            "Times that the parent told this node to rely on nothing it holds."),
        counter(
            "canopy_stale_answers_total", \.staleAnswers,
            "Answers past the limit of age, because nobody above answered."),
    ]

    private static let memory: [MetricRow] = [
        counter("canopy_evictions_total", \.evictions, "Entries given up for others."),
        counter(
            "canopy_refused_full_total", \.refusedFull,
            "Writes refused because no entry could be given up."),
        gauge("canopy_entries", \.entries, "Entries held."),
        gauge("canopy_memory_bytes", \.memoryBytes, "Bytes that entries take."),
        gauge("canopy_memory_bytes_max", \.memoryBytesMax, "Bytes that entries may take."),
    ]

    private static let connections: [MetricRow] = [
        gauge("canopy_connections_open", \.connectionsOpen, "Connections open."),
        gauge(
            "canopy_connections_max", \.connectionsMax,
            "Connections that may be open before clients are turned away."),
        counter(
            "canopy_connections_accepted_total", \.connectionsAccepted, "Connections accepted."),
        counter(
            "canopy_turned_away_total", \.turnedAway,
            "Requests and connections for which there was no place."),
        gauge(
            "canopy_connection_bytes", \.connectionBytes,
            "Bytes of unfinished requests and of answers that clients have not taken."),
        gauge("canopy_connection_bytes_max", \.connectionBytesMax, "Bytes that those may take."),
        counter(
            "canopy_connections_cut_off_total", \.connectionsCutOff,
            "Connections closed because too much was held for them."),
        counter(
            "canopy_accept_failures_total", \.acceptFailures,
            "Times that no connection could be accepted for want of descriptors or memory."),
        counter(
            "canopy_bad_requests_total", \.badRequests,
            "Requests refused before they reached a route."),
        counter(
            "canopy_requests_denied_total", \.requestsDenied,
            "Requests refused for want of a token that allows them."),
    ]

    private static let links: [MetricRow] = [
        gauge("canopy_links_open", \.linksOpen, "Links of children open."),
        counter(
            "canopy_children_attached_total", \.childrenAttached, "Sessions of children begun."),
        counter(
            "canopy_link_frames_received_total", \.linkFramesReceived,
            "Frames from children and the parent."),
        counter(
            "canopy_link_frames_sent_total", \.linkFramesSent,
            "Frames to children and the parent."),
        counter(
            "canopy_link_bytes_received_total", \.linkBytesReceived,
            "Bytes of frames from children and the parent."),
        counter(
            "canopy_link_bytes_sent_total", \.linkBytesSent,
            "Bytes of frames to children and the parent."),
    ]

    private static let node: [MetricRow] = [
        counter("canopy_registrations_total", \.registrations, "Registrations answered."),
        counter(
            "canopy_log_lines_dropped_total", \.logLinesDropped,
            "Log lines lost because their reader was too slow."),
        gauge(
            "canopy_start_time_seconds", \.startTimeSeconds,
            "When the node started, in seconds since 1970."),
    ]
}
