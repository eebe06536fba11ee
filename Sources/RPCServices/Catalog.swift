internal import Protobuf

/// The files that declare what a server serves, by all that one can ask for.
///
/// Made once; names compare by their bytes.
struct Catalog: Sendable {
  /// A file as it is sent.
  struct File: Sendable {
    let name: String
    let dependencies: [String]
    let serialized: [UInt8]
  }

  private struct ExtensionKey: Hashable {
    let type: [UInt8]
    let number: Int32
  }

  /// The full names of the services.
  let services: [String]
  private var files: [[UInt8]: File] = [:]
  /// The file of each symbol.
  private var symbols: [[UInt8]: File] = [:]
  private var extensions: [ExtensionKey: File] = [:]

  init(services: [String]) { self.services = services }

  func file(named name: String) -> File? { files[Array(name.utf8)] }

  /// The file that declares a service, a method, a message, an enum or an extension.
  func file(declaring symbol: String) -> File? { symbols[Array(symbol.utf8)] }

  func file(extending type: String, with number: Int32) -> File? {
    extensions[ExtensionKey(type: Array(type.utf8), number: number)]
  }

  func extensionNumbers(of type: String) -> [Int32] {
    extensions.keys.filter { $0.type.elementsEqual(type.utf8) }.map(\.number).sorted()
  }

  /// A file and all that it needs, each once.
  func closure(of file: File) -> [File] {
    var found: [File] = [file]
    var names: Set<[UInt8]> = [Array(file.name.utf8)]
    var next = 0
    while next < found.count {
      for name in found[next].dependencies where names.insert(Array(name.utf8)).inserted {
        if let file = self.file(named: name) { found.append(file) }
      }
      next += 1
    }
    return found
  }
}

// MARK: - Filling

extension Catalog {
  /// Adds a file of generated code and those that it imports.
  mutating func add(_ file: FileDescriptor) {
    guard self.file(named: file.name) == nil else { return }
    for dependency in file.dependencies { add(dependency) }
    add(Self.decode(file), serialized: file.serialized)
  }

  /// Adds the declaration of `grpc.reflection.v1alpha`, which is that of `v1` under another name.
  mutating func addAlpha(of file: FileDescriptor) {
    var alpha = Self.decode(file)
    let (old, new) = ("grpc.reflection.v1", "grpc.reflection.v1alpha")
    func renamed(_ type: String?) -> String? {
      guard let type, type.utf8.starts(with: ".\(old).".utf8) else { return type }
      return ".\(new)." + type.dropFirst(old.count + 2)
    }
    alpha.name = "grpc/reflection/v1alpha/reflection.proto"
    alpha.package = new
    for message in alpha.messageType.indices {
      for field in alpha.messageType[message].field.indices {
        let type = alpha.messageType[message].field[field].typeName
        alpha.messageType[message].field[field].typeName = renamed(type)
      }
    }
    for service in alpha.service.indices {
      for method in alpha.service[service].method.indices {
        let (input, output) = (
          alpha.service[service].method[method].inputType,
          alpha.service[service].method[method].outputType
        )
        alpha.service[service].method[method].inputType = renamed(input)
        alpha.service[service].method[method].outputType = renamed(output)
      }
    }
    guard let serialized = try? alpha.serialized() else {
      preconditionFailure("a renamed descriptor cannot be encoded")
    }
    add(alpha, serialized: serialized)
  }

  /// The compiler wrote it, so it can be read.
  private static func decode(_ file: FileDescriptor) -> FileDescriptorProto {
    guard let descriptor = try? FileDescriptorProto(serialized: file.serialized) else {
      preconditionFailure("the generated descriptor of \(file.name) cannot be decoded")
    }
    return descriptor
  }

  private mutating func add(_ descriptor: FileDescriptorProto, serialized: [UInt8]) {
    let file = File(
      name: descriptor.name ?? "", dependencies: descriptor.dependency, serialized: serialized)
    files[Array(file.name.utf8)] = file
    let scope = descriptor.package ?? ""
    for message in descriptor.messageType { add(message, in: scope, file) }
    for type in descriptor.enumType { add(type.name, in: scope, file) }
    for service in descriptor.service {
      let name = add(service.name, in: scope, file)
      for method in service.method { add(method.name, in: name, file) }
    }
    for field in descriptor.extension { addExtension(field, in: scope, file) }
  }

  private mutating func add(_ message: DescriptorProto, in scope: String, _ file: File) {
    let name = add(message.name, in: scope, file)
    for nested in message.nestedType { add(nested, in: name, file) }
    for type in message.enumType { add(type.name, in: name, file) }
    for field in message.extension { addExtension(field, in: name, file) }
  }

  private mutating func addExtension(
    _ field: FieldDescriptorProto, in scope: String, _ file: File
  ) {
    add(field.name, in: scope, file)
    // "If extendee starts with a '.', it is fully-qualified": the compiler writes no other.
    let key = ExtensionKey(
      type: Array((field.extendee ?? "").utf8.drop { $0 == UInt8(ascii: ".") }),
      number: field.number ?? 0)
    extensions[key] = file
  }

  @discardableResult
  private mutating func add(_ name: String?, in scope: String, _ file: File) -> String {
    let fullName = scope.isEmpty ? name ?? "" : "\(scope).\(name ?? "")"
    symbols[Array(fullName.utf8)] = file
    return fullName
  }
}
