import Testing

@testable import UVHTTP

@Suite struct HTTPHeadLimitTests {
    @Test func aHeadMayFillItsLimitAndNoMore() {
        for filler in ["X: ", "Content-Length: 1\r\nX: ", "A:\r\nB: c\r\nConnection: close\r\nX: "]
        {
            let start = "GET /kv/key HTTP/1.1\r\nHost: a\r\n\(filler)"
            let bytesMax = 200
            let pad = bytesMax - start.utf8.count - 4
            let harness = HeadHarness(limits: headLimits(bytes: bytesMax))
            let full = start + String(repeating: "v", count: pad) + "\r\n\r\n"
            #expect(harness.parseEveryWay(Array(full.utf8)).byteCount == bytesMax)
            let past = start + String(repeating: "v", count: pad + 1) + "\r\n\r\n"
            #expect(harness.parseEveryWay(Array(past.utf8)).outcome.refusalStatus == 431)
        }
    }

    @Test func theCommonRequestIsHeldToTheLimitToo() {
        let text = Array("GET /kv/k32 HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n\r\n".utf8)
        #expect(HeadHarness(limits: headLimits(bytes: 46)).parseEveryWay(text).byteCount == 46)
        for bytesMax in 0...45 {
            let harness = HeadHarness(limits: headLimits(bytes: bytesMax))
            #expect(harness.parseEveryWay(text).outcome.refusalStatus == 431)
        }
    }

    @Test func pastTheLimitNoOtherFaultCounts() {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: "
        let harness = HeadHarness(limits: headLimits(bytes: 100))
        for tail in ["\n", "\0", "\r\nY : z\r\n\r\n", "\r\nContent-Length: x\r\n\r\n"] {
            let pad = String(repeating: "v", count: 100 - start.utf8.count)
            let head = harness.parseEveryWay(Array((start + pad + tail).utf8))
            #expect(head.outcome == .refused(HTTPFault.headTooLong.refusal))
        }
        let pad = String(repeating: "v", count: 99 - start.utf8.count)
        let head = harness.parseEveryWay(Array((start + pad + "\n").utf8))
        #expect(head.outcome == .refused(HTTPFault.lineEnd.refusal))
    }

    @Test func fieldsAreCounted() {
        for (count, isHostFirst) in [(3, true), (3, false), (1, true)] {
            let harness = HeadHarness(limits: headLimits(fields: count))
            var lines = Array(repeating: "X: y\r\n", count: count - 1)
            lines.insert("Host: a\r\n", at: isHostFirst ? 0 : count - 1)
            let full = "GET / HTTP/1.1\r\n" + lines.joined()
            #expect(harness.parseEveryWay(Array((full + "\r\n").utf8)).outcome == .complete)
            let past = harness.parseEveryWay(Array((full + "Z: z\r\n\r\n").utf8))
            #expect(past.outcome == .refused(HTTPFault.fieldsTooMany.refusal))
            let bare = harness.parseEveryWay(Array((full + "\rZ").utf8))
            #expect(bare.outcome == .refused(HTTPFault.lineEnd.refusal))
        }
    }

    @Test func aTargetPastItsLimitIsTooLongEvenBeforeItsEnd() {
        let harness = HeadHarness(limits: headLimits(target: 20))
        for prefix in ["/", "/a?b", "http://a/", "http://a?"] {
            for method in ["GET", "PUT", "DELETE"] {
                let pad = String(repeating: "p", count: 20 - prefix.utf8.count)
                let tail = " HTTP/1.1\r\nHost: a\r\n\r\n"
                let full = "\(method) \(prefix)\(pad)"
                #expect(harness.parseEveryWay(Array((full + tail).utf8)).outcome == .complete)
                for more in ["p", "p\"", "p\0", "ppppppppppppppppppppppppppppp"] {
                    let past = harness.parseEveryWay(Array((full + more + tail).utf8))
                    #expect(past.outcome.refusalStatus == 414)
                    let cut = harness.parse(
                        Array((full + more).utf8), count: full.utf8.count + more.utf8.count)
                    #expect(cut.outcome.refusalStatus == 414)
                }
                let bad = harness.parseEveryWay(Array((full + "\"" + tail).utf8))
                #expect(bad.outcome.refusalStatus == 400)
            }
        }
    }

    @Test func aTargetOfEightKibibytesIsAccepted() {
        let harness = HeadHarness()
        let full = "GET /" + String(repeating: "p", count: 8191)
        let tail = " HTTP/1.1\r\nHost: a\r\n\r\n"
        let message = Array((full + tail).utf8)
        #expect(harness.parse(message, count: message.count).path.utf8.count == 8192)
        let past = Array((full + "p" + tail).utf8)
        #expect(harness.parse(past, count: past.count).outcome.refusalStatus == 414)
    }
}
