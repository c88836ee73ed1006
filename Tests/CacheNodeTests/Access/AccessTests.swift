import Testing
import UVHTTP

@testable import CacheNode

@Suite struct AccessTests {
    private static let clients = """
        read \(SampleTokens.read)
        write \(SampleTokens.write)
        read,write,admin \(SampleTokens.admin)
        """
    private static let nodes = "\(SampleTokens.node)\n\(SampleTokens.otherNode)"

    private let needs: [AccessNeed] = [
        .open, .anyToken, .scopes(.read), .scopes(.write), .scopes(.admin), .scopes(.cluster),
    ]

    @Test func withoutFilesEverythingIsOpen() {
        let access = Access()
        #expect(!access.guardsClients && !access.guardsNodes && access.takesNodes)
        for need in needs { #expect(access.verdict("Host: a", needing: need) == .granted) }
        #expect(access.authorizationLine.isEmpty)
    }

    @Test func aTokenAllowsWhatItsLineSays() throws {
        let access = try sampleAccess(
            SampleFiles(["clients": Self.clients, "nodes": Self.nodes]))
        let table: [(token: String, verdicts: [AccessVerdict])] = [
            (
                SampleTokens.read,
                [.granted, .granted, .granted, .insufficient, .insufficient, .insufficient]
            ),
            (
                SampleTokens.write,
                [.granted, .granted, .insufficient, .granted, .insufficient, .insufficient]
            ),
            (
                SampleTokens.admin,
                [.granted, .granted, .granted, .granted, .granted, .insufficient]
            ),
            (SampleTokens.node, Array(repeating: .granted, count: 6)),
            (SampleTokens.otherNode, Array(repeating: .granted, count: 6)),
            (SampleTokens.stranger, [.granted] + Array(repeating: .invalid, count: 5)),
        ]
        for (token, verdicts) in table {
            #expect(needs.map { access.verdict(of: token, needing: $0) } == verdicts)
        }
    }

    @Test func theFieldIsReadAsRFC6750HasIt() throws {
        let access = try sampleAccess(SampleFiles(["clients": Self.clients]))
        let token = SampleTokens.read
        func verdict(_ lines: String...) -> AccessVerdict {
            access.verdict(lines.joined(separator: "\r\n"), needing: .scopes(.read))
        }
        #expect(verdict("aUTHORIZATION:bEARER   \(token) ") == .granted)
        #expect(verdict("Host: a") == .missing)
        #expect(verdict("Authorization: Basic \(token)") == .missing)
        #expect(verdict("Authorization: Bearer\(token)") == .missing)
        #expect(verdict("Authorization: \(token)") == .missing)
        #expect(verdict("Authorization: Bearer") == .invalid)
        #expect(verdict("Authorization: Bearer ") == .invalid)
        #expect(verdict("Authorization: Bearer \(token) \(token)") == .invalid)
        #expect(verdict("Authorization: Bearer \(token),") == .invalid)
        #expect(verdict("Authorization: Bearer\t\(token)") == .missing)
        #expect(verdict("Proxy-Authorization: Bearer \(token)") == .missing)
        let field = "Authorization: Bearer \(token)"
        #expect(verdict(field, field) == .repeated)
        #expect(verdict("Authorization: Basic eDp5", field) == .repeated)
        #expect(verdict(field, field, field) == .repeated)
    }

    @Test func withTokensOfClientsAloneNoNodeIsTaken() throws {
        let access = try sampleAccess(SampleFiles(["clients": Self.clients]))
        #expect(!access.takesNodes && access.guardsNodes)
        #expect(access.verdict("Host: a", needing: .scopes(.cluster)) == .missing)
        #expect(access.verdict(of: SampleTokens.admin, needing: .scopes(.cluster)) == .insufficient)
    }

    @Test func withTokensOfNodesAloneClientsNeedNone() throws {
        let access = try sampleAccess(SampleFiles(["nodes": Self.nodes]))
        #expect(access.takesNodes && access.guardsNodes && !access.guardsClients)
        #expect(access.verdict("Host: a", needing: .scopes(.admin)) == .granted)
        #expect(access.verdict(of: "x", needing: .anyToken) == .granted)
        #expect(access.verdict("Host: a", needing: .scopes(.cluster)) == .missing)
        #expect(access.verdict(of: SampleTokens.node, needing: .scopes(.cluster)) == .granted)
        #expect(
            String(decoding: access.authorizationLine, as: UTF8.self)
                == "Authorization: Bearer \(SampleTokens.node)\r\n")
    }

    @Test func aFileThatCantBeUsedIsToldAtTheStart() {
        #expect {
            try sampleAccess(SampleFiles(["clients": "read x"]))
        } throws: {
            "\($0)".hasPrefix("--token-file clients: line 1 must hold a random token")
        }
        #expect {
            try sampleAccess(
                SampleFiles(["clients": "read \(SampleTokens.node)", "nodes": Self.nodes]))
        } throws: {
            "\($0)" == "--cluster-token-file nodes: must not hold a token of the other token file"
        }
    }

    // MARK: Rotation

    @Test func theFilesAreReadAgain() throws {
        let files = SampleFiles(["clients": Self.clients, "nodes": Self.nodes])
        let pipe = LoggedPipe()
        let access = try sampleAccess(files, log: pipe.log)
        files.texts["clients"] = "read \(SampleTokens.stranger)"
        #expect(!access.reload(log: pipe.log))
        #expect(access.verdict(of: SampleTokens.stranger, needing: .scopes(.read)) == .granted)
        #expect(access.verdict(of: SampleTokens.read, needing: .scopes(.read)) == .invalid)
        files.texts["nodes"] = SampleTokens.otherNode
        #expect(access.reload(log: pipe.log), "a token of nodes is withdrawn")
        #expect(access.verdict(of: SampleTokens.node, needing: .scopes(.cluster)) == .invalid)
        #expect(
            access.authorizationLine.elementsEqual(
                "Authorization: Bearer \(SampleTokens.otherNode)\r\n".utf8))
        files.texts["nodes"] = Self.nodes
        #expect(!access.reload(log: pipe.log), "one more is no withdrawal")
    }

    @Test func aBadFileLeavesTheTokensAndIsTold() throws {
        let files = SampleFiles(["clients": Self.clients, "nodes": Self.nodes])
        let pipe = LoggedPipe()
        let access = try sampleAccess(files, log: pipe.log)
        let bad: [String?] = [nil, "", "read \(SampleTokens.stranger) \(SampleTokens.read)", "\0"]
        for text in bad {
            files.texts["clients"] = text
            files.texts["nodes"] = text
            #expect(!access.reload(log: pipe.log))
            #expect(access.verdict(of: SampleTokens.read, needing: .scopes(.read)) == .granted)
            #expect(access.verdict(of: SampleTokens.node, needing: .scopes(.cluster)) == .granted)
            #expect(access.verdict(of: SampleTokens.stranger, needing: .anyToken) == .invalid)
        }
        files.texts = ["clients": "read \(SampleTokens.node)", "nodes": Self.nodes]
        #expect(!access.reload(log: pipe.log), "a client's token may not be a node's")
        #expect(access.verdict(of: SampleTokens.read, needing: .scopes(.read)) == .granted)
        let lines = pipe.lines()
        #expect(lines.count { $0.contains("error") } == 2 * bad.count + 1)
        for token in [SampleTokens.read, SampleTokens.node, SampleTokens.stranger] {
            #expect(!lines.contains { $0.contains(token) }, "a token in the log")
        }
    }
}
