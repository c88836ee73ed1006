/// The rules of a znode's path, as the server has them (`PathUtils.validatePath`).
public enum NodePath {
    /// Why `path` is none, as the end of a sentence that begins with the path; nil if it is one.
    ///
    /// A path is absolute, has no empty, `.` or `..` component and no `/` at its end, and none of
    /// the characters that the server refuses: controls, private use, U+FFF0…U+FFFF, and all
    /// beyond U+FFFF.
    public static func fault(of path: String) -> String? {
        guard path.utf8.first == UInt8(ascii: "/") else { return "does not begin with '/'" }
        guard path.utf8.count > 1 else { return nil }
        if path.utf8.last == UInt8(ascii: "/") { return "ends with '/'" }
        if let scalar = path.unicodeScalars.first(where: { !isAllowed($0) }) {
            return "has the character U+\(hexadecimal(scalar.value)), which is not allowed"
        }
        for name in path.utf8.dropFirst().split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            if name.isEmpty { return "has an empty component" }
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) {
                return "has a relative component"
            }
        }
        return nil
    }

    /// The path of the child `name` of `parent`.
    public static func child(_ name: String, of parent: String) -> String {
        parent == "/" ? "/" + name : parent + "/" + name
    }

    /// The path above, `/` for a path of one component; nil for `/`.
    public static func parent(of path: String) -> String? {
        guard path.utf8.count > 1, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            return nil
        }
        return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
    }

    /// The last component; empty for `/`.
    public static func name(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: slash)...])
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0xD7FF, 0xF900...0xFFEF: true
        default: false
        }
    }

    private static func hexadecimal(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
