/// As whom the connections of a session authenticate: each in the order of the list.
struct AuthenticationList {
    private var entries: [(authentication: Authentication, id: Int?)]
    /// Of this connection: how many were sent, and how many of those were answered.
    private var sentCount = 0
    private var answeredCount = 0

    init(_ authentications: [Authentication]) {
        entries = authentications.map { ($0, nil) }
    }

    /// `id` is for whoever waits for the first answer.
    mutating func append(_ authentication: Authentication, id: Int) {
        entries.append((authentication, id))
    }

    /// A new connection knows of none.
    mutating func didConnect() {
        sentCount = 0
        answeredCount = 0
    }

    mutating func nextToSend() -> Authentication? {
        guard sentCount < entries.count else { return nil }
        sentCount += 1
        return entries[sentCount - 1].authentication
    }

    /// The next answer has come; tells whoever waits for it, once.
    mutating func onAnswer() throws(JuteError) -> Int? {
        guard answeredCount < sentCount else { throw .invalid("a reply to no authentication") }
        let id = entries[answeredCount].id
        entries[answeredCount].id = nil
        answeredCount += 1
        return id
    }

    /// Those that still wait for an answer, who are not told by this list any more.
    mutating func takeIDs() -> [Int] {
        let ids = entries.compactMap(\.id)
        for index in entries.indices { entries[index].id = nil }
        return ids
    }
}
