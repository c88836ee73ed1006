#if CANOPY_MUTATIONS
    import UVHTTP

    /// What takes more than a condition to break a rule.
    extension Keyspace {
        /// Sends a reply late. Without rule 1 the child's bit comes late too: what changes between
        /// the reading and the reply is lost. Without rule 2 changes that come after the reply go
        /// out before it.
        func sendLate(
            _ message: ReplyMessage, of key: UnsafeRawBufferPointer, to child: Child
        ) {
            let key = Array(key)
            var queue = ByteQueue()
            DownMessage.reply(message).append(to: &queue)
            let frame = Array(queue.readable)
            let port = child.port
            loop.startTimer(afterMilliseconds: 5, repeatMilliseconds: 0) { [unowned self] in
                if !Rule.readIsOneStep.isKept, message.isFollowed, children[child.id] != nil {
                    key.withUnsafeBytes { setBit(of: child, $0) }
                }
                frame.withUnsafeBytes { Self.send($0, to: port) }
            }
        }

        private func setBit(of child: Child, _ key: UnsafeRawBufferPointer) {
            let entry = cache.pointee.find(key)
            guard !entry.isNone else { return }
            cache.pointee.setChildren(followers(of: entry) | child.bit, of: entry)
        }

        private static func send(_ frame: UnsafeRawBufferPointer, to port: any ChildPort) {
            guard let start = frame.baseAddress,
                let message = try? DownMessage.decode(
                    LinkFrame(start + 4, byteCount: frame.count - 4))
            else { return }
            port.send(message)
        }
    }
#endif
