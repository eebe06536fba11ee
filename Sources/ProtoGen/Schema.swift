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
    /// What is said for everything that is declared in it.
    let features: Features

    /// Whether it is an enum that has no values but those with names.
    var isClosedEnum: Bool {
      if case .enumeration = definition { features.hasClosedEnums } else { false }
    }
  }

  let options: GeneratorOptions
  private(set) var entries: [String: Entry] = [:]

  init(_ files: [FileDescriptorProto], options: GeneratorOptions) throws(GeneratorError) {
    self.options = options
    for file in files {
      let features = try Features(file)
      let scope = Outside(
        fullName: file.package ?? "", module: options.module(ofFile: file.name ?? ""),
        features: features)
      for message in file.messageType { add(message, in: scope) }
      for enumeration in file.enumType { add(enumeration, in: scope) }
    }
  }

  /// What a declaration stands in: a package or a message.
  private struct Outside {
    let fullName: String
    let module: String
    var path: [String] = []
    let features: Features
  }

  private mutating func add(_ message: DescriptorProto, in outside: Outside) {
    let features = outside.features.overlaid(message)
    let entry = entry(message.name, in: outside, .message(message), features)
    entries[entry.fullName] = entry
    let inside = Outside(
      fullName: entry.fullName, module: entry.module, path: entry.path, features: features)
    for nested in message.nestedType { add(nested, in: inside) }
    for nested in message.enumType { add(nested, in: inside) }
  }

  private mutating func add(_ enumeration: EnumDescriptorProto, in outside: Outside) {
    let features = outside.features.overlaid(enumeration)
    let entry = entry(enumeration.name, in: outside, .enumeration(enumeration), features)
    entries[entry.fullName] = entry
  }

  private func entry(
    _ name: String?, in outside: Outside, _ definition: Definition, _ features: Features
  ) -> Entry {
    let name = name ?? ""
    let fullName = outside.fullName.isEmpty ? name : "\(outside.fullName).\(name)"
    let swiftName = options.names[fullName] ?? Naming.type(name)
    return Entry(
      fullName: fullName, module: outside.module, path: outside.path + [swiftName],
      definition: definition, features: features)
  }

  /// Finds a type by the name that descriptors use, which begins with a dot.
  func entry(_ typeName: String?, _ place: String) throws(GeneratorError) -> Entry {
    let name = String((typeName ?? "").drop { $0 == "." })
    guard let entry = entries[name] else {
      throw GeneratorError(place, "refers to \(name), which no file of the request declares")
    }
    return entry
  }

  func definition(_ typeName: String?) -> Definition? {
    entries[String((typeName ?? "").drop { $0 == "." })]?.definition
  }

  func message(_ typeName: String?) -> DescriptorProto? {
    guard case .message(let message) = definition(typeName) else { return nil }
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
