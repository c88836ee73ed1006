import Testing

@testable import ZooKeeper

/// What goes over the wire, byte for byte.
@Suite struct RequestBytesTests {
    private func bytes(_ write: (inout JuteWriter) -> Void) -> [UInt8] {
        var writer = JuteWriter()
        write(&writer)
        return [UInt8](writer.written)
    }

    private func bytes(_ request: Request) -> [UInt8] {
        bytes { $0.request(request, xid: 0x0102_0304) }
    }

    private let header: [UInt8] = [1, 2, 3, 4]
    private let a: [UInt8] = [0, 0, 0, 2, 0x2F, 0x61]
    private let anyVersion: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
    /// One rule: all of it to world:anyone.
    private let anyone: [UInt8] =
        [0, 0, 0, 1, 0, 0, 0, 31, 0, 0, 0, 5] + Array("world".utf8) + [0, 0, 0, 6]
        + Array("anyone".utf8)

    @Test func creations() {
        let expected =
            header + [0, 0, 0, 15] + a + [0, 0, 0, 1, 9] + anyone + [0, 0, 0, 3]
        let request = Request.create(
            path: "/a", data: [9], mode: .ephemeralSequential, acl: ACL.anyone)
        #expect(bytes(request) == expected)
    }

    @Test func requestsOfAPathAndANumber() {
        #expect(bytes(.delete(path: "/a", version: nil)) == header + [0, 0, 0, 2] + a + anyVersion)
        #expect(
            bytes(.delete(path: "/a", version: 7)) == header + [0, 0, 0, 2] + a + [0, 0, 0, 7])
        #expect(
            bytes(.addWatch(path: "/a", mode: .persistentRecursive))
                == header + [0, 0, 0, 106] + a + [0, 0, 0, 1])
        #expect(
            bytes(.addWatch(path: "/a", mode: .persistent))
                == header + [0, 0, 0, 106] + a + [0, 0, 0, 0])
        #expect(
            bytes(.removeWatches(path: "/a", kind: .any))
                == header + [0, 0, 0, 18] + a + [0, 0, 0, 3])
    }

    @Test func reads() {
        #expect(bytes(.exists(path: "/a", watch: true)) == header + [0, 0, 0, 3] + a + [1])
        #expect(bytes(.get(path: "/a", watch: false)) == header + [0, 0, 0, 4] + a + [0])
        #expect(bytes(.children(path: "/a", watch: true)) == header + [0, 0, 0, 12] + a + [1])
        #expect(bytes(.getACL(path: "/a")) == header + [0, 0, 0, 6] + a)
        #expect(bytes(.sync(path: "/a")) == header + [0, 0, 0, 9] + a)
    }

    @Test func changes() {
        let set = Request.set(path: "/a", data: [], version: 1)
        #expect(bytes(set) == header + [0, 0, 0, 5] + a + [0, 0, 0, 0, 0, 0, 0, 1])
        let setACL = Request.setACL(path: "/a", acl: ACL.anyone, version: nil)
        #expect(bytes(setACL) == header + [0, 0, 0, 7] + a + anyone + anyVersion)
        #expect(bytes(.closeSession) == header + [0xFF, 0xFF, 0xFF, 0xF5])
    }

    @Test func aMultiHasAHeaderInFrontOfEachOperationAndAtItsEnd() {
        func operation(_ opcode: UInt8) -> [UInt8] { [0, 0, 0, opcode, 0] + anyVersion }
        var expected = header + [0, 0, 0, 14]
        expected += operation(1) + a + [0, 0, 0, 0] + anyone + [0, 0, 0, 0]
        expected += operation(2) + a + anyVersion
        expected += operation(5) + a + [0, 0, 0, 1, 8] + [0, 0, 0, 2]
        expected += operation(13) + a + [0, 0, 0, 3]
        expected += anyVersion + [1] + anyVersion
        let request = Request.multi([
            .create(path: "/a", data: []), .delete(path: "/a"),
            .set(path: "/a", data: [8], version: 2), .check(path: "/a", version: 3),
        ])
        #expect(bytes(request) == expected)
    }

    @Test func whatIsNoRequest() {
        #expect(bytes { $0.ping() } == [0xFF, 0xFF, 0xFF, 0xFE, 0, 0, 0, 11])
        let auth = bytes { $0.auth(.digest(user: "u", password: "p")) }
        #expect(
            auth == [0xFF, 0xFF, 0xFF, 0xFC, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 6]
                + Array("digest".utf8) + [0, 0, 0, 3] + Array("u:p".utf8))
        let connect = bytes {
            $0.connect(
                ConnectRequest(
                    lastZxid: 5, timeoutMilliseconds: 4000, sessionID: 6, password: [1, 2]))
        }
        #expect(
            connect == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0x0F, 0xA0]
                + [0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 2, 0])
    }

    @Test func watchesAreListedByTheirKinds() {
        var table = WatchTable()
        table.add([.data, .persistentRecursive], "/a")
        table.add(.exists, "/b")
        table.add(.children, "/c")
        table.add(.persistent, "/d")
        let list = { (name: String) -> [UInt8] in
            [0, 0, 0, 1, 0, 0, 0, 2, 0x2F] + Array(name.utf8)
        }
        var expected: [UInt8] = [0xFF, 0xFF, 0xFF, 0xF8, 0, 0, 0, 105, 0, 0, 0, 0, 0, 0, 0, 9]
        for name in ["a", "b", "c", "d", "a"] { expected += list(name) }
        let chunk = bytes {
            #expect(table.writeChunk(below: 4, relativeZxid: 9, bytesMax: 1000, to: &$0) == 0)
        }
        #expect(chunk == expected)
    }
}
