import Testing
import UVHTTP
import ZooKeeper

@Suite struct ConnectStringTests {
    @Test(arguments: [
        ("zk", "zk:2181"), ("zk:7", "zk:7"), ("zk:7/", "zk:7"), ("a:1,b,c:3", "a:1,b:2181,c:3"),
        ("10.0.1.66:2181/canopy", "10.0.1.66:2181/canopy"), ("[::1]:5,a/x/y", "[::1]:5,a:2181/x/y"),
        ("a,a:2181,a", "a:2181"), ("zk/über", "zk:2181/über"),
    ])
    func readsWhatZooKeeperReads(_ text: String, _ meaning: String) throws {
        #expect(try ConnectString(text).description == meaning)
    }

    @Test(arguments: [
        ("", "a connect string begins with a server: host:port,host:port/chroot"),
        ("/x", "a connect string begins with a server: host:port,host:port/chroot"),
        ("a,,b", "'' is no host:port (port 1 to 65535)"),
        ("a:0", "'a:0' is no host:port (port 1 to 65535)"),
        ("a:65536", "'a:65536' is no host:port (port 1 to 65535)"),
        ("a b:1", "'a b:1' is no host:port (port 1 to 65535)"),
        ("a,", "'' is no host:port (port 1 to 65535)"),
        ("a:x", "'a:x' is no host:port (port 1 to 65535)"),
        ("::1", "'::1' is no host:port (port 1 to 65535)"),
        ("a/x/", "the chroot '/x/' ends with '/'"),
        ("a//x", "the chroot '//x' has an empty component"),
        ("a/x/../y", "the chroot '/x/../y' has a relative component"),
        ("a/\u{7}", "the chroot '/\u{7}' has the character U+0007, which is not allowed"),
    ])
    func saysWhatIsWrong(_ text: String, _ message: String) {
        let error = #expect(throws: ConnectStringError.self) { try ConnectString(text) }
        #expect(error?.description == message)
    }
}

@Suite struct NodePathTests {
    @Test(arguments: ["/", "/a", "/a/b.c", "/...", "/a b", "/\u{A0}", "/\u{FFEF}", "/\u{D7FF}"])
    func accepts(_ path: String) {
        #expect(NodePath.fault(of: path) == nil)
    }

    @Test(arguments: [
        ("", "does not begin with '/'"), ("a", "does not begin with '/'"), ("/a/", "ends with '/'"),
        ("//", "ends with '/'"), ("/./a", "has a relative component"),
        ("/a/..", "has a relative component"), ("/a//b", "has an empty component"),
        ("/\0", "has the character U+0000, which is not allowed"),
        ("/\u{7F}", "has the character U+007F, which is not allowed"),
        ("/\u{E000}", "has the character U+E000, which is not allowed"),
        ("/\u{1F333}", "has the character U+1F333, which is not allowed"),
    ])
    func refuses(_ path: String, _ fault: String) {
        #expect(NodePath.fault(of: path) == fault)
    }

    @Test func takesPathsApart() {
        #expect(NodePath.parent(of: "/a/b") == "/a" && NodePath.parent(of: "/a") == "/")
        #expect(NodePath.parent(of: "/") == nil && NodePath.name(of: "/") == "")
        #expect(NodePath.name(of: "/a/b") == "b" && NodePath.child("b", of: "/a") == "/a/b")
        #expect(NodePath.child("a", of: "/") == "/a")
    }
}
