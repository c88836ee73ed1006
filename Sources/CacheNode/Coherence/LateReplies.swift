#if CANOPY_MUTATIONS
    import UVHTTP

    /// What the link would be without its first two rules: replies take a way of their own, and so
    /// can be overtaken by pushes.
    extension Keyspace {
        private static var lateMilliseconds: UInt64 { 3 }

        /// Sends a reply a little later. Without rule 1 the child's bit is set only then, too.
        func sendLate(_ message: ReplyMessage, to child: Child, about entry: EntryReference) {
            let key = entry.isNone ? [] : Array(cache.pointee.key(of: entry))
            let reply = OwnedReply(message)
            loop.startTimer(
                afterMilliseconds: Self.lateMilliseconds, repeatMilliseconds: 0
            ) { [self] in
                guard children[child.id] === child else { return }
                let entry = key.withUnsafeBytes { cache.pointee.find($0) }
                if !Rule.readIsOneStep.isKept, message.isFollowed, !entry.isNone {
                    cache.pointee.setChildren(followers(of: entry) | child.bit, of: entry)
                }
                reply.withBorrowed { child.port.send(.reply($0)) }
            }
        }
    }

    /// A reply with bytes of its own.
    private struct OwnedReply {
        private let message: ReplyMessage
        private let hops: [UInt8]
        private var value: [UInt8] = []
        private var mediaType: [UInt8] = []

        init(_ message: ReplyMessage) {
            self.message = message
            hops = Array(message.hops)
            switch message.outcome {
            case .content(.value(let bytes, let type)):
                value = Array(bytes)
                mediaType = Array(type)
            case .unavailable(let sentence): value = Array(sentence)
            case .content(.absent), .notModified: break
            }
        }

        func withBorrowed(_ body: (ReplyMessage) -> Void) {
            value.withUnsafeBytes { value in
                mediaType.withUnsafeBytes { mediaType in
                    hops.withUnsafeBytes { hops in
                        var message = message
                        message.hops = hops
                        switch message.outcome {
                        case .content(.value):
                            message.outcome = .content(.value(value, mediaType: mediaType))
                        case .unavailable: message.outcome = .unavailable(value)
                        case .content(.absent), .notModified: break
                        }
                        body(message)
                    }
                }
            }
        }
    }
#endif
