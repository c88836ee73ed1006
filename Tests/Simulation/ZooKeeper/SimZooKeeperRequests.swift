// What the servers do with requests.
extension SimZooKeeper {
    /// Does what a client asks for and replies to it.
    func execute(_ reader: inout SimZooKeeperReader, for connection: SimZooKeeperConnection) {
        guard let xid = try? reader.int() else { return connection.close() }
        do throws(SimZooKeeperCode) {
            try execute(xid, &reader, for: connection)
        } catch .malformed {
            connection.close()
        } catch {
            connection.send(
                SimZooKeeperFrame(xid: xid, zxid: tree.zxid, code: error.rawValue))
        }
    }

    private func execute(
        _ xid: Int32, _ reader: inout SimZooKeeperReader, for connection: SimZooKeeperConnection
    ) throws(SimZooKeeperCode) {
        let opcode = try reader.int()
        switch opcode {
        case 1, 2, 5, 7, 15: try write(xid, opcode, &reader, connection)
        case 14: try multi(xid, &reader, connection)
        case 3, 4, 6, 8, 9, 12: try read(xid, opcode, &reader, connection)
        case 11: reply(xid, to: connection)
        case 18: try removeWatches(xid, &reader, connection)
        case 100: try authenticate(xid, &reader, connection)
        case 105: try setWatches(xid, &reader, connection)
        case 106:
            let path = try reader.string()
            watches.add(try reader.int() == 1 ? .recursive : .persistent, path, connection)
            reply(xid, to: connection) { $0.int(0) }
        case -11:
            end(connection.sessionID)
            reply(xid, to: connection)
            connection.close()
        default: throw .unimplemented
        }
    }

    private func reply(
        _ xid: Int32, to connection: SimZooKeeperConnection,
        _ body: (inout SimZooKeeperFrame) -> Void = { _ in }
    ) {
        var frame = SimZooKeeperFrame(xid: xid, zxid: tree.zxid)
        body(&frame)
        connection.send(frame)
    }

    private func authenticate(
        _ xid: Int32, _ reader: inout SimZooKeeperReader, _ connection: SimZooKeeperConnection
    ) throws(SimZooKeeperCode) {
        _ = try reader.int()
        let scheme = try reader.string()
        let credentials = try reader.buffer()
        if connection.authenticate(scheme, credentials) {
            return connection.send(SimZooKeeperFrame(xid: xid, zxid: 0))
        }
        connection.send(SimZooKeeperFrame(xid: xid, zxid: 0, code: -115))
        connection.close()
    }

    // MARK: Writes

    /// One operation, alone or in a `multi`.
    private struct Operation {
        var opcode: Int32
        var path: String
        var data: [UInt8] = []
        var rules: [SimZooKeeperRule] = []
        /// A version, or a new node's flags.
        var number: Int32 = 0

        init(
            _ opcode: Int32, _ reader: inout SimZooKeeperReader
        ) throws(SimZooKeeperCode) {
            self.opcode = opcode
            path = try reader.string()
            if [1, 5, 15].contains(opcode) { data = try reader.buffer() }
            if [1, 7, 15].contains(opcode) { rules = try reader.rules() }
            number = try reader.int()
        }
    }

    private enum Effect { case created(String), changed(SimZooKeeperNode), nothing }

    private func write(
        _ xid: Int32, _ opcode: Int32, _ reader: inout SimZooKeeperReader,
        _ connection: SimZooKeeperConnection
    ) throws(SimZooKeeperCode) {
        let operation = try Operation(opcode, &reader)
        tree.nextTransaction()
        let effect = try apply(operation, connection.caller)
        onWrite?(connection.sessionID, opcode, operation.path, operation.data)
        tellEvents()
        reply(xid, to: connection) { frame in
            switch effect {
            case .created(let path):
                frame.string(path)
                if opcode == 15, let node = tree.nodes[path] { frame.stat(node) }
            case .changed(let node): frame.stat(node)
            case .nothing: break
            }
        }
    }

    private func apply(
        _ operation: Operation, _ caller: SimZooKeeperCaller
    ) throws(SimZooKeeperCode) -> Effect {
        let now = Int64(world.unixSecondsAtStart) * 1000 + Int64(world.nowMilliseconds)
        let path = operation.path
        switch operation.opcode {
        case 1, 15:
            return .created(
                try tree.create(
                    path, operation.data, operation.rules, flags: operation.number, now: now,
                    caller))
        case 2:
            try tree.delete(path, version: operation.number, caller)
            return .nothing
        case 5:
            return .changed(
                try tree.set(path, operation.data, version: operation.number, now: now, caller))
        case 7:
            return .changed(
                try tree.setRules(path, operation.rules, version: operation.number, caller))
        case 13:
            try tree.check(path, version: operation.number, caller)
            return .nothing
        default: throw .unimplemented
        }
    }

    private func multi(
        _ xid: Int32, _ reader: inout SimZooKeeperReader, _ connection: SimZooKeeperConnection
    ) throws(SimZooKeeperCode) {
        var operations: [Operation] = []
        while true {
            let opcode = try reader.int()
            let isEnd = try reader.bool()
            _ = try reader.int()
            if isEnd { break }
            operations.append(try Operation(opcode, &reader))
        }
        tree.nextTransaction()
        let before = tree
        var effects: [Effect] = []
        do throws(SimZooKeeperCode) {
            for operation in operations {
                effects.append(try apply(operation, connection.caller))
            }
        } catch {
            tree = before
            return refuse(operations.count, at: effects.count, error, xid, connection)
        }
        for operation in operations where operation.opcode != 13 {
            onWrite?(connection.sessionID, operation.opcode, operation.path, operation.data)
        }
        tellEvents()
        reply(xid, to: connection) { frame in
            for (operation, effect) in zip(operations, effects) {
                frame.multiHeader(operation.opcode == 15 ? 1 : operation.opcode)
                switch effect {
                case .created(let path): frame.string(path)
                case .changed(let node): frame.stat(node)
                case .nothing: break
                }
            }
            frame.multiHeader(-1, isEnd: true)
        }
    }

    /// Every operation fails: those before the one at fault with 0, those behind it with -2.
    private func refuse(
        _ count: Int, at fault: Int, _ code: SimZooKeeperCode, _ xid: Int32,
        _ connection: SimZooKeeperConnection
    ) {
        reply(xid, to: connection) { frame in
            for index in 0..<count {
                frame.multiHeader(-1)
                frame.int(index < fault ? 0 : index == fault ? code.rawValue : -2)
            }
            frame.multiHeader(-1, isEnd: true)
        }
    }

    // MARK: Reads

    private func read(
        _ xid: Int32, _ opcode: Int32, _ reader: inout SimZooKeeperReader,
        _ connection: SimZooKeeperConnection
    ) throws(SimZooKeeperCode) {
        let path = try reader.string()
        if opcode == 9 { return reply(xid, to: connection) { $0.string(path) } }
        let isWatched = opcode == 6 ? false : try reader.bool()
        if opcode == 3, isWatched, tree.nodes[path] == nil {
            watches.add(.exists, path, connection)
        }
        let isOpen = opcode == 3 || opcode == 6
        let node = isOpen ? try tree.node(path) : try tree.read(path, connection.caller)
        if isWatched { watches.add(opcode < 8 ? .data : .children, path, connection) }
        reply(xid, to: connection) { frame in
            switch opcode {
            case 4: frame.buffer(node.data)
            case 6: frame.rules(node.rules)
            case 8, 12: frame.strings(node.children)
            default: break
            }
            if opcode != 8 { frame.stat(node) }
        }
    }

    // MARK: Watches

    private func removeWatches(
        _ xid: Int32, _ reader: inout SimZooKeeperReader, _ connection: SimZooKeeperConnection
    ) throws(SimZooKeeperCode) {
        let path = try reader.string()
        let kinds: [SimZooKeeperWatches.Kind] =
            switch try reader.int() {
            case 1: [.children]
            case 2: [.data, .exists]
            default: SimZooKeeperWatches.Kind.allCases
            }
        let removed = kinds.filter { watches.remove($0, path, connection) }
        guard !removed.isEmpty else { throw .noWatcher }
        reply(xid, to: connection)
    }

    /// Sets a reconnected client's watches; those that would have fired meanwhile do so now.
    private func setWatches(
        _ xid: Int32, _ reader: inout SimZooKeeperReader, _ connection: SimZooKeeperConnection
    ) throws(SimZooKeeperCode) {
        let seen = try reader.long()
        for kind in SimZooKeeperWatches.Kind.allCases {
            for path in try reader.strings() {
                if let event = missed(kind, tree.nodes[path], since: seen) {
                    connection.tell(event, path)
                } else {
                    watches.add(kind, path, connection)
                }
            }
        }
        reply(xid, to: connection)
    }

    private func missed(
        _ kind: SimZooKeeperWatches.Kind, _ node: SimZooKeeperNode?, since seen: Int64
    ) -> SimZooKeeperEvent? {
        switch kind {
        case .data:
            guard let node else { return .deleted }
            return node.mzxid > seen ? .dataChanged : nil
        case .exists: return node == nil ? nil : .created
        case .children:
            guard let node else { return .deleted }
            return node.pzxid > seen ? .childrenChanged : nil
        case .persistent, .recursive: return nil
        }
    }
}

extension SimZooKeeperFrame {
    fileprivate mutating func multiHeader(_ opcode: Int32, isEnd: Bool = false) {
        int(opcode)
        bool(isEnd)
        int(-1)
    }
}
