import ZooKeeper

/// A client that keeps what it tells.
final class Recorder {
    let client: ZooKeeperClient
    private(set) var states: [ZooKeeperState] = []
    private(set) var events: [ZooKeeperEvent] = []
    private(set) var failures: [DisconnectReason] = []

    init(_ client: ZooKeeperClient) {
        self.client = client
        client.onState = { [weak self] in self?.states.append($0) }
        client.onEvent = { [weak self] in self?.events.append($0) }
        client.onConnectFailed = { [weak self] in self?.failures.append($1) }
    }

    var isConnected: Bool { client.state.isConnected }

    /// The connections so far, oldest first.
    var connections: [ZooKeeperConnection] {
        states.compactMap { if case .connected(let connection) = $0 { connection } else { nil } }
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
