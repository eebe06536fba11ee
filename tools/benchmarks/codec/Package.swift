// swift-tools-version: 6.0
import PackageDescription

// swift-protobuf's side of `tools/bench codec`. Not part of the package: the script copies this
// folder into .build-bench, and the messages that protoc-gen-swift generates beside it.
let package = Package(
  name: "peer",
  dependencies: [.package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0")],
  targets: [
    .executableTarget(
      name: "peer", dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: ".")
  ]
)
