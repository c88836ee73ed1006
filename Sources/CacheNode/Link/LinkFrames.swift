import UVHTTP

/// The types of frames (`docs/link.md`) and their limits.
enum LinkFrames {
    static let protocolName: StaticString = "canopy-link/1"
    /// Where a node's links are asked for.
    static let target = "/link"

    /// Bytes of a frame beyond the limit of a body.
    static let overheadBytesMax = 4096
    static let keyBytesMax = 511
    static let mediaTypeBytesMax = 255
    /// Bytes of a reply's hops: some fifty nodes.
    static let hopsBytesMax = 3072
    /// Bytes of a sentence.
    static let sentenceBytesMax = 1024

    static let hello: UInt8 = 0x01
    static let get: UInt8 = 0x02
    static let put: UInt8 = 0x03
    static let evict: UInt8 = 0x04
    static let renew: UInt8 = 0x05

    /// Bytes of an ACCEPT before its count.
    static let acceptCountOffset = 5

    static let welcome: UInt8 = 0x81
    static let reply: UInt8 = 0x82
    static let accept: UInt8 = 0x83
    static let commit: UInt8 = 0x84
    static let push: UInt8 = 0x85
    static let invalidate: UInt8 = 0x86
    static let reset: UInt8 = 0x87
    static let fresh: UInt8 = 0x88
    static let flush: UInt8 = 0x89
}

/// The codes of frames' fields.
extension CoherenceMode {
    var linkCode: UInt8 {
        switch self {
        case .none: 0
        case .ttl: 1
        case .sync: 2
        case .push: 3
        }
    }

    init?(linkCode: UInt8) {
        switch linkCode {
        case 0: self = .none
        case 1: self = .ttl
        case 2: self = .sync
        case 3: self = .push
        default: return nil
        }
    }
}

extension WriteCondition {
    var linkCode: UInt8 {
        switch self {
        case .none: 0
        case .matches: 1
        case .exists: 2
        case .isAbsent: 3
        case .differs: 4
        }
    }

    /// The version that stands beside the code; `none` where there is none.
    var version: Version {
        switch self {
        case .matches(let version), .differs(let version): version
        case .none, .exists, .isAbsent: .none
        }
    }

    @inline(__always)
    init(linkCode: UInt8, version: Version) throws(LinkFault) {
        switch linkCode {
        case 1: self = .matches(version)
        case 4: self = .differs(version)
        case 0: self = .none
        case 2: self = .exists
        case 3: self = .isAbsent
        default: throw .code
        }
        guard self.version == version else { throw .code }
    }
}

/// Codes of outcomes, kinds and flags.
enum LinkCode {
    static let value: UInt8 = 0
    /// Of PUT and PUSH.
    static let deletion: UInt8 = 1
    /// Of PUT, a bit of its own.
    static let again: UInt8 = 2
    /// Of REPLY.
    static let absent: UInt8 = 1
    static let notModified: UInt8 = 2
    static let unavailable: UInt8 = 3
    /// Of COMMIT.
    static let committed: UInt8 = 0
    static let superseded: UInt8 = 1
    static let supersededByAbsence: UInt8 = 2
    static let refused: UInt8 = 3
    /// A flag of GET.
    static let asksRoot: UInt8 = 1
    /// A flag of REPLY.
    static let isFollowed: UInt8 = 1
}
