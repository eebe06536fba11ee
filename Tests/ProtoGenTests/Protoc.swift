import Foundation
import ProtoGen
import Protobuf

/// The compiler that parses schemas for us.
enum Protoc {
  /// The root of the checkout.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let program = URL(filePath: "/usr/bin/protoc")

  /// Whether tools/setup has been run.
  static let isInstalled = FileManager.default.isExecutableFile(atPath: program.path)

  private struct Failure: Error {}

  /// What protoc would ask a plugin for one file.
  static func request(for file: String, parameter: String) throws -> CodeGeneratorRequest {
    let output = FileManager.default.temporaryDirectory.appending(path: "descriptors-\(UUID())")
    defer { try? FileManager.default.removeItem(at: output) }
    let process = Process()
    process.executableURL = program
    process.currentDirectoryURL = root
    process.arguments = [
      "-I", "Protos", "-I", "/usr/include", "--include_imports", "--include_source_info",
      "--descriptor_set_out=\(output.path)", file,
    ]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure() }
    let set = try FileDescriptorSet(serialized: Array(Data(contentsOf: output)))
    return .with {
      $0.parameter = parameter
      $0.fileToGenerate = [file]
      $0.protoFile = set.file
    }
  }
}
