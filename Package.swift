// swift-tools-version: 6.0
import PackageDescription

/// The server is one thread on one loop: no `Task`, so no `_Concurrency`, whose library would bring
/// libdispatch in; no regular expressions, so no `_StringProcessing`. Without these flags the
/// compiler imports both into every file.
let serverSettings: [SwiftSetting] = [
    .unsafeFlags([
        "-Xfrontend", "-disable-implicit-concurrency-module-import",
        "-Xfrontend", "-disable-implicit-string-processing-module-import",
    ]),
    // One thread: an overlapping access can only be a re-entry, and those trap in the tests' debug
    // build.
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
    name: "canopy",
    products: [
        .executable(name: "cachenode", targets: ["cachenode"]),
        .executable(name: "kvctl", targets: ["kvctl"]),
        .library(name: "ZooKeeper", targets: ["ZooKeeper"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .systemLibrary(name: "CLibUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .target(name: "UVHTTP", dependencies: ["CLibUV"], swiftSettings: serverSettings),
        .target(name: "ZooKeeper", dependencies: ["UVHTTP"], swiftSettings: serverSettings),
        .target(
            name: "CacheNode", dependencies: ["UVHTTP", "ZooKeeper"], exclude: ["Main"],
            swiftSettings: serverSettings),
        .executableTarget(
            name: "cachenode", dependencies: ["CacheNode"], path: "Sources/CacheNode/Main",
            swiftSettings: serverSettings),
        .executableTarget(
            name: "kvctl",
            dependencies: [
                "UVHTTP", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .target(name: "Simulation", dependencies: ["UVHTTP"], path: "Tests/Simulation"),
        .target(
            name: "ClusterSimulation", dependencies: ["CacheNode", "Simulation", "UVHTTP"],
            path: "Tests/ClusterSimulation"),
        .executableTarget(
            name: "simulate", dependencies: ["CacheNode", "ClusterSimulation"],
            path: "Tests/Simulate"),
        .executableTarget(
            name: "httpecho", dependencies: ["UVHTTP"], path: "Tests/HTTPEcho",
            swiftSettings: serverSettings),
        .testTarget(name: "UVHTTPTests", dependencies: ["UVHTTP", "Simulation"]),
        .testTarget(name: "ZooKeeperTests", dependencies: ["ZooKeeper", "Simulation"]),
        .testTarget(
            name: "CacheNodeTests", dependencies: ["CacheNode", "ClusterSimulation", "Simulation"]),
        .testTarget(name: "kvctlTests", dependencies: ["kvctl"]),
    ]
)
