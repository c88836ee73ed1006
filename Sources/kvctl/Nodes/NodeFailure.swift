import Foundation
import UVHTTP

extension Failure {
    /// What a request without an answer means for the person who asked for it.
    init(
        _ error: HTTPClientError, node: NodeAddress, timeoutMilliseconds: UInt64,
        in directory: NodeDirectory
    ) {
        switch error {
        case .unresolved, .unreachable:
            self.init(
                .unreachable, "cannot reach \(node): \(error.sentence).",
                advice: directory.advice)
        case .disconnected:
            self.init(
                .unreachable, "\(node) closed the connection before it answered.",
                advice: "A write may have been carried out; read the key to know.")
        case .timedOut:
            self.init(
                .unreachable,
                "\(node) did not answer within \(Printable.seconds(Double(timeoutMilliseconds) / 1000)).",
                advice: "--timeout SECONDS waits longer.")
        case .malformed(let refusal) where refusal.status == 413:
            let limit = NodeClient.answerBytesMax / 1024 / 1024
            self.init(
                .failure, "the answer of \(node) is longer than \(limit) MiB.",
                advice: "kvctl holds an answer in memory; curl writes one of any length to a file.")
        case .malformed(let refusal):
            self.init(
                .failure, "what answers as \(node) does not speak HTTP: \(refusal.reason).",
                advice: "Does another program have that port?")
        case .overloaded:
            self.init(.failure, "too many requests to \(node) at once.")
        case .closed:
            self.init(.failure, "interrupted.")
        }
    }

    /// A node's answer of a status that the command can't use.
    init(
        unexpectedStatus status: Int, body: [UInt8], from node: NodeAddress, to path: String,
        method: HTTPMethod = .get
    ) {
        let reason = Self.reason(in: body)
        let detail = reason.isEmpty ? "." : ": \(reason)"
        let advice: String
        switch status {
        case 401: advice = Self.tokenAdvice
        case 404: advice = "Is it a Canopy node? kvctl get, put and delete speak to others as well."
        case 503: advice = "kvctl cluster status says which nodes of this machine run."
        default: advice = ""
        }
        self.init(
            .failure, "\(node) answered \(status) to \(method.name) \(path)\(detail)",
            advice: advice)
    }

    /// What to do about a node that asks for a token.
    static let tokenAdvice =
        "--token-file FILE (\(TokenFile.variable)) names the file with the token."

    /// An answer of status 200 that is not what `path` promises.
    init(unreadable path: String, from node: NodeAddress) {
        self.init(
            .failure, "what \(node) answered to GET \(path) can't be read.",
            advice: "Is it a Canopy node of another version? kvctl is \(kvctlVersion).")
    }

    /// What an error's body says: its `detail` when it is one of ours (RFC 9457) or of the earlier
    /// JSON system, else the beginning of its text; inert for a terminal.
    static func reason(in body: [UInt8]) -> String {
        struct Problem: Decodable { var detail: String }
        // Any error of the decoder means the same here: text of another kind.
        let problem = try? JSONDecoder().decode(Problem.self, from: Data(body))
        let text = problem?.detail ?? String(decoding: body.prefix(500), as: UTF8.self)
        return Printable.text(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
