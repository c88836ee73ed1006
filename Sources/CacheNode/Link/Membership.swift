import UVHTTP

/// A child's place in the tree: asks the root for it until it has it, follows it when it changes,
/// and tells the root from time to time that it lives.
///
/// A root of Canopy is asked by `POST /nodes`, again and again, which is the heartbeat. A root of
/// an earlier system doesn't know that path; it is asked once, in its own way, because asking twice
/// could move the node.
final class Membership {
    static let retryMillisecondsMin: UInt64 = 100
    static let retryMillisecondsMax: UInt64 = 2_000
    private static let answerMilliseconds: UInt64 = 2_000

    private let settings: Settings
    /// Where other nodes reach this one.
    private(set) var advertise: Endpoint
    /// Nil until somebody says where it is.
    private var root: Endpoint?
    private let loop: any EventLoop
    private let client: HTTPClient
    private let log: Log
    private let authorization: () -> [UInt8]
    private var timer: (any LoopTimer)?
    private var failureCount = 0
    private var isStarted = false
    private var isClosed = false
    /// Answers to earlier questions don't count any more.
    private var askedCount: UInt64 = 0
    /// The place, once the root has given one; nil also under a root of an earlier system.
    private(set) var place: Place?
    /// Where a node under a root of an earlier system records itself in ZooKeeper, which that root
    /// doesn't do for it.
    private(set) var earlierPath: String?
    /// Why the root does not take this node; a sentence.
    private(set) var problem: String?
    /// Called whenever the root tells who is above this node: its parent, the parent's parent, up
    /// to the root.
    var onPath: (([Ancestor]) -> Void)?
    /// What the root is told about this node; set before `start`.
    var report: () -> NodeReport = { NodeReport() }

    /// `authorization` gives the field line by which this node proves that it belongs to the tree.
    init(
        settings: Settings, root: Endpoint?, loop: any EventLoop, limits: HTTPLimits, log: Log,
        authorization: @escaping () -> [UInt8] = { [] }
    ) {
        self.settings = settings
        advertise = settings.advertise
        self.root = root
        self.loop = loop
        self.log = log
        self.authorization = authorization
        client = HTTPClient(loop: loop, limits: limits)
    }

    /// `the root at 10.0.1.67:5000`
    var rootPlace: String {
        root.map { "the root at \($0)" } ?? "the root, wherever it is,"
    }

    /// Begins to ask for a place, for a node that others reach at `endpoint`.
    func start(advertising endpoint: Endpoint) {
        advertise = endpoint
        isStarted = true
        join()
    }

    /// The root is there from now on.
    func follow(root: Endpoint) {
        guard root != self.root, !isClosed else { return }
        log.info("the root is known", ["root": .string(root.description)])
        self.root = root
        failureCount = 0
        problem = nil
        if isStarted { join() }
    }

    /// Registers at once instead of with the next heartbeat.
    func renew() {
        if place != nil, !isClosed { join() }
    }

    func close() {
        isClosed = true
        timer?.cancel()
        client.close()
    }

    /// Asks the root, for a caller that asked this node what only the root can answer.
    func relay(
        _ target: String, method: HTTPMethod = .get,
        completion: @escaping (Result<HTTPClientResponse, RelayError>) -> Void
    ) {
        guard let root else { return loop.schedule { completion(.failure(.rootUnknown)) } }
        var request = HTTPClientRequest(method, target)
        request.fieldLines = authorization()
        client.send(
            request, to: root,
            timeoutMilliseconds: Self.answerMilliseconds
        ) { result in
            // The caller was allowed to ask; that this node wasn't is another matter.
            if case .success(let response) = result, [401, 403].contains(response.status) {
                return completion(.failure(.notTrusted(root)))
            }
            completion(result.mapError { .noAnswer(root, $0) })
        }
    }

    // MARK: A root of Canopy

    private func join() {
        guard let root else { return }
        let registration = RegistrationRequest(
            name: settings.name, endpoint: advertise, slot: place?.slot, report: report())
        var request = HTTPClientRequest(
            .post, "/nodes", contentType: "application/json", body: registration.body)
        request.fieldLines = authorization()
        send(request) { [self] response in
            switch response.status {
            case 200, 201: onPlace(response)
            case 404, 405: joinEarlierRoot(root)
            default: onFailure("it answered \(Self.summary(of: response))")
            }
        }
    }

    private func onPlace(_ response: HTTPClientResponse) {
        let parsed = response.body.withUnsafeBytes { body -> Result<Place, JSONReadError> in
            do throws(JSONReadError) {
                return .success(try Place(parsing: body))
            } catch {
                return .failure(error)
            }
        }
        switch parsed {
        case .failure(let error): onFailure("its answer makes no sense: \(error)")
        case .success(let place):
            guard let parent = place.parent else {
                return onFailure("it gave \(settings.name) the root's own slot")
            }
            if place.slot != self.place?.slot {
                log.info(
                    "joined the tree",
                    [
                        "slot": .int(place.slot), "depth": .int(place.depth),
                        "parent": .string(parent.name),
                    ])
            }
            self.place = place
            onJoined(place.path.reversed())
            again(afterMilliseconds: UInt64(place.heartbeatSeconds) * 1000)
        }
    }

    private func onJoined(_ ancestors: [Ancestor]) {
        failureCount = 0
        if problem != nil { log.info("the root takes this node again") }
        problem = nil
        onPath?(ancestors)
    }

    // MARK: A root of an earlier system

    private func joinEarlierRoot(_ root: Endpoint) {
        if settings.legacy == .kv { joinByID(root) } else { joinByName(root) }
    }

    /// `GET /nodes/parent/<NAME>`, answered with the path of the parent's znode, whose last part is
    /// its name.
    private func joinByName(_ root: Endpoint) {
        send(HTTPClientRequest(.get, "/nodes/parent/\(settings.name)")) { [self] response in
            let path = response.body.withUnsafeBytes { body in
                (try? JSONObjectReader(body).string("path")) ?? ""
            }
            let name = path.split(separator: "/").last.map(String.init)
            // Not this API: the other earlier system may be there.
            if response.status == 404 || response.status == 405 { return joinByID(root) }
            guard response.status == 200, let name else {
                return onFailure("it answered \(Self.summary(of: response))")
            }
            let isRoot = path.split(separator: "/").count == 1
            guard let endpoint = isRoot ? root : Endpoint(peerHost: name, port: root.port) else {
                return onFailure("the path it gave does not end in a node's name")
            }
            earlierPath = "\(path)/\(settings.name)"
            onJoined([Ancestor(name: name, endpoint: endpoint, api: .store)])
        }
    }

    /// `POST /clients/register?id=&ip=`, answered with the parent's id and address.
    private func joinByID(_ root: Endpoint) {
        guard let id = NodeName.number(ofCanonical: settings.name) else {
            return onFailure(
                "it knows no node names, only numbers, and this node is called \(settings.name)")
        }
        let target = "/clients/register?id=\(id)&ip=\(advertise.host)"
        send(HTTPClientRequest(.post, target)) { [self] response in
            guard response.status == 200 else {
                return onFailure("it answered \(Self.summary(of: response))")
            }
            earlierPath = response.body.withUnsafeBytes { body in
                (try? JSONObjectReader(body).optionalString("zk_path")) ?? nil
            }
            let parent = response.body.withUnsafeBytes { body -> Ancestor? in
                guard let json = try? JSONObjectReader(body),
                    let id = try? json.integer("parent_id", in: 0...Int(Int32.max)),
                    let address = try? json.string("parent_ip"),
                    let endpoint = Endpoint(peerHost: address, port: root.port)
                else { return nil }
                return Ancestor(name: "NODE-\(id)", endpoint: endpoint, api: .kv)
            }
            guard let parent else {
                return onFailure("its answer to a registration makes no sense")
            }
            onJoined([parent])
        }
    }

    // MARK: Trying again

    private func send(
        _ request: HTTPClientRequest, onAnswer: @escaping (HTTPClientResponse) -> Void
    ) {
        guard let root else { return }
        timer?.cancel()
        timer = nil
        askedCount += 1
        let number = askedCount
        client.send(request, to: root, timeoutMilliseconds: Self.answerMilliseconds) {
            [self] result in
            guard !isClosed, number == askedCount else { return }
            switch result {
            case .success(let response): onAnswer(response)
            case .failure(let error): onFailure(error.sentence)
            }
        }
    }

    /// Says once why it waits, then again only when the reason is another one.
    private func onFailure(_ reason: String) {
        guard let root else { return }
        let sentence = "the root at \(root) does not take this node: \(reason)"
        if problem != sentence {
            log.warning(
                "waiting for the root",
                ["root": .string(root.description), "reason": .string(reason)])
        }
        problem = sentence
        let pause = min(
            Self.retryMillisecondsMin << UInt64(min(failureCount, 8)), Self.retryMillisecondsMax)
        failureCount += 1
        again(afterMilliseconds: pause)
    }

    private func again(afterMilliseconds pause: UInt64) {
        timer?.cancel()
        timer = loop.startTimer(afterMilliseconds: pause, repeatMilliseconds: 0) { [self] in
            timer = nil
            join()
        }
    }

    private static func summary(of response: HTTPClientResponse) -> String {
        let detail = response.body.withUnsafeBytes { body in
            try? JSONObjectReader(body).string("detail")
        }
        return detail.map { "\(response.status): \($0)" } ?? "\(response.status)"
    }
}

/// Why a caller doesn't get what only the root can say.
enum RelayError: Error {
    case rootUnknown
    case noAnswer(Endpoint, HTTPClientError)
    case notTrusted(Endpoint)

    var sentence: String {
        switch self {
        case .rootUnknown: "this node doesn't know yet where the root is"
        case .noAnswer(let root, let error):
            "the root at \(root) does not answer: \(error.sentence)"
        case .notTrusted(let root):
            "the root at \(root) does not take this node's token (--cluster-token-file)"
        }
    }
}
