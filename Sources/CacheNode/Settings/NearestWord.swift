/// Finds what a person may have meant.
enum NearestWord {
    /// The candidate with the fewest edits from `word`, the first of several; nil when none is
    /// near: more than a third of the word, or 2 letters in a short one.
    static func find(_ word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let distances = candidates.map { (candidate: $0, edits: edits(word, $0)) }
        guard let nearest = distances.min(by: { $0.edits < $1.edits }) else { return nil }
        return nearest.edits <= max(2, word.utf8.count / 3) ? nearest.candidate : nil
    }

    /// Letters to insert, remove or replace to make one word the other (Levenshtein's distance).
    static func edits(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (index, byte) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
