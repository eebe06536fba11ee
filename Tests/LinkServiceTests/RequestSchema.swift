import LinkAPI
import Protobuf
import RPC
import Testing

/// A text in the request of a method, found in the schema: nothing here names one.
struct RequestField: Sendable, Hashable, CustomTestStringConvertible {
  /// The method's name.
  let method: String
  let kind: MethodKind
  /// The method, and the fields on the way from outside in: `StartLink.keys.consumer_key`.
  let path: String
  private let numbers: [Int32]

  var testDescription: String { path }

  /// Every text, and every row of bytes, that `LinkService` takes.
  static var all: [RequestField] {
    get throws {
      let schema = try RequestSchema(LinkServiceMethods.file)
      return schema.methods.flatMap { method in
        let kind: MethodKind = method.serverStreaming == true ? .serverStreaming : .unary
        return schema.texts(in: method.inputType ?? "").map { names, numbers in
          let name = method.name ?? ""
          return RequestField(
            method: name, kind: kind, path: ([name] + names).joined(separator: "."),
            numbers: numbers)
        }
      }
    }
  }

  /// A request with this text put into it: of what stands twice, the last one counts.
  func put(_ text: String, into request: [UInt8]) -> [UInt8] {
    request
      + numbers.reversed().reduce(Array(text.utf8)) { inner, number in
        Self.varint(Int(number) << 3 | 2) + Self.varint(inner.count) + inner
      }
  }

  private static func varint(_ value: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}

/// The messages that a schema can reach, by their full names.
private struct RequestSchema {
  let methods: [MethodDescriptorProto]
  private var messages: [String: DescriptorProto] = [:]

  init(_ file: FileDescriptor) throws {
    methods = try FileDescriptorProto(serialized: file.serialized).service.flatMap(\.method)
    try add(file)
  }

  private mutating func add(_ file: FileDescriptor) throws {
    let schema = try FileDescriptorProto(serialized: file.serialized)
    for message in schema.messageType {
      messages[".\(schema.package ?? "").\(message.name ?? "")"] = message
    }
    for dependency in file.dependencies { try add(dependency) }
  }

  /// Names and numbers of the fields on the way to each text in a message.
  func texts(in message: String) -> [(names: [String], numbers: [Int32])] {
    (messages[message]?.field ?? []).flatMap { field -> [(names: [String], numbers: [Int32])] in
      let (name, number) = (field.name ?? "", field.number ?? 0)
      guard field.type == .message else {
        return [.string, .bytes].contains(field.type) ? [([name], [number])] : []
      }
      return texts(in: field.typeName ?? "").map { ([name] + $0.names, [number] + $0.numbers) }
    }
  }
}
