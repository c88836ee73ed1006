/// What was measured of some trees, as tables in Markdown.
package struct ScaleReport {
    private let trees: [ScaleFigures]

    package init(_ trees: [ScaleFigures]) { self.trees = trees }

    package var markdown: String {
        [
            section("A write: time until it is everywhere, in ms (p50 / p99)") { time($0.writes) },
            section("A write: frames that the root receives + sends") { frames($0.writes) },
            section("A write: bytes of these frames") { bytes($0.writes) },
            section("A write: pushes that all nodes send") { figures in
                ScaleText.decimal(mean(figures.writes.pushes, figures.writes), digits: 1)
            },
            section("Nodes that hold the key, the root included") {
                ScaleText.decimal($0.copyCount, digits: 0)
            },
            section("A read that misses: time until its answer, in ms (p50 / p99)") {
                time($0.misses)
            },
            section("A read that misses: frames that the root receives + sends") {
                frames($0.misses)
            },
            section("A read that misses: bytes of these frames") { bytes($0.misses) },
            section("A read that hits: frames that the root receives + sends") { frames($0.hits) },
            idle, simulation,
        ].joined(separator: "\n\n")
    }

    // MARK: By levels and share

    private func section(_ title: String, _ cell: (ShareFigures) -> String) -> String {
        let shares = trees.first?.shares.map(\.share.name) ?? []
        return "### \(title)\n\n"
            + ScaleText.table(
                ["levels", "nodes"] + shares,
                trees.map { tree in head(tree) + tree.shares.map(cell) })
    }

    private func head(_ tree: ScaleFigures) -> [String] {
        ["\(tree.plan.depth)", ScaleText.grouped(tree.plan.nodeCount)]
    }

    private func time(_ figures: RequestFigures) -> String {
        guard figures.count > 0 else { return "–" }
        return [50, 99].map { ScaleText.milliseconds(figures.time(percent: $0)) }
            .joined(separator: " / ")
    }

    private func frames(_ figures: RequestFigures) -> String {
        sum(figures.framesReceived, figures.framesSent, figures, digits: 2)
    }

    private func bytes(_ figures: RequestFigures) -> String {
        sum(figures.bytesReceived, figures.bytesSent, figures, digits: 0)
    }

    private func sum(
        _ received: Int, _ sent: Int, _ figures: RequestFigures, digits: Int
    ) -> String {
        guard figures.count > 0 else { return "–" }
        return [received, sent].map {
            ScaleText.decimal(mean($0, figures), digits: digits)
        }.joined(separator: " + ")
    }

    private func mean(_ sum: Int, _ figures: RequestFigures) -> Double {
        Double(sum) / Double(max(1, figures.count))
    }

    // MARK: By levels

    private var idle: String {
        "### Nobody asks: what passes the root in the second after all have joined\n\n"
            + ScaleText.table(
                [
                    "levels", "nodes", "registrations", "their MB received", "sent",
                    "frames on its links",
                ],
                trees.map { tree in
                    head(tree) + [
                        ScaleText.grouped(tree.idle.registrations),
                        megabytes(tree.idle.httpBytesReceived), megabytes(tree.idle.httpBytesSent),
                        "\(tree.idle.framesReceived) + \(tree.idle.framesSent)",
                    ]
                })
    }

    private var simulation: String {
        "### The simulation itself\n\n"
            + ScaleText.table(
                [
                    "levels", "nodes", "CPU seconds", "virtual seconds", "events", "MB",
                    "KB per node",
                ],
                trees.map { tree in
                    head(tree) + [
                        ScaleText.decimal(tree.cpuSeconds, digits: 0),
                        ScaleText.decimal(Double(tree.virtualMilliseconds) / 1000, digits: 1),
                        ScaleText.grouped(tree.eventCount),
                        ScaleText.grouped(tree.residentBytes / 1_000_000),
                        "\(tree.residentBytes / 1000 / tree.plan.nodeCount)",
                    ]
                })
    }

    private func megabytes(_ bytes: Int) -> String {
        ScaleText.decimal(Double(bytes) / 1e6, digits: 2)
    }
}
