// The protoc plugin: a CodeGeneratorRequest on standard input, the answer on standard output.

import Foundation
import ProtoGen
import Protobuf

if CommandLine.arguments.count > 1 {
  print(GeneratorOptions.help)
  exit(CommandLine.arguments[1] == "--help" ? 0 : 64)
}

do {
  let request = try FileHandle.standardInput.readToEnd() ?? Data()
  let response = try Plugin.respond(to: Array(request))
  try FileHandle.standardOutput.write(contentsOf: Data(response.serialized()))
} catch {
  FileHandle.standardError.write(Data("protoc-gen-link: error: \(error)\n".utf8))
  exit(1)
}
