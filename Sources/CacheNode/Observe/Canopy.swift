/// What the product calls itself.
public enum Canopy {
    /// Semantic version (semver.org), as `--version`, `/version` and the metrics show it.
    public static let version = "0.1.0"
}
