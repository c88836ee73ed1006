import UVHTTP

/// What a writer asks for beyond the write: a condition, and what the answer waits for.
struct WriteWish: Equatable {
    var condition = WriteCondition.none
    var ack = WriteAck.parent

    enum Reading: Equatable {
        case understood(WriteWish)
        /// The condition can't be met, whatever the key has: 412.
        case neverMet
        /// A sentence for the client: 400.
        case refused(String)
    }

    /// - Parameters:
    ///   - fields: `If-Match` and `If-None-Match`, if there are any.
    ///   - ack: `?ack=`, decoded; nil when it isn't there.
    ///   - waitsForParent: What the earlier APIs' flag says; nil when it isn't there.
    ///   - flagName: That flag, as its API calls it.
    static func read(
        _ fields: HTTPFields?, ack: [UInt8]?, waitsForParent: Bool?, flagName: StaticString
    ) -> Reading {
        do throws(FieldProblem) {
            let ack = try Self.ack(ack, waitsForParent: waitsForParent, flagName: flagName)
            switch try fields.map(WriteConditions.init) {
            case nil: return .understood(WriteWish(ack: ack))
            case .decides(let condition):
                return .understood(WriteWish(condition: condition, ack: ack))
            case .neverMet: return .neverMet
            }
        } catch {
            return .refused(error.sentence)
        }
    }

    /// The flag chooses between `local` and `parent`; `ack` can say more, but not the opposite.
    private static func ack(
        _ text: [UInt8]?, waitsForParent: Bool?, flagName: StaticString
    ) throws(FieldProblem) -> WriteAck {
        guard let text else { return waitsForParent == false ? .local : .parent }
        guard let ack = WriteAck(rawValue: String(decoding: text, as: UTF8.self)) else {
            throw FieldProblem("ack must be local, parent or root")
        }
        guard let waitsForParent, waitsForParent != (ack != .local) else { return ack }
        throw FieldProblem(
            "ack=\(ack.rawValue) and \(flagName.description) contradict each other: the answer"
                + " \(ack == .local ? "waits for nobody" : "waits for somebody") by one, and not by"
                + " the other; leave one of them out")
    }
}
