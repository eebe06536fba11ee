// swift-tools-version: 6.2
import PackageDescription

/// What the compiler keeps so that a reviewer need not: the Swift 6 language mode, memory safety
/// spelled out, no warning left standing, every import and existential explicit.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A program that answers calls.
///
/// It allocates with jemalloc: a call takes and gives back some forty pieces of memory, a hundred calls
/// at a time, which is more than glibc keeps at hand. Tests find more with the system's allocator.
func server(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, swiftSettings: strict,
    linkerSettings: [.linkedLibrary("jemalloc", .when(configuration: .release))])
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.byName(name: name)] + dependencies, exclude: exclude,
    swiftSettings: strict)
}

let package = Package(
  name: "linkd",
  products: [
    .library(name: "OAuth", targets: ["OAuth"]),
    .library(name: "Protobuf", targets: ["Protobuf"]),
    .library(name: "RPC", targets: ["RPC", "RPCNet"]),
    .library(name: "LinkAPI", targets: ["LinkAPI"]),
  ],
  dependencies: [
    // HTTP/1.1 for people's browsers and Prometheus: the pages of fakex, the callback of linkctl, the
    // metrics of linkd.
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // The boundary: C libraries, and the wrappers that are the only places with unsafe code.
    .systemLibrary(name: "CLinux"),
    .systemLibrary(
      name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    library("Linux", ["CLinux"]),
    library("OpenSSL", ["COpenSSL"]),
    library("Zlib", ["CZlib"]),
    library("HTTP2", ["CNghttp2"]),

    // Values: no I/O, no clock.
    // Lifetimes: `Reader` borrows the bytes it reads.
    .target(
      name: "Protobuf", dependencies: ["TextCoding"],
      swiftSettings: strict + [.enableExperimentalFeature("Lifetimes")]),
    library("TextCoding"),
    library("RPC", ["Protobuf", "TextCoding", "Zlib"]),
    library("RPCServices", ["RPC", "Protobuf"]),
    library("OAuth", ["OpenSSL", "TextCoding"]),
    library("ProtoGen", ["Protobuf", "TextCoding"]),
    program("protoc-gen-link", ["ProtoGen", "Protobuf"]),

    // I/O.
    library("Net", ["HTTP2", "OpenSSL", "Linux"]),
    .target(
      name: "RPCNet", dependencies: ["RPC", "Net", "HTTP2", "OpenSSL", "Linux", "TextCoding"],
      exclude: ["LIMITS.md"], swiftSettings: strict),
    library("HTTPClient", ["CCurl", "Net", "Linux"]),
    .target(
      name: "Store", dependencies: ["OpenSSL", "Zlib", "Linux", "TextCoding"],
      exclude: ["FORMAT.md"], swiftSettings: strict),

    program("store-bench", ["Store", "Linux"]),

    program(
      "interop-server",
      [
        "Interop", "RPC", "RPCNet", "RPCServices", "Net", "HTTP2", "OpenSSL", "Linux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    program(
      "interop-client",
      [
        "Interop", "TestAPI", "Protobuf", "RPC", "RPCNet", "Net", "OpenSSL",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    program(
      "load-client",
      [
        "Protobuf", "RPC", "RPCNet", "Net", "OpenSSL",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    server(
      "echo-server",
      [
        "TestAPI", "RPC", "RPCNet", "Net", "HTTP2", "OpenSSL", "Linux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    program("codec-bench", ["LinkAPI", "Protobuf"]),
    program("conformance-testee", ["Protobuf"]),

    // The service.
    library("LinkAPI", ["RPC", "Protobuf"]),
    library("TestAPI", ["RPC", "Protobuf"]),
    library("Interop", ["TestAPI", "RPC"]),
    library(
      "LinkService",
      [
        "LinkAPI", "RPC", "Protobuf", "Store", "OAuth", "OpenSSL", "TextCoding",
        "Zlib",
      ]),

    // The offline stand-in for X.
    library(
      "FakeX", ["OAuth", "TextCoding", "Zlib", .product(name: "FlyingFox", package: "FlyingFox")]),
    program(
      "fakex",
      [
        "FakeX", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "FlyingFox", package: "FlyingFox"),
      ]),

    // The programs. `Console` is what their command lines have in common.
    library("Console"),
    server(
      "linkd",
      [
        "Console", "LinkService", "RPC", "RPCNet", "RPCServices", "Net", "HTTPClient", "Store",
        "OAuth", "OpenSSL", "Protobuf", "Linux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),
    program(
      "linkctl",
      [
        "Console", "LinkAPI", "RPC", "RPCNet", "Net", "OpenSSL", "Protobuf", "Linux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "FlyingFox", package: "FlyingFox"),
      ]),

    tests("Linux", ["CLinux"]),
    tests("OpenSSL", ["COpenSSL"]),
    tests("Zlib"),
    // One side of a connection, frame by frame as a test writes it down.
    .target(
      name: "ScriptedPeer", dependencies: ["Net", "HTTP2", "CNghttp2", "Linux"],
      path: "Tests/ScriptedPeer", swiftSettings: strict),
    tests("HTTP2", ["ScriptedPeer", "Net", "RPCNet", "OpenSSL", "Linux"]),
    tests("TextCoding"),
    tests("Protobuf", ["LinkAPI", "TextCoding"], exclude: ["Oracle/oracle.py"]),
    tests("RPC", ["Protobuf"]),
    tests("OAuth", ["OpenSSL"]),
    tests("ProtoGen", ["Protobuf", "LinkAPI", "RPC"]),
    tests("Net", ["ScriptedPeer", "HTTP2", "OpenSSL", "Linux"], exclude: ["Python"]),
    tests(
      "RPCNet",
      [
        "ScriptedPeer", "RPC", "Net", "HTTP2", "OpenSSL", "Linux", "Protobuf", "TestAPI", "Interop",
      ],
      exclude: ["Python"]),
    tests("HTTPClient", ["Net", "FakeX", "OAuth"], exclude: ["servers.py"]),
    tests("Store", ["OpenSSL", "Linux"], exclude: ["Fixtures"]),
    tests("FakeX", ["OAuth"]),
    tests("LinkService", ["FakeX", "LinkAPI", "OAuth", "Protobuf", "RPC", "Store"]),
    tests("Console"),
    tests("linkd", ["Console"]),
    tests("linkctl", ["Console"]),
  ]
)
