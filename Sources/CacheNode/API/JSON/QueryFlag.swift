import UVHTTP

/// The boolean parameters of the two earlier APIs, as their nodes read them. The values given here
/// are already percent-decoded.
enum QueryFlag {
    /// `wait_propagate` of `/kv`: `1` or `0`; nil for anything else.
    static func waitPropagate(_ value: UnsafeRawBufferPointer) -> Bool? {
        if value.equals("1") { return true }
        return value.equals("0") ? false : nil
    }

    /// `wait_for_parent` of `/store`: what pydantic takes for a boolean, in any ASCII case; nil for
    /// anything else.
    static func waitForParent(_ value: UnsafeRawBufferPointer) -> Bool? {
        let isTrue =
            value.equalsIgnoringCase("true") || value.equalsIgnoringCase("1")
            || value.equalsIgnoringCase("t") || value.equalsIgnoringCase("y")
            || value.equalsIgnoringCase("yes") || value.equalsIgnoringCase("on")
        if isTrue { return true }
        let isFalse =
            value.equalsIgnoringCase("false") || value.equalsIgnoringCase("0")
            || value.equalsIgnoringCase("f") || value.equalsIgnoringCase("n")
            || value.equalsIgnoringCase("no") || value.equalsIgnoringCase("off")
        return isFalse ? false : nil
    }
}
