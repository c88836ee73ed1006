/// Rows under headings, each column as wide as its widest cell.
struct TextTable {
    /// A cell; painted after it was measured.
    struct Cell {
        var text: String
        var look: Style.Look?
        var isState = false

        init(_ text: String, look: Style.Look? = nil) {
            self.text = Printable.text(text)
            self.look = look
        }

        /// A cell whose colour says how good the state is.
        init(state: String) {
            text = Printable.text(state)
            isState = true
        }

        func painted(_ style: Style) -> String {
            if isState { return style.paint(state: text) }
            return look.map { style.paint(text, $0) } ?? text
        }
    }

    private var rows: [[Cell]]
    /// Columns of numbers, which end at the right.
    private let rightAligned: Set<Int>

    init(headings: [String], rightAligned: Set<Int> = []) {
        rows = headings.isEmpty ? [] : [headings.map { Cell($0, look: .bold) }]
        self.rightAligned = rightAligned
    }

    /// `row` has as many cells as there are headings.
    mutating func append(_ row: [Cell]) { rows.append(row) }

    /// The lines, without white space at their ends.
    func lines(_ style: Style) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].text.count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let last = row.lastIndex { !$0.text.isEmpty } ?? 0
            return row[...last].enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.text.count)
                let painted = cell.painted(style)
                if rightAligned.contains(column) { return padding + painted }
                return column == last ? painted : painted + padding
            }.joined(separator: "  ")
        }
    }
}
