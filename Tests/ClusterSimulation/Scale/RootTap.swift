import Simulation

/// Counts what the root reads and what is read of what it sent, frame by frame on its links
/// (docs/link.md), and notes who else has read anything.
final class RootTap {
    private let root: String
    private var directions: [Int: Direction] = [:]
    private(set) var traffic = RootTraffic()
    /// Nodes that have read something since `takeReaders`, by their index in the cluster.
    private var readers: [Int] = []
    /// Nobody asks for the readers while nobody awaits a write.
    var notesReaders = false

    init(root: String) { self.root = root }

    func takeReaders(_ body: (Int) -> Void) {
        guard !readers.isEmpty else { return }
        for reader in readers { body(reader) }
        readers.removeAll(keepingCapacity: true)
    }

    func onBytes(_ arrival: SimBytes) {
        if notesReaders, let reader = Self.index(of: arrival.receiver) { readers.append(reader) }
        if arrival.receiver == root {
            count(arrival, \.received)
        } else if arrival.sender == root {
            count(arrival, \.sent)
        }
    }

    private func count(
        _ arrival: SimBytes, _ way: WritableKeyPath<RootTraffic, RootTraffic.Way>
    ) {
        let direction = directions[arrival.channel] ?? Direction()
        directions[arrival.channel] = direction
        direction.read(arrival.bytes, &traffic[keyPath: way])
    }

    /// `NODE-7` has index 6; clients have none.
    private static func index(of name: String) -> Int? {
        guard name.utf8.count > 5, name.utf8.first == UInt8(ascii: "N") else { return nil }
        return name.utf8.dropFirst(5).reduce(0) { $0 * 10 + Int($1) - 48 } - 1
    }
}

/// What has passed the root, in both directions.
package struct RootTraffic {
    package struct Way {
        /// Frames on links by their type, and the bytes of them.
        fileprivate var frames = [Int](repeating: 0, count: 256)
        fileprivate var frameBytes = [Int](repeating: 0, count: 256)
        /// Bytes in HTTP: registrations, clients, and the heads with which links begin.
        package fileprivate(set) var httpBytes = 0

        package func frames(_ type: FrameType) -> Int { frames[Int(type.rawValue)] }

        /// Frames that come at their own times, whether anybody reads and writes or not.
        package var regular: Load {
            var load = Load()
            for type in [FrameType.renew, .fresh] {
                load.frames += frames[Int(type.rawValue)]
                load.bytes += frameBytes[Int(type.rawValue)]
            }
            return load
        }

        /// All other frames.
        package var caused: Load {
            Load(
                frames: frames.reduce(0, +) - regular.frames,
                bytes: frameBytes.reduce(0, +) - regular.bytes)
        }

        fileprivate static func - (one: Way, other: Way) -> Way {
            var difference = Way()
            for type in 0..<256 {
                difference.frames[type] = one.frames[type] - other.frames[type]
                difference.frameBytes[type] = one.frameBytes[type] - other.frameBytes[type]
            }
            difference.httpBytes = one.httpBytes - other.httpBytes
            return difference
        }
    }

    package struct Load {
        package var frames = 0
        package var bytes = 0
    }

    package fileprivate(set) var received = Way()
    package fileprivate(set) var sent = Way()

    static func - (one: RootTraffic, other: RootTraffic) -> RootTraffic {
        RootTraffic(received: one.received - other.received, sent: one.sent - other.sent)
    }
}

/// Types of frames that are told apart, as docs/link.md numbers them.
package enum FrameType: UInt8 {
    case renew = 0x05
    case commit = 0x84
    case push = 0x85
    case fresh = 0x88
}

/// One direction of a connection of the root.
private final class Direction {
    private enum Stage { case head, frames, http }

    private static let openings = [Array("GET /link ".utf8), Array("HTTP/1.1 101 ".utf8)]
    private static let headEnd: [UInt8] = [13, 10, 13, 10]
    /// The length of a frame and its type.
    private static let prefixBytes = 5

    private var stage = Stage.head
    /// What has come of the head, or of the next frame's prefix.
    private var start: [UInt8] = []
    /// Bytes of the current frame that have not come yet.
    private var missing = 0

    func read(_ bytes: UnsafeRawBufferPointer, _ way: inout RootTraffic.Way) {
        switch stage {
        case .http: way.httpBytes += bytes.count
        case .frames: readFrames(bytes[...], &way)
        case .head: readHead(bytes, &way)
        }
    }

    private func readHead(_ bytes: UnsafeRawBufferPointer, _ way: inout RootTraffic.Way) {
        for (index, byte) in bytes.enumerated() {
            start.append(byte)
            way.httpBytes += 1
            let isLink = Self.openings.contains { opening in
                opening.prefix(start.count).elementsEqual(start.prefix(opening.count))
            }
            guard isLink else {
                stage = .http
                start = []
                way.httpBytes += bytes.count - index - 1
                return
            }
            if start.suffix(4).elementsEqual(Self.headEnd) {
                stage = .frames
                start = []
                return readFrames(bytes[(index + 1)...], &way)
            }
        }
    }

    private func readFrames(
        _ bytes: Slice<UnsafeRawBufferPointer>, _ way: inout RootTraffic.Way
    ) {
        var rest = bytes
        while !rest.isEmpty {
            if missing > 0 {
                let count = min(missing, rest.count)
                missing -= count
                rest = rest.dropFirst(count)
            } else {
                start.append(rest.removeFirst())
                if start.count == Self.prefixBytes { beginFrame(&way) }
            }
        }
    }

    private func beginFrame(_ way: inout RootTraffic.Way) {
        let length = start[0..<4].reduce(0) { $0 << 8 | Int($1) }
        way.frames[Int(start[4])] += 1
        way.frameBytes[Int(start[4])] += 4 + length
        missing = length - 1
        start.removeAll(keepingCapacity: true)
    }
}
