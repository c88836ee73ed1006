/// What is wrong with a frame. Each ends the session.
enum LinkFault: Error, Equatable {
    /// The frame says that it has this many bytes.
    case length(UInt32)
    case unknownType(UInt8)
    /// A type that may not come now, or not from this side.
    case outOfTurn(UInt8)
    /// The frame ends before its fields do.
    case short
    /// The frame goes on behind its last field.
    case trailing
    /// A key of this many bytes.
    case key(Int)
    /// A media type of this many bytes.
    case mediaType(Int)
    /// A text (hops, a sentence) of this many bytes.
    case text(Int)
    case name
    /// The number of a write or a commit that is 0 where it counts from 1, or over 48 bits.
    case sequence(UInt64)
    /// A code or flags without a meaning, or a field that means nothing with the code beside it.
    case code
}

extension LinkFault: CustomStringConvertible {
    /// A part of a sentence: "it sent …".
    var description: String {
        switch self {
        case .length(let count): "a frame of \(count) bytes, which is more than this node takes"
        case .unknownType(let type): "a frame of the unknown type \(type)"
        case .outOfTurn(let type): "a frame of type \(type) out of turn"
        case .short: "a frame that ends before its fields do"
        case .trailing: "a frame that goes on behind its last field"
        case .key(let count): "a key of \(count) bytes"
        case .mediaType(let count): "a media type of \(count) bytes"
        case .text(let count): "a text of \(count) bytes"
        case .name: "a name that no node can have"
        case .sequence(let number): "the sequence \(number)"
        case .code: "a field that means nothing"
        }
    }
}
