import UVHTTP

/// What an `If-Match` or `If-None-Match` field says (RFC 9110 §13.1.1, §13.1.2), as far as it can
/// ever be met: tags that no node of this tree gives out match nothing and are left out.
struct EntityTags: Equatable {
    /// `*`: whatever there is.
    private(set) var isAny = false
    /// The versions that are named, without repeats.
    private(set) var versions: [Version] = []
    /// Tags are there, whether they are ours or not.
    private var hasTags = false

    /// Which field it is, and so how tags are compared (RFC 9110 §8.8.3.2).
    enum Field {
        /// Strongly: a weak tag matches nothing.
        case ifMatch
        /// Weakly: `W/` doesn't count.
        case ifNoneMatch

        var name: String { self == .ifMatch ? "If-Match" : "If-None-Match" }

        var lowercaseName: StaticString { self == .ifMatch ? "if-match" : "if-none-match" }
    }

    /// The tags of all lines of the field together (RFC 9110 §5.3); nil when the field is absent.
    /// Throws when a line is no list of tags, or `*` doesn't stand alone.
    init?(_ fields: HTTPFields, _ field: Field) throws(FieldProblem) {
        var isPresent = false
        var isValid = true
        fields.forEach { name, value in
            guard name.equalsIgnoringCase(field.lowercaseName) else { return }
            isPresent = true
            isValid = isValid && read(value, field)
        }
        guard isPresent else { return nil }
        guard isValid, isAny != hasTags else {
            throw FieldProblem(
                "\(field.name) must be * or a list of entity tags in quotes, such as \"7.42\"")
        }
    }

    /// Whether content of this version is among what the field names.
    func matches(_ version: Version) -> Bool {
        isAny || (version != .none && versions.contains(version))
    }

    /// Reads one line; false when it breaks the grammar.
    private mutating func read(_ line: UnsafeRawBufferPointer, _ field: Field) -> Bool {
        var rest = line
        while true {
            rest = rest.droppingSpace
            guard let first = rest.first else { return true }
            switch first {
            case ASCII.comma:
                rest = rest.dropping(1)
                continue
            case UInt8(ascii: "*"):
                if isAny { return false }
                isAny = true
                rest = rest.dropping(1)
            default:
                guard let tag = EntityTag(prefixOf: rest) else { return false }
                note(tag, field)
                rest = rest.dropping(tag.byteCount)
            }
            rest = rest.droppingSpace
            guard rest.isEmpty || rest[0] == ASCII.comma else { return false }
        }
    }

    private mutating func note(_ tag: EntityTag, _ field: Field) {
        hasTags = true
        if field == .ifMatch, tag.isWeak { return }
        guard let version = Version(entityTag: tag.opaque), !versions.contains(version) else {
            return
        }
        versions.append(version)
    }
}

/// One entity tag (RFC 9110 §8.8.3), borrowed.
struct EntityTag {
    var isWeak: Bool
    /// What stands between the quotes.
    var opaque: UnsafeRawBufferPointer

    /// Bytes that the tag takes.
    var byteCount: Int { opaque.count + (isWeak ? 4 : 2) }

    /// The tag that `bytes` begin with; nil if they begin with none.
    init?(prefixOf bytes: UnsafeRawBufferPointer) {
        isWeak = bytes.starts(with: "W/")
        let start = isWeak ? 2 : 0
        guard bytes.count > start, bytes[start] == ASCII.quote else { return nil }
        var end = start + 1
        while end < bytes.count, Self.isTagCharacter(bytes[end]) { end += 1 }
        guard end < bytes.count, bytes[end] == ASCII.quote else { return nil }
        opaque = UnsafeRawBufferPointer(rebasing: bytes[(start + 1)..<end])
    }

    private static func isTagCharacter(_ byte: UInt8) -> Bool {
        byte > ASCII.space && byte != ASCII.quote && byte != 0x7F
    }
}

extension Version {
    /// The version that a node of this tree writes as `opaque`; nil for what none writes.
    init?(entityTag opaque: UnsafeRawBufferPointer) {
        guard let point = opaque.firstIndex(of: UInt8(ascii: ".")),
            let epoch = Self.number(opaque.slice(0..<point)),
            let sequence = Self.number(opaque.slice((point + 1)..<opaque.count)),
            epoch <= UInt32.max, sequence <= Version.sequenceMax
        else { return nil }
        self.init(epoch: UInt32(epoch), sequence: sequence)
    }

    /// A number of one or more digits without leading zeros: there is one way to write a version.
    private static func number(_ digits: UnsafeRawBufferPointer) -> UInt64? {
        guard digits.count <= 1 || digits[0] != UInt8(ascii: "0") else { return nil }
        return ASCII.decimal(digits).map(UInt64.init)
    }
}

/// Why a field or a parameter of a request was not understood: a sentence for the client.
struct FieldProblem: Error, Equatable {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}

extension UnsafeRawBufferPointer {
    /// These bytes from the first that is neither space nor tab on.
    var droppingSpace: UnsafeRawBufferPointer {
        dropping(firstIndex { $0 != ASCII.space && $0 != ASCII.tab } ?? count)
    }
}
