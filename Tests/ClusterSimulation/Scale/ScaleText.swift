/// Numbers as people read them.
package enum ScaleText {
    /// `65,535`
    package static func grouped(_ number: Int) -> String {
        var groups: [String] = []
        var rest = number
        while rest >= 1000 {
            let group = String(rest % 1000)
            groups.append(String(repeating: "0", count: 3 - group.count) + group)
            rest /= 1000
        }
        return ([String(rest)] + groups.reversed()).joined(separator: ",")
    }

    /// A number of 0 or more, rounded: `3.25`; without digits for the sake of zeros: `3`.
    package static func decimal(_ number: Double, digits: Int) -> String {
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((number * Double(scale)).rounded())
        let whole = grouped(scaled / scale)
        var fraction = String(scaled % scale)
        fraction = String(repeating: "0", count: digits - min(digits, fraction.count)) + fraction
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty || digits == 0 ? whole : "\(whole).\(fraction)"
    }

    /// Milliseconds: `3.2`.
    static func milliseconds(_ microseconds: UInt64) -> String {
        let tenths = (microseconds + 50) / 100
        return "\(grouped(Int(tenths / 10))).\(tenths % 10)"
    }

    /// A table in Markdown.
    static func table(_ head: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        let rule = ["---"] + repeatElement("---:", count: head.count - 1)
        return ([line(head), line(rule)] + rows.map(line)).joined(separator: "\n")
    }
}
