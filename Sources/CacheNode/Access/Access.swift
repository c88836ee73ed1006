import UVHTTP

/// What a request needs before it is answered.
enum AccessNeed: Equatable {
    /// Nothing.
    case open
    /// A valid token, whatever it allows: the answer holds no keys and no values.
    case anyToken
    /// A token that allows all of these.
    case scopes(TokenScopes)
}

/// Whether a request has what it needs.
enum AccessVerdict: Equatable {
    case granted
    /// No credentials.
    case missing
    /// Credentials that are not, or no longer, valid.
    case invalid
    /// More than one set of credentials.
    case repeated
    /// A valid token that doesn't allow this.
    case insufficient
}

/// Who may ask what of this node: the tokens of clients and of nodes, read from their files.
public final class Access {
    typealias Reader = (String) throws(TokenFileError) -> SecretFile

    private let clientFile: String?
    private let nodeFile: String?
    private let read: Reader
    private var clients = TokenTable()
    private var nodes = TokenTable()
    /// What this node sends to other nodes of its tree: a field line with its CR LF; empty without
    /// `--cluster-token-file`.
    private(set) var authorizationLine: [UInt8] = []

    /// Clients need tokens.
    var guardsClients: Bool { clientFile != nil }
    /// Nodes need tokens; without a file of theirs, none is taken where clients need tokens.
    public var guardsNodes: Bool { nodeFile != nil || clientFile != nil }
    /// Other nodes can join or attach here.
    var takesNodes: Bool { nodeFile != nil || clientFile == nil }

    /// Reads the token files that `settings` name; throws if one can't be used.
    public convenience init(settings: Settings, log: Log) throws(StartError) {
        try self.init(
            clientFile: settings.tokenFile, nodeFile: settings.clusterTokenFile, log: log
        ) { path throws(TokenFileError) in
            try SecretFile.read(path, bytesMax: TokenFile.bytesMax)
        }
    }

    /// Everything is open to everybody.
    public init() {
        clientFile = nil
        nodeFile = nil
        read = { _ throws(TokenFileError) in throw TokenFileError("is not read") }
    }

    init(
        clientFile: String?, nodeFile: String?, log: Log, read: @escaping Reader
    ) throws(StartError) {
        self.clientFile = clientFile
        self.nodeFile = nodeFile
        self.read = read
        do throws(TokenFileError) {
            if let clientFile { clients = try table(clientFile, for: .clients, log) }
        } catch {
            throw StartError(description: "--token-file \(clientFile ?? ""): \(error.phrase)")
        }
        do throws(TokenFileError) {
            if let nodeFile { nodes = try table(nodeFile, for: .nodes, log) }
            try refuseSharedToken(clients, nodes)
        } catch {
            throw StartError(description: "--cluster-token-file \(nodeFile ?? ""): \(error.phrase)")
        }
        setAuthorizationLine()
    }

    // MARK: Asking

    /// Whether a request with these fields has what it needs. It allocates nothing.
    func verdict(on fields: HTTPFields, needing need: AccessNeed) -> AccessVerdict {
        let needed: TokenScopes
        switch need {
        case .open: return .granted
        case .anyToken where !guardsClients: return .granted
        case .anyToken: needed = []
        case .scopes(let scopes):
            guard scopes.contains(.cluster) ? guardsNodes : guardsClients else { return .granted }
            needed = scopes
        }
        switch BearerCredentials(fields) {
        case .none: return .missing
        case .malformed: return .invalid
        case .repeated: return .repeated
        case .token(let token):
            let granted = clients.scopes(of: token).union(nodes.scopes(of: token))
            if granted.isEmpty { return .invalid }
            return granted.isSuperset(of: needed) ? .granted : .insufficient
        }
    }

    // MARK: Reading the files

    /// Reads the files anew. One that can't be used is reported, and the tokens that it held before
    /// stay valid. Returns whether a token of nodes is no longer valid.
    func reload(log: Log) -> Bool {
        let earlierNodes = nodes
        if let clientFile {
            reload(clientFile, for: .clients, into: &clients, besides: nodes, log)
        }
        if let nodeFile { reload(nodeFile, for: .nodes, into: &nodes, besides: clients, log) }
        setAuthorizationLine()
        return !nodes.covers(earlierNodes)
    }

    private func reload(
        _ path: String, for holder: TokenFile.Holder, into table: inout TokenTable,
        besides other: TokenTable, _ log: Log
    ) {
        do throws(TokenFileError) {
            let fresh = try self.table(path, for: holder, log)
            try refuseSharedToken(fresh, other)
            table = fresh
            log.info("tokens were read", ["file": .string(path), "tokens": .int(fresh.count)])
        } catch {
            log.error(
                "a token file can't be used; the tokens it held before stay valid",
                ["file": .string(path), "reason": .string(error.phrase)])
        }
    }

    private func table(
        _ path: String, for holder: TokenFile.Holder, _ log: Log
    ) throws(TokenFileError) -> TokenTable {
        let file = try read(path)
        let table = try TokenFile.parse(file.bytes, for: holder)
        if file.isGroupReadable {
            log.warning("a token file can be read by its group", ["file": .string(path)])
        }
        return table
    }

    /// Who holds a client's token must not pass for a node with it.
    private func refuseSharedToken(
        _ some: TokenTable, _ others: TokenTable
    ) throws(TokenFileError) {
        if some.shares(with: others) {
            throw TokenFileError("must not hold a token of the other token file")
        }
    }

    private func setAuthorizationLine() {
        guard nodes.count > 0 else { return }
        authorizationLine =
            Array("Authorization: Bearer ".utf8) + nodes.first
            + [ASCII.carriageReturn, ASCII.lineFeed]
    }
}
