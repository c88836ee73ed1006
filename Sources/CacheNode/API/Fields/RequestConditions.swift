import UVHTTP

/// The conditions of a read (RFC 9110 §13.1), which outlive the request.
struct ReadConditions: Equatable {
    private var match: EntityTags?
    private var noneMatch: EntityTags?

    enum Verdict {
        /// The whole answer.
        case proceed
        /// 304
        case notModified
        /// 412
        case failed
    }

    /// No conditions.
    init() {}

    init(_ fields: HTTPFields) throws(FieldProblem) {
        match = try EntityTags(fields, .ifMatch)
        noneMatch = try EntityTags(fields, .ifNoneMatch)
    }

    /// In the order of RFC 9110 §13.2.2, for a key that exists: for others no condition counts
    /// (§13.2.1).
    func verdict(on version: Version) -> Verdict {
        if let match, !match.matches(version) { return .failed }
        if let noneMatch, noneMatch.matches(version) { return .notModified }
        return .proceed
    }
}

/// What the conditions of a write come to.
enum WriteConditions: Equatable {
    /// The root decides by this.
    case decides(WriteCondition)
    /// They can't be met, whatever the key has: 412.
    case neverMet

    /// `If-Match` and `If-None-Match` together (RFC 9110 §13.2.2). What travels to the root is one
    /// condition on one version, so a field must name one of our versions at most.
    init(_ fields: HTTPFields) throws(FieldProblem) {
        let match = try EntityTags(fields, .ifMatch)
        let noneMatch = try EntityTags(fields, .ifNoneMatch)
        for tags in [match, noneMatch] where (tags?.versions.count ?? 0) > 1 {
            throw FieldProblem(
                "the condition of a write may name one version: repeat the write for another one")
        }
        self = try Self.combined(Self.positive(match), Self.negative(noneMatch))
    }

    private static func positive(_ tags: EntityTags?) -> WriteConditions {
        guard let tags else { return .decides(.none) }
        if tags.isAny { return .decides(.exists) }
        return tags.versions.first.map { .decides(.matches($0)) } ?? .neverMet
    }

    private static func negative(_ tags: EntityTags?) -> WriteConditions {
        guard let tags else { return .decides(.none) }
        if tags.isAny { return .decides(.isAbsent) }
        return .decides(tags.versions.first.map(WriteCondition.differs) ?? .none)
    }

    /// Both must hold.
    private static func combined(
        _ match: WriteConditions, _ noneMatch: WriteConditions
    ) throws(FieldProblem) -> WriteConditions {
        guard case .decides(let match) = match, case .decides(let noneMatch) = noneMatch else {
            return .neverMet
        }
        switch (match, noneMatch) {
        case (_, .none): return .decides(match)
        case (.none, _): return .decides(noneMatch)
        case (.matches(let version), .differs(let other)) where version != other:
            return .decides(match)
        case (.exists, .differs):
            throw FieldProblem(
                "If-Match: * together with a tag in If-None-Match is not supported: name the"
                    + " version that the key must have in If-Match")
        default: return .neverMet
        }
    }
}
