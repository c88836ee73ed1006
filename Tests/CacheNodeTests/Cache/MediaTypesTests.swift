import Simulation
import Testing

@testable import CacheNode

@Suite struct MediaTypesTests {
    @Test func theTwoFixedTypesHaveFixedIndices() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let baseline = test.bytesUsed
        #expect(test.mediaType("application/octet-stream") == 0)
        #expect(test.mediaType("application/json") == 1)
        #expect(test.mediaTypeText(0) == "application/octet-stream")
        #expect(test.mediaTypeText(1) == "application/json")
        #expect(test.bytesUsed == baseline)
    }

    @Test func aTypeKeepsItsIndexAsLongAsAnEntryHasIt() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let baseline = test.bytesHeld
        let text = try #require(test.mediaType("text/plain"))
        test.put(key(1), mediaType: text)
        test.put(key(2), mediaType: text)
        let html = try #require(test.mediaType("text/html"))
        #expect(html != text)
        test.put(key(3), mediaType: html)
        #expect(test.mediaType("text/plain") == text)
        #expect(test.references(text) == 2)
        test.put(key(1), mediaType: html)
        #expect(test.references(text) == 1)
        #expect(test.references(html) == 2)
        #expect(test.mediaTypeText(text) == "text/plain")
        #expect(test.mediaTypeText(html) == "text/html")
        test.removeAll()
        #expect(test.bytesHeld == baseline)
    }

    @Test func aTypeThatNoEntryTookMakesWayForTheNext() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let first = test.mediaType("a/a")
        let used = test.bytesUsed
        for number in 100..<200 { #expect(test.mediaType("a/\(number)") == first) }
        #expect(test.bytesUsed == used)
    }

    @Test func aDetachedEntryHoldsItsType() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        let index = try #require(test.mediaType("text/plain"))
        let reference = test.make(key(1), [], mediaType: index)
        _ = test.mediaType("text/html")
        _ = test.mediaType("text/css")
        #expect(test.mediaTypeText(index) == "text/plain")
        test.cache.pointee.discard(reference)
        #expect(test.references(index) == 0)
    }

    @Test func onlyOneTo255BytesAreAType() throws {
        let test = try TestCache(bytesMax: 1 << 20)
        #expect(test.mediaType("") == nil)
        #expect(test.mediaType("t") != nil)
        #expect(test.mediaType(String(repeating: "t", count: 255)) != nil)
        #expect(test.mediaType(String(repeating: "t", count: 256)) == nil)
    }

    @Test func indicesRunOutAt65535TypesAndAreUsedAgain() throws {
        let test = try TestCache(bytesMax: 64 << 20)
        let baseline = test.bytesHeld
        var indices = Set<UInt16>([0, 1])
        for number in 2..<65_535 {
            let index = try #require(test.mediaType("type/\(number)"))
            indices.insert(index)
            test.put(key(number), mediaType: index)
        }
        #expect(indices.count == 65_535)
        #expect(test.mediaType("one/more") == nil)
        let known = try #require(test.mediaType("type/1234"))
        #expect(test.mediaTypeText(known) == "type/1234")
        test.remove(key(1234))
        #expect(test.mediaType("one/more") == known)
        test.put(key(1234), mediaType: known)
        test.removeAll()
        #expect(test.bytesHeld == baseline)
        #expect(test.mediaType("one/more") != nil)
    }

    @Test func typesComeAndGoAsInAReferenceCount() throws {
        let test = try TestCache(bytesMax: 4 << 20)
        let baseline = test.bytesHeld
        var random = SimRandom(seed: 5)
        var typeOfKey: [Int: Int] = [:]
        for _ in 0..<scaled(debug: 20_000, release: 500_000) {
            let number = Int.random(in: 0..<300, using: &random)
            if Int.random(in: 0..<3, using: &random) == 0 {
                #expect(test.remove(key(number)) == (typeOfKey.removeValue(forKey: number) != nil))
            } else {
                let type = Int.random(in: 0..<200, using: &random)
                let index = try #require(test.mediaType("type/\(type)"))
                #expect(test.put(key(number), mediaType: index))
                typeOfKey[number] = type
            }
        }
        for (number, type) in typeOfKey {
            let index = test.cache.pointee.mediaType(of: test.find(key(number)))
            #expect(test.mediaTypeText(index) == "type/\(type)")
            let holders = typeOfKey.values.filter { $0 == type }.count
            #expect(test.references(index) == holders)
        }
        test.removeAll()
        #expect(test.bytesHeld == baseline)
    }
}
