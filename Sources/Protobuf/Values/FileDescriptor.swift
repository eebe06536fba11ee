import TextCoding

/// A proto file as server reflection gives it to strangers.
public struct FileDescriptor: Sendable {
  /// The path that other files import it by.
  public let name: String
  /// The files that it imports.
  public let dependencies: [FileDescriptor]
  private let base64: String

  /// A file with an encoded descriptor; generated code makes it.
  public init(name: String, dependencies: [FileDescriptor], base64: String) {
    self.name = name
    self.dependencies = dependencies
    self.base64 = base64
  }

  /// The file's `google.protobuf.FileDescriptorProto`, encoded, without comments.
  public var serialized: [UInt8] { Base64.decode(base64.utf8.span) ?? [] }
}
