import Protobuf

/// The modules that a generated file needs, each with the level at which it is exposed.
struct Imports {
  /// The import lines in order.
  let lines: [String]

  init(_ context: FileContext) {
    let own = context.module
    var exposed: Set<String> = ["Protobuf"]
    for name in Self.referencedTypes(context.file) {
      if let entry = context.schema.entries[name] { exposed.insert(entry.module) }
    }
    if !context.file.service.isEmpty { exposed.insert("RPC") }
    // The descriptors of imported files are only named in an initial value.
    let hidden = Set(context.file.dependency.map { context.schema.options.module(ofFile: $0) })
    lines = exposed.union(hidden).subtracting([own]).sorted().map { module in
      (exposed.contains(module) ? context.access : "") + "import \(module)"
    }
  }

  /// The full names of all types that fields and methods of the file have.
  private static func referencedTypes(_ file: FileDescriptorProto) -> Set<String> {
    var names: [String?] = file.messageType.flatMap(typeNames)
    names += file.service.flatMap { $0.method.flatMap { [$0.inputType, $0.outputType] } }
    return Set(names.compactMap { $0.map { String($0.drop { $0 == "." }) } })
  }

  private static func typeNames(_ message: DescriptorProto) -> [String?] {
    message.field.map(\.typeName) + message.nestedType.flatMap(typeNames)
  }
}
