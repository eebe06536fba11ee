import Protobuf

/// Decides which message fields are kept out of line.
///
/// A struct cannot contain itself, so fields on a cycle must be; and a large message inside others
/// would make every copy of them large.
final class Layout {
  /// Up to so many bytes a message stands in line: copying them is cheaper than an allocation.
  private static let largestInline = 64
  /// A message whose fields take more than about so many bytes keeps all of them on the heap.
  private static let largestStruct = 256

  private let schema: Schema
  private var sizes: [String: Int] = [:]

  init(_ schema: Schema) { self.schema = schema }

  func isOutOfLine(_ field: FieldDescriptorProto, in message: String) -> Bool {
    let target = Self.target(of: field)
    guard !isLarge(target) else { return false }
    return reaches(target, message) || size(of: target) > Self.largestInline
  }

  /// Whether a message keeps its fields on the heap: see `LargeMessage`.
  ///
  /// Counts every message inside as 24 bytes, whatever its own layout.
  func isLarge(_ name: String) -> Bool {
    guard let message = schema.message(name) else { return false }
    let sizes = message.field.map { field in
      field.label != .repeated && field.isMessage ? 24 : Self.size(ofScalar: field)
    }
    return sizes.reduce(0, +) > Self.largestStruct
  }

  /// Whether a message, or one that it can contain, has fields that must be set.
  func hasRequiredFields(_ start: String) -> Bool {
    var seen: Set<String> = []
    var open = [start]
    while let name = open.popLast() {
      guard seen.insert(name).inserted, let entry = schema.entries[name],
        case .message(let message) = entry.definition
      else { continue }
      if message.field.contains(where: { schema.isRequired($0, in: entry) }) { return true }
      open += message.field.filter(\.isMessage).map(Self.target)
    }
    return false
  }

  private static func target(of field: FieldDescriptorProto) -> String {
    String((field.typeName ?? "").drop { $0 == "." })
  }

  /// Whether a message can contain another through singular fields.
  private func reaches(_ start: String, _ goal: String) -> Bool {
    var seen: Set<String> = []
    var open = [start]
    while let name = open.popLast() {
      // What a large message contains is behind its pointer.
      guard !isLarge(name) else { continue }
      if name == goal { return true }
      guard seen.insert(name).inserted, let message = schema.message(name) else { continue }
      for field in message.field where field.label != .repeated && field.isMessage {
        open.append(Self.target(of: field))
      }
    }
    return false
  }

  /// About how many bytes a message takes where it stands in line.
  private func size(of name: String) -> Int {
    if let size = sizes[name] { return size }
    guard let message = schema.message(name), !isLarge(name) else { return 8 }
    var oneofs: [Int32: Int] = [:]
    var size = 8
    for field in message.field {
      let fieldSize = self.size(of: field, in: name)
      if let index = field.oneofIndex {
        oneofs[index] = max(oneofs[index] ?? 0, fieldSize)
      } else {
        size += fieldSize
      }
    }
    size += oneofs.values.reduce(0, +)
    sizes[name] = size
    return size
  }

  /// About how many bytes a field takes in its message.
  func size(of field: FieldDescriptorProto, in message: String) -> Int {
    guard field.label != .repeated, field.isMessage else { return Self.size(ofScalar: field) }
    return isOutOfLine(field, in: message) ? 8 : size(of: Self.target(of: field))
  }

  private static func size(ofScalar field: FieldDescriptorProto) -> Int {
    field.label != .repeated && field.type == .string ? 16 : 8
  }
}

extension FieldDescriptorProto {
  /// Whether the values are messages, in whichever encoding.
  var isMessage: Bool { type == .message || type == .group }
}

extension Schema {
  /// Whether a field must be set.
  func isRequired(_ field: FieldDescriptorProto, in entry: Entry) -> Bool {
    field.label == .required
      || (field.label != .repeated && field.oneofIndex == nil
        && entry.features.overlaid(field).presence == .required)
  }
}
