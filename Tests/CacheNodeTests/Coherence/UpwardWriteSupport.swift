@testable import CacheNode

extension UpwardWrite {
    enum Change {
        case put(value: [UInt8], mediaType: [UInt8])
        case delete
    }

    static func make(
        origin: UInt64, sequence: UInt64, key: [UInt8], change: Change
    ) -> UpwardWrite {
        key.withUnsafeBytes { key in
            switch change {
            case .delete: make(origin: origin, sequence: sequence, key: key, .absent)
            case .put(let value, let mediaType):
                value.withUnsafeBytes { value in
                    mediaType.withUnsafeBytes {
                        make(
                            origin: origin, sequence: sequence, key: key,
                            .value(value, mediaType: $0))
                    }
                }
            }
        }
    }

    var keyBytes: [UInt8] { withBorrowed { key, _ in Array(key) } }
}
