import Foundation
import Simulation
import Testing

@testable import CacheNode

/// Valid texts with random damage: whatever they have become, the scanner must say what the grammar
/// says. The seed is fixed; a failure prints the text.
@Suite struct JSONMutationTests {
    private static let seeds: [[UInt8]] = [
        #"{"value":[1,-2.5e+3,0,"a\u00e9\ud83c\udf84\n",true,false,null,{}]}"#,
        #"[[],[[]],{"a":{"b":[]}},"é€🎄",0.1,1E9]"#,
        #"{"key":"0123456789abcdef\\","wait_for_parent":false,"value":null}"#,
        #"  [ 12 , "\"" , { "" : -0 } ]  "#,
    ].map { Array($0.utf8) }

    private static let alphabet =
        Array("{}[]\",:\\/bfnrtu0123456789dDeE+-.alsé \n\t\u{0}\u{1F}".utf8)
        + [0x80, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xA0, 0xF0, 0xF4, 0x90, 0xFF]

    @Test func agreesWithTheGrammarOnDamagedTexts() {
        var numbers = SimRandom(seed: 0x5EED_2)
        var accepted = 0
        for round in 0..<12_000 {
            var text = Self.seeds[round % Self.seeds.count]
            for _ in 0...numbers.below(3) { Self.damage(&text, &numbers) }
            let isJSON = text.isJSON
            accepted += isJSON ? 1 : 0
            if isJSON != JSONReference.accepts(text) {
                Issue.record("\(isJSON ? "accepted" : "refused"): \(text.debugDescription)")
            }
        }
        // Both answers must have been put to the test.
        #expect(accepted > 1000 && accepted < 11_000)
    }

    /// Texts put together from pieces of JSON are valid more often, and invalid in other ways.
    @Test func agreesWithTheGrammarOnTextsOfRandomPieces() {
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"", "1", "-", "0", ".5", "e1", "true", "null",
            " ", "\\u", "d83c", "\\udf84", "é", "\"\\ud83c\\udf84\"", "{\"a\":", "[1,", "]}",
        ].map { Array($0.utf8) }
        var numbers = SimRandom(seed: 0x5EED_3)
        var accepted = 0
        for _ in 0..<20_000 {
            let text = (0...numbers.below(6)).flatMap { _ in pieces[numbers.below(pieces.count)] }
            let isJSON = text.isJSON
            accepted += isJSON ? 1 : 0
            if isJSON != JSONReference.accepts(text) {
                Issue.record("\(isJSON ? "accepted" : "refused"): \(text.debugDescription)")
            }
        }
        #expect(accepted > 500)
    }

    /// Foundation is a third opinion. It refuses numbers it can't hold and is lax about surrogates,
    /// encodings and white space outside the grammar, so only what the scanner accepts is shown to
    /// it, and numbers are kept small by the seeds.
    @Test func foundationReadsWhatTheScannerAccepts() {
        var numbers = SimRandom(seed: 0x5EED_4)
        for round in 0..<2000 {
            var text = Self.seeds[round % Self.seeds.count]
            Self.damage(&text, &numbers)
            guard text.isJSON else { continue }
            // The error's text is of no use here: the question is whether there is one.
            let object = try? JSONSerialization.jsonObject(
                with: Data(text), options: .fragmentsAllowed)
            #expect(object != nil, "\(String(decoding: text, as: UTF8.self))")
        }
    }

    private static func damage(_ text: inout [UInt8], _ numbers: inout SimRandom) {
        let place = numbers.below(text.count)
        let byte = alphabet[numbers.below(alphabet.count)]
        switch numbers.below(5) {
        case 0: text[place] = byte
        case 1: text.insert(byte, at: place)
        case 2: text.remove(at: place)
        case 3: text.swapAt(place, numbers.below(text.count))
        default: text.removeSubrange(place..<min(text.count, place + 1 + numbers.below(8)))
        }
        if text.isEmpty { text = [byte] }
    }
}
