import UVHTTP

/// What `Cache-Control` of a request asks for (RFC 9111 §5.2.1): `no-cache`, `only-if-cached`,
/// `max-age` and `min-fresh`. `max-stale` is left out, because how stale an answer may be is a
/// setting of the tree; so is `no-store`, because a key's value is kept for all readers. Unknown
/// directives are ignored (§5.2.3).
struct CacheDirectives: Equatable {
    private(set) var noCache = false
    private(set) var onlyIfCached = false
    /// The largest age in seconds that will do.
    private(set) var maxAge: Int?
    /// For how many seconds at least the answer must stay fresh.
    private(set) var minFresh: Int?

    /// Seconds that stand for "too many to count" (§1.2.2).
    private static let secondsMax = 2_147_483_648

    /// No directives.
    init() {}

    /// The directives of all lines of the field. A line goes as far as it can be understood: what
    /// the client wanted beyond that is its wish, not our rule.
    init(_ fields: HTTPFields) {
        fields.forEach { name, value in
            if name.equalsIgnoringCase("cache-control") { read(value) }
        }
    }

    /// How old an answer may be matters.
    var limitsAge: Bool { maxAge != nil || minFresh != nil }

    /// Whether an answer of this kind is what was asked for. An age without bound is too old for
    /// any `max-age`, and what has no limit is fresh for ever.
    func accepts(_ note: ReadNote) -> Bool {
        if let maxAge {
            guard let age = note.ageMilliseconds, Int(age) <= maxAge * 1000 else { return false }
        }
        if let minFresh, let fresh = note.freshMilliseconds {
            return fresh >= Int64(minFresh) * 1000
        }
        return true
    }

    private mutating func read(_ line: UnsafeRawBufferPointer) {
        var rest = line
        while !rest.isEmpty {
            guard let directive = CacheDirective(prefixOf: rest) else { return }
            note(directive)
            rest = rest.dropping(directive.byteCount)
        }
    }

    private mutating func note(_ directive: CacheDirective) {
        if directive.name.equalsIgnoringCase("no-cache") {
            noCache = true
        } else if directive.name.equalsIgnoringCase("only-if-cached") {
            onlyIfCached = true
        } else if directive.name.equalsIgnoringCase("max-age") {
            // Of two the stricter counts; one that is no number is stale at once (§4.2.1).
            maxAge = min(maxAge ?? .max, Self.seconds(directive.argument) ?? 0)
        } else if directive.name.equalsIgnoringCase("min-fresh") {
            minFresh = max(minFresh ?? 0, Self.seconds(directive.argument) ?? 0)
        }
    }

    /// A number of seconds, quoted or not (§5.2); too large a one is cut off.
    private static func seconds(_ argument: UnsafeRawBufferPointer?) -> Int? {
        guard let argument, !argument.isEmpty, argument.allSatisfy({ $0 &- 0x30 < 10 }) else {
            return nil
        }
        return min(ASCII.decimal(argument) ?? secondsMax, secondsMax)
    }
}

/// One member of a `Cache-Control` list, borrowed: a token, and perhaps an argument.
private struct CacheDirective {
    var name: UnsafeRawBufferPointer
    /// What follows the `=`, without quotes; an escape in a quoted string stays as it is, because
    /// no argument that counts has one.
    var argument: UnsafeRawBufferPointer?
    /// Bytes up to the next member, commas and space included.
    var byteCount: Int

    /// The first member of `bytes`, which may be an empty one; nil when they break the grammar
    /// (RFC 9110 §5.6.1, §5.6.6).
    init?(prefixOf bytes: UnsafeRawBufferPointer) {
        var offset = Self.skipSpace(bytes, from: 0)
        let start = offset
        while offset < bytes.count, Self.isToken(bytes[offset]) { offset += 1 }
        name = bytes.slice(start..<offset)
        if !name.isEmpty, offset < bytes.count, bytes[offset] == ASCII.equals {
            let first = offset + 1
            if first < bytes.count, bytes[first] == ASCII.quote {
                guard let end = Self.quotedEnd(bytes, from: first + 1) else { return nil }
                argument = bytes.slice((first + 1)..<end)
                offset = end + 1
            } else {
                offset = first
                while offset < bytes.count, Self.isToken(bytes[offset]) { offset += 1 }
                argument = bytes.slice(first..<offset)
            }
        }
        offset = Self.skipSpace(bytes, from: offset)
        guard offset == bytes.count || bytes[offset] == ASCII.comma else { return nil }
        byteCount = min(offset + 1, bytes.count)
    }

    /// Where the quoted string ends whose content begins at `start`.
    private static func quotedEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var offset = start
        while offset < bytes.count, bytes[offset] != ASCII.quote {
            offset += bytes[offset] == ASCII.backslash ? 2 : 1
        }
        return offset < bytes.count ? offset : nil
    }

    private static func skipSpace(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var offset = start
        while offset < bytes.count, bytes[offset] == ASCII.space || bytes[offset] == ASCII.tab {
            offset += 1
        }
        return offset
    }

    /// What can't delimit anything; the parser of heads has refused controls.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case ASCII.space, ASCII.tab, ASCII.comma, ASCII.equals, ASCII.quote: false
        default: true
        }
    }
}
