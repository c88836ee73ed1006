import Testing
import UVHTTP

@testable import CacheNode

@Suite struct MetricsTests {
    struct Sample: Equatable {
        var help = ""
        var type = ""
        var labels = ""
        var value = ""
    }

    /// Reads the exposition format strictly: HELP, TYPE and one sample for each metric.
    static func samples(_ metrics: Metrics) throws -> [String: Sample] {
        var queue = ByteQueue()
        metrics.render(into: &queue)
        let text = queue.readable.text
        #expect(text.hasSuffix("\n"))
        var samples: [String: Sample] = [:]
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        try #require(lines.count % 3 == 0)
        for start in stride(from: 0, to: lines.count, by: 3) {
            let help = lines[start].split(separator: " ", maxSplits: 3)
            let type = lines[start + 1].split(separator: " ")
            let sample = lines[start + 2].split(separator: " ")
            try #require(help.count == 4 && type.count == 4 && sample.count == 2)
            #expect(help[0] == "#" && help[1] == "HELP" && type[0] == "#" && type[1] == "TYPE")
            let parts = sample[0].split(separator: "{", maxSplits: 1)
            #expect(help[2] == parts[0] && type[2] == parts[0])
            let labels = parts.count == 2 ? String(parts[1]) : ""
            let parsed = Sample(
                help: String(help[3]), type: String(type[3]), labels: labels,
                value: String(sample[1]))
            #expect(samples.updateValue(parsed, forKey: String(parts[0])) == nil)
        }
        return samples
    }

    /// `httpRequests` as `http_requests`.
    static func snakeCase(_ name: String) -> String {
        name.map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
    }

    @Test func everyStoredPropertyHasItsRowAndItsName() throws {
        let samples = try Self.samples(Metrics())
        let properties = Mirror(reflecting: Metrics()).children.compactMap(\.label)
        #expect(properties.count == MetricRow.table.count)
        #expect(samples.count == properties.count + 1)
        for property in properties {
            let name = "canopy_" + Self.snakeCase(property)
            let sample = samples[name] ?? samples[name + "_total"]
            #expect(sample != nil, "\(property)")
            #expect((samples[name] != nil) == (sample?.type == "gauge"))
            #expect(sample?.help.hasSuffix(".") == true)
            #expect(sample?.help.contains("\\") == false)
        }
    }

    @Test func eachRowReadsItsOwnProperty() throws {
        var metrics = Metrics()
        let rows = MetricRow.table
        withUnsafeMutableBytes(of: &metrics) { bytes in
            let values = bytes.bindMemory(to: UInt64.self)
            for index in values.indices { values[index] = UInt64(1000 + index) }
        }
        let samples = try Self.samples(metrics)
        let properties = Mirror(reflecting: metrics).children
        #expect(Set(rows.map { metrics[keyPath: $0.value] }).count == rows.count)
        for (label, value) in properties {
            let name = "canopy_" + Self.snakeCase(label ?? "")
            let sample = samples[name] ?? samples[name + "_total"]
            #expect(sample?.value == "\(value)")
        }
    }

    @Test func theNamesThatOthersRelyOnAreThere() throws {
        let samples = try Self.samples(Metrics())
        let counters = [
            "canopy_hits_total", "canopy_misses_total", "canopy_fills_total",
            "canopy_collapsed_total", "canopy_upward_sent_total", "canopy_upward_retried_total",
            "canopy_upward_rejected_total", "canopy_http_requests_total",
        ]
        for name in counters { #expect(samples[name]?.type == "counter") }
        #expect(samples["canopy_upward_queued"]?.type == "gauge")
        #expect(
            samples["canopy_build_info"]
                == Sample(
                    help: "The version that runs.", type: "gauge",
                    labels: "version=\"\(Canopy.version)\"}", value: "1"))
    }

    @Test func theGreatestValueIsRendered() throws {
        var metrics = Metrics()
        metrics.hits = .max
        #expect(try Self.samples(metrics)["canopy_hits_total"]?.value == "\(Int.max)")
    }

    @Test func theCountersArePlainMemory() {
        #expect(_isPOD(Metrics.self))
        #expect(MemoryLayout<Metrics>.size == MetricRow.table.count * 8)
    }
}
