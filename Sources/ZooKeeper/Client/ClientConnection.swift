import UVHTTP

/// One connection of a client; the client listens to the newest alone.
final class ClientConnection: StreamHandler {
    private let stream: any ByteStream
    /// Gone once the connection is closed.
    private var client: ZooKeeperClient?

    init(_ stream: any ByteStream, of client: ZooKeeperClient) {
        self.stream = stream
        self.client = client
    }

    func start() { stream.start(self) }

    func write(_ bytes: UnsafeRawBufferPointer) { stream.write(bytes) }

    func close() { stream.close() }

    func onConnected() { client?.onConnected(self) }

    func onRead(_ bytes: UnsafeMutableRawBufferPointer) {
        client?.onRead(self, UnsafeRawBufferPointer(bytes))
    }

    func onEndOfInput() { client?.onDisconnected(self, .closedByServer) }

    func onDrained() {}

    func onClosed(_ error: UVError?) {
        let client = client
        self.client = nil
        client?.onDisconnected(self, .failed(error ?? .canceled))
    }
}
