import Protobuf

/// All types of a request, and what each is called in Swift.
struct Schema {
  enum Definition {
    case message(DescriptorProto)
    case enumeration(EnumDescriptorProto)
  }

  struct Entry {
    /// The name in the schema: `link.v1.Account`.
    let fullName: String
    let module: String
    /// The names in Swift, from the outermost type inwards.
    let path: [String]
    let definition: Definition
  }

  let options: GeneratorOptions
  private(set) var entries: [String: Entry] = [:]

  init(_ files: [FileDescriptorProto], options: GeneratorOptions) {
    self.options = options
    for file in files {
      let module = options.module(ofFile: file.name ?? "")
      let package = file.package ?? ""
      for message in file.messageType { add(message, in: package, module, []) }
      for enumeration in file.enumType { add(enumeration, in: package, module, []) }
    }
  }

  private mutating func add(
    _ message: DescriptorProto, in scope: String, _ module: String, _ outer: [String]
  ) {
    let entry = entry(message.name, in: scope, module, outer, .message(message))
    entries[entry.fullName] = entry
    for nested in message.nestedType { add(nested, in: entry.fullName, module, entry.path) }
    for nested in message.enumType { add(nested, in: entry.fullName, module, entry.path) }
  }

  private mutating func add(
    _ enumeration: EnumDescriptorProto, in scope: String, _ module: String, _ outer: [String]
  ) {
    let entry = entry(enumeration.name, in: scope, module, outer, .enumeration(enumeration))
    entries[entry.fullName] = entry
  }

  private func entry(
    _ name: String?, in scope: String, _ module: String, _ outer: [String],
    _ definition: Definition
  ) -> Entry {
    let name = name ?? ""
    let fullName = scope.isEmpty ? name : "\(scope).\(name)"
    let swiftName = options.names[fullName] ?? Naming.type(name)
    return Entry(
      fullName: fullName, module: module, path: outer + [swiftName], definition: definition)
  }

  /// Finds a type by the name that descriptors use, which begins with a dot.
  func entry(_ typeName: String?, _ place: String) throws(GeneratorError) -> Entry {
    let name = String((typeName ?? "").drop { $0 == "." })
    guard let entry = entries[name] else {
      throw GeneratorError(place, "refers to \(name), which no file of the request declares")
    }
    return entry
  }

  func message(_ typeName: String?) -> DescriptorProto? {
    let name = String((typeName ?? "").drop { $0 == "." })
    guard case .message(let message) = entries[name]?.definition else { return nil }
    return message
  }
}

/// Where a piece of code stands: which names mean something else there.
struct Scope {
  let module: String
  /// The names of types that are nested in the messages around.
  var nestedNames: Set<String> = []

  /// The type's name as it must be written here.
  func reference(to entry: Schema.Entry) -> String {
    let name = entry.path.joined(separator: ".")
    let isHidden = entry.path.first.map(nestedNames.contains) ?? false
    return entry.module != module || isHidden ? "\(entry.module).\(name)" : name
  }
}
