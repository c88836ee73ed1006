import Simulation

/// An application beside a node: asks it one thing after the other, and notes what it hears.
final class Client {
    /// Milliseconds until an answer counts as missing: a write may wait for 5 s, and a node that
    /// was frozen is behind by that much.
    static let answerMilliseconds: UInt64 = 12_000

    let member: ClusterMember
    private unowned let run: ClusterRun
    private let connection: Connection
    private var random: SimRandom
    private var remaining = 0
    /// The newest version seen of each key, for conditional writes.
    private var seen: [Int: ETag] = [:]

    init(_ run: ClusterRun, at member: ClusterMember, host: SimHost, seed: UInt64) {
        self.run = run
        self.member = member
        connection = Connection(from: host, to: member.host, port: Cluster.port)
        random = SimRandom(seed: seed)
    }

    var isBusy: Bool { connection.isBusy }

    // MARK: Working

    /// Begins to ask, at most so often.
    func work(requests: Int) {
        remaining = requests
        schedule()
    }

    /// Asks nothing more; a question under way may still be answered.
    func rest() { remaining = 0 }

    /// Gives up a question whose node is gone.
    func giveUp() { connection.giveUp() }

    private func schedule() {
        guard remaining > 0 else { return }
        let pause = random.below(run.plan.pauseMillisecondsMax * 1000)
        run.cluster.world.after(microseconds: UInt64(pause)) { [weak self] in self?.act() }
    }

    private func act() {
        guard remaining > 0, !isBusy else { return }
        remaining -= 1
        // Most of them at one key, so that they meet.
        let key = random.oneIn(2) ? 0 : random.below(run.plan.keyCount)
        switch random.below(20) {
        case 0...10: read(key, .any)
        case 11: read(key, .fromRoot)
        case 12: read(key, .held)
        case 13, 14: write(key, isDeletion: true, .none)
        case 15: write(key, isDeletion: false, condition(for: key))
        default: write(key, isDeletion: false, .none)
        }
    }

    private func condition(for key: Int) -> Condition {
        switch random.below(4) {
        case 0: return .isAbsent
        case 1: return .exists
        default: return seen[key].map { .matches($0) } ?? .exists
        }
    }

    // MARK: Reading

    func read(_ key: Int, _ wish: ReadRecord.Wish, _ then: ((ReadRecord?) -> Void)? = nil) {
        let life = member.life
        let start = run.now
        connection.ask(
            RequestText.get(key, wish), withinMilliseconds: Self.answerMilliseconds
        ) { [weak self] answer in
            guard let self else { return }
            let record = answer.flatMap { self.record(of: $0, key, wish, life, start) }
            if let record { run.history.reads.append(record) }
            if let version = record?.version { seen[key] = version }
            run.story.line(
                "\(record?.text ?? "\(wish.rawValue) read of k\(key) at \(life): \(text(answer))")")
            onAnswer(answer, life, start, "a read of k\(key)")
            then?(record)
            schedule()
        }
    }

    private func record(
        of answer: Answer, _ key: Int, _ wish: ReadRecord.Wish, _ life: Life, _ start: UInt64
    ) -> ReadRecord? {
        let content: Content
        switch answer.status {
        case 200: content = run.values.content(of: answer.body, key: key)
        case 404: content = .absent
        default: return nil
        }
        var record = ReadRecord(key: key, life: life, start: start, end: run.now, content: content)
        record.isAcrossLives = member.life != life
        record.wish = wish
        record.version = answer.field("etag").flatMap { ETag(quoted: $0) }
        record.boundMicroseconds = answer.field("staleness-bound").flatMap(Self.microseconds)
        record.way = answer.field("cache-status") ?? ""
        record.isMarkedStale = record.way.contains("ttl=-")
        return record
    }

    /// `s.mmm` seconds.
    private static func microseconds(_ text: String) -> UInt64? {
        let parts = text.split(separator: ".")
        guard parts.count == 2, parts[1].count == 3, let seconds = UInt64(parts[0]),
            let milliseconds = UInt64(parts[1])
        else { return nil }
        return seconds * 1_000_000 + milliseconds * 1000
    }

    // MARK: Writing

    private func write(_ key: Int, isDeletion: Bool, _ condition: Condition) {
        var write = WriteRecord(
            number: run.history.writes.count, key: key, life: member.life, start: run.now)
        write.isDeletion = isDeletion
        write.condition = condition
        write.ack = random.pick([.local, .local, .parent, .root])
        run.history.writes.append(write)
        run.story.line("\(write.text) begins")
        let value = run.values.value(of: write.number, key: key)
        connection.ask(
            isDeletion ? RequestText.delete(write) : RequestText.put(write, value: value),
            withinMilliseconds: Self.answerMilliseconds
        ) { [weak self] answer in self?.onWritten(write.number, answer) }
    }

    private func onWritten(_ number: Int, _ answer: Answer?) {
        var write = run.history.writes[number]
        write.end = run.now
        write.isAcrossLives = member.life != write.life
        write.outcome = Self.outcome(answer)
        run.history.writes[number] = write
        run.story.line("\(write.text): \(text(answer))")
        onAnswer(answer, write.life, write.start, write.text)
        schedule()
    }

    private static func outcome(_ answer: Answer?) -> WriteRecord.Outcome {
        switch answer?.status {
        case 200, 201, 204: .acknowledged
        case 412: .conditionFailed
        case 501, 507, 400: .refused
        case 503 where answer?.text.contains("not confirmed") == false: .refused
        default: .unknown
        }
    }

    // MARK: Answers

    private func onAnswer(_ answer: Answer?, _ life: Life, _ start: UInt64, _ what: String) {
        if let answer {
            if ![200, 201, 204, 404, 412, 501, 503, 504, 507].contains(answer.status) {
                run.report(.everyRequestIsAnswered, "\(what) at \(life) got \(text(answer))")
            }
            return
        }
        // A connection that ended is no answer either, but not the node's fault when it or its
        // machine was in trouble.
        if !run.wasInTrouble(member, since: start) {
            run.report(
                .everyRequestIsAnswered,
                "\(what) at \(life), asked at \(seconds(start)), has none at \(seconds(run.now))")
        }
    }

    private func text(_ answer: Answer?) -> String {
        guard let answer else { return "no answer" }
        return answer.status == 200 ? "200" : "\(answer.status) \(answer.text)"
    }
}
