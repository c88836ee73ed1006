/// What `--help` prints, made from the table of flags.
enum SettingsHelp {
    static let program = "cachenode"
    private static let columnsMax = 80

    static func text() -> String {
        let options = SettingsFlag.table.map { flag in
            option(
                "--\(flag.name) \(flag.placeholder)",
                "\(flag.help) [default: \(flag.defaultText)] [\(flag.variable)]")
        }
        return ([usage] + options + [others, examples, exitCodes]).joined()
    }

    private static let usage = """
        \(program) \(Canopy.version): one node of a Canopy tree

        usage: \(program) [--FLAG VALUE | --FLAG=VALUE]...

        Serves a key-value cache over HTTP. Without --root this node is the root of a
        new tree; with it, the node registers there and is told its place. Flags win
        over environment variables, those over defaults.

        options:

        """

    private static let others =
        option("--help, -h", "Prints this.") + option("--version", "Prints the version.")

    private static let examples = """

        A DURATION is a whole number of seconds, or of what stands behind it: 250ms,
        10s, 5m, 1h, 7d.

        The variables of the two earlier systems (MY_ID, MY_IP, ROOT_ID, ROOT_IP,
        ZOO_SERVERS; node_name, node_address, root_node, n_nodes, api_port,
        startup_delay, debug, zookeeper) give defaults too.

        examples:
          A root, and a node below it:
            \(program) --listen 127.0.0.1:5001 --depth 3
            \(program) --name NODE-2 --listen 127.0.0.1:5002 --root 127.0.0.1:5001
          A node that other machines reach:
            \(program) --name NODE-4 --listen 0.0.0.0:5000 --advertise 10.0.1.70:5000 \\
              --root 10.0.1.67:5000 --memory 4GiB
          The same by the environment:
            CANOPY_NAME=NODE-4 CANOPY_ROOT=10.0.1.67:5000 \(program)

        """

    private static let exitCodes = """

        exit codes:
          0  stopped as asked (SIGTERM, SIGINT), or printed what was asked for
          1  could not start or go on, such as when the port is in use
          2  a setting is wrong; one line on stderr says which, and what is allowed

        """

    private static func option(_ head: String, _ text: String) -> String {
        "  \(head)\n" + wrapped(text, indent: 6).map { $0 + "\n" }.joined()
    }

    /// `text` in lines of at most `columnsMax` columns, each after `indent` spaces.
    private static func wrapped(_ text: String, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= columnsMax {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(margin + word)
            }
        }
        return lines
    }
}
