// swift-tools-version: 6.0
import PackageDescription

/// The node's own cache (`Sources/Cache` is a link to that room), beside other policies on the same
/// requests. A package of its own, so that the study needs no more of the server than this room.
let package = Package(
    name: "hitratio",
    targets: [
        .executableTarget(
            name: "hitratio", path: "Sources",
            swiftSettings: [
                .unsafeFlags(["-Ounchecked"], .when(configuration: .release))
            ])
    ]
)
