import Foundation
import Testing
import UVHTTP
import ZooKeeper

extension RealServerTests {
    /// Every request against a real server.
    @Suite struct Requests {
        @Test func everyKindOfNodeIsCreatedReadChangedAndDeleted() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.emptyChroot()
            let recorder = try real.client(server)
            let connection = try recorder.connect(in: real)
            #expect(connection.isNew && connection.sessionID != 0)
            #expect(connection.timeoutMilliseconds == 4000)
            let client = recorder.client
            let a = try real.value { client.create("/a", data: [1, 2, 3], completion: $0) }
            #expect(a.path == "/a" && a.stat.dataLength == 3 && a.stat.ephemeralOwner == 0)
            let e = try real.value { client.create("/a/e", mode: .ephemeral, completion: $0) }
            #expect(e.stat.ephemeralOwner == connection.sessionID)
            let first = try real.value {
                client.create("/a/s-", mode: .persistentSequential, completion: $0)
            }
            let second = try real.value {
                client.create("/a/", mode: .ephemeralSequential, completion: $0)
            }
            #expect(first.path == "/a/s-0000000001" && second.path == "/a/0000000002")
            let children = try real.value { client.children("/a", completion: $0) }
            #expect(
                Set(children.names) == ["e", "s-0000000001", "0000000002"]
                    && children.stat.childCount == 3)
            #expect(try real.value { client.get("/a", completion: $0) }.data == [1, 2, 3])
            let stat = try real.value { client.set("/a", data: [9], version: 0, completion: $0) }
            #expect(stat.version == 1)
            #expect(try real.value { client.exists("/a", completion: $0) }?.version == 1)
            #expect(try real.value { client.exists("/b", completion: $0) } == nil)
            try real.value { client.sync(completion: $0) }
            try real.value { client.delete("/a/e", version: 0, completion: $0) }
            #expect(try real.value { client.exists("/a/e", completion: $0) } == nil)
        }

        @Test func refusalsHaveTheirNames() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.emptyChroot()
            let client = try real.client(server)
            try client.connect(in: real)
            let zk = client.client
            _ = try real.value { zk.create("/a", mode: .ephemeral, completion: $0) }
            _ = try real.value { zk.create("/p", completion: $0) }
            _ = try real.value { zk.create("/p/c", completion: $0) }
            try real.expect(.nodeExists) { zk.create("/a", completion: $0) }
            try real.expect(.noNode) { zk.create("/x/y", completion: $0) }
            try real.expect(.noChildrenForEphemerals) { zk.create("/a/b", completion: $0) }
            try real.expect(.notEmpty) { zk.delete("/p", completion: $0) }
            try real.expect(.noNode) { zk.delete("/x", completion: $0) }
            try real.expect(.badVersion) { zk.set("/p", data: [], version: 7, completion: $0) }
            try real.expect(.invalidACL) { zk.create("/q", acl: ACL.creator, completion: $0) }
            try real.expect(.noWatcher) { zk.removeWatches("/p", completion: $0) }
            try real.expect(.invalidPath("/p/", reason: "ends with '/'")) {
                zk.get("/p/", completion: $0)
            }
            let chroot = zk.connectString.chroot.utf8.count
            let big = [UInt8](repeating: 0, count: 1 << 20)
            try real.expect(.requestTooLarge(bytes: big.count + 51 + chroot, limit: 0xFFFFF)) {
                zk.create("/big", data: big, completion: $0)
            }
            let large = [UInt8](repeating: 7, count: 0xFFFFF - 100)
            _ = try real.value { zk.create("/big", data: large, completion: $0) }
            #expect(try real.value { zk.get("/big", completion: $0) }.data == large)
            #expect(client.states.count == 1)
        }

        @Test func aMultiIsDoneWhollyOrNotAtAll() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.emptyChroot()
            let client = try real.client(server + "/top/app")
            try client.connect(in: real)
            let zk = client.client
            try real.value { zk.createChroot(completion: $0) }
            let results = try real.value {
                zk.multi(
                    [
                        .create(path: "/m", data: [1]), .check(path: "/m", version: 0),
                        .set(path: "/m", data: [2], version: 0),
                        .create(path: "/m/s-", data: [], mode: .ephemeralSequential),
                        .create(path: "/gone", data: []), .delete(path: "/gone"),
                    ], completion: $0)
            }
            try #require(results.count == 6)
            guard case .set(let stat) = results[2] else {
                Issue.record("\(results)")
                return
            }
            #expect(stat.version == 1)
            #expect(results[0] == .created(path: "/m"))
            #expect(results[3] == .created(path: "/m/s-0000000000"))
            #expect(results[1] == .checked && results[5] == .deleted)
            try real.expect(.multi(operation: 1, error: .badVersion)) {
                zk.multi(
                    [
                        .set(path: "/m", data: [3]), .check(path: "/m", version: 9),
                        .delete(path: "/m"),
                    ], completion: $0)
            }
            #expect(try real.value { zk.get("/m", completion: $0) }.data == [2])
            #expect(try real.value { zk.multi([], completion: $0) } == [])
        }

        @Test func rulesKeepOutWhoeverHasAnotherPassword() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.emptyChroot()
            let owner = try real.client(server) {
                $0.authentications = [.digest(user: "canopy", password: "right")]
            }
            try owner.connect(in: real)
            let zk = owner.client
            _ = try real.value {
                zk.create("/mine", data: [1], acl: ACL.creator, completion: $0)
            }
            let acl = try real.value { zk.getACL("/mine", completion: $0) }
            #expect(acl.rules.map(\.scheme) == ["digest"])
            #expect(acl.rules == [ACL.digest(.all, user: "canopy", password: "right")])
            let stranger = try real.client(server)
            try stranger.connect(in: real)
            try real.expect(.noAuth) { stranger.client.get("/mine", completion: $0) }
            try real.value {
                stranger.client.addAuthentication(
                    .digest(user: "canopy", password: "wrong"), completion: $0)
            }
            try real.expect(.noAuth) { stranger.client.get("/mine", completion: $0) }
            try real.value {
                stranger.client.addAuthentication(
                    .digest(user: "canopy", password: "right"), completion: $0)
            }
            #expect(try real.value { stranger.client.get("/mine", completion: $0) }.data == [1])
            let open = try real.value {
                zk.setACL("/mine", acl: ACL.readByAnyone, version: 0, completion: $0)
            }
            #expect(open.aclVersion == 1)
        }

        @Test func anAuthenticationThatIsRefusedIsTheEnd() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.emptyChroot()
            let client = try real.client(server)
            try client.connect(in: real)
            let zk = client.client
            var results: [String] = []
            let unknown = Authentication(scheme: "nobody", credentials: [1])
            zk.addAuthentication(unknown) { results.append("\($0)") }
            try real.wait(for: "the end") { zk.state == .authFailed }
            #expect(results == ["failure(the authentication was refused)"])
            try real.expect(.authFailed) { zk.get("/", completion: $0) }
            var isConfirmed: Bool?
            zk.close(deadlineMilliseconds: 1000) { isConfirmed = $0 }
            try real.wait(for: "closing") { isConfirmed != nil }
            #expect(isConfirmed == false && zk.state == .closed)
        }

        @Test func watchesHearOfWhatHappens() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.emptyChroot()
            let watcher = try real.client(server + "/w")
            let other = try real.client(server + "/w")
            try watcher.connect(in: real)
            try other.connect(in: real)
            try real.value { other.client.createChroot(completion: $0) }
            let zk = watcher.client
            #expect(try real.value { zk.exists("/n", watch: true, completion: $0) } == nil)
            try real.value { zk.addWatch("/", mode: .persistentRecursive, completion: $0) }
            try real.value { zk.addWatch("/p", mode: .persistent, completion: $0) }
            let writer = other.client
            _ = try real.value { writer.create("/n", completion: $0) }
            _ = try real.value { zk.get("/n", watch: true, completion: $0) }
            _ = try real.value { zk.children("/n", watch: true, completion: $0) }
            _ = try real.value { writer.create("/n/c", completion: $0) }
            _ = try real.value { writer.set("/n", data: [1], completion: $0) }
            try real.value { writer.delete("/n/c", completion: $0) }
            try real.value { writer.delete("/n", completion: $0) }
            _ = try real.value { writer.create("/p", completion: $0) }
            _ = try real.value { writer.create("/p/c", completion: $0) }
            try real.value { writer.delete("/p/c", completion: $0) }
            _ = try real.value { zk.exists("/n", completion: $0) }
            let kinds = watcher.events.map { "\($0.kind) \($0.path)" }
            // A server tells a connection of each event once per path, whoever watches it there.
            #expect(
                kinds == [
                    "created /n", "created /n/c", "childrenChanged /n", "dataChanged /n",
                    "deleted /n/c", "deleted /n", "created /p", "created /p/c",
                    "childrenChanged /p", "deleted /p/c", "childrenChanged /p",
                ], "\(kinds)")
            try real.value { zk.removeWatches("/", completion: $0) }
            try real.value { zk.removeWatches("/p", completion: $0) }
            try real.value { writer.delete("/p", completion: $0) }
            _ = try real.value { writer.create("/n", completion: $0) }
            _ = try real.value { zk.exists("/n", completion: $0) }
            #expect(watcher.events.count == kinds.count)
        }

        @Test func aSubtreeIsReadWhole() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.emptyChroot()
            let client = try real.client(server + "/t")
            try client.connect(in: real)
            let zk = client.client
            try real.value { zk.createChroot(completion: $0) }
            var paths: [String] = ["/"]
            for i in 0..<20 {
                paths.append("/\(i)")
                for j in 0..<i { paths.append("/\(i)/\(j)") }
            }
            var created = 0
            for path in paths.dropFirst() {
                zk.create(path, data: Array(path.utf8)) { _ in created += 1 }
            }
            try real.wait(for: "the nodes") { created == paths.count - 1 }
            let nodes = try real.value { zk.readSubtree("/", windowRequests: 7, completion: $0) }
            #expect(nodes.map(\.path).sorted() == paths.sorted())
            #expect(nodes.dropFirst().allSatisfy { $0.data == Array($0.path.utf8) })
            let depths = nodes.map { $0.path == "/" ? 0 : $0.path.split(separator: "/").count }
            #expect(depths == depths.sorted())
            try real.expect(.subtreeTooLarge(limit: 50)) {
                zk.readSubtree("/", nodesMax: 50, completion: $0)
            }
            try real.expect(.noNode) { zk.readSubtree("/none", completion: $0) }
        }

        @Test func aChrootThatDoesNotExistIsNamed() throws {
            let real = try RealLoop()
            defer { real.end() }
            let server = try real.emptyChroot()
            let client = try real.client(server + "/not/there")
            try client.connect(in: real)
            let zk = client.client
            let missing = ZooKeeperError.chrootMissing(client.client.connectString.chroot)
            try real.expect(missing) { zk.create("/a", completion: $0) }
            try real.expect(missing) { zk.children("/", completion: $0) }
            try real.expect(missing) { zk.multi([.create(path: "/a", data: [])], completion: $0) }
            #expect(try real.value { zk.exists("/a", completion: $0) } == nil)
            try real.value { zk.createChroot(completion: $0) }
            try real.expect(.noNode) { zk.create("/a/b", completion: $0) }
            #expect(try real.value { zk.create("/a", completion: $0) }.path == "/a")
        }
    }
}
