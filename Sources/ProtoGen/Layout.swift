import Protobuf

/// Decides which message fields are kept out of line.
///
/// A struct cannot contain itself, so fields on a cycle must be; and a large message inside others
/// would make every copy of them large.
final class Layout {
  /// Up to so many bytes a message stands in line: copying them is cheaper than an allocation.
  private static let largestInline = 128

  private let schema: Schema
  private var sizes: [String: Int] = [:]

  init(_ schema: Schema) { self.schema = schema }

  func isOutOfLine(_ field: FieldDescriptorProto, in message: String) -> Bool {
    let target = String((field.typeName ?? "").drop { $0 == "." })
    return reaches(target, message) || size(of: target) > Self.largestInline
  }

  /// Whether a message can contain another through singular fields.
  private func reaches(_ start: String, _ goal: String) -> Bool {
    var seen: Set<String> = []
    var open = [start]
    while let name = open.popLast() {
      if name == goal { return true }
      guard seen.insert(name).inserted, let message = schema.message(name) else { continue }
      for field in message.field where field.label != .repeated && field.type == .message {
        open.append(String((field.typeName ?? "").drop { $0 == "." }))
      }
    }
    return false
  }

  /// About how many bytes a message takes where it stands in line.
  private func size(of name: String) -> Int {
    if let size = sizes[name] { return size }
    guard let message = schema.message(name) else { return 8 }
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

  private func size(of field: FieldDescriptorProto, in message: String) -> Int {
    if field.label == .repeated { return 8 }
    switch field.type {
    case .string: return 16
    case .message:
      let target = String((field.typeName ?? "").drop { $0 == "." })
      return isOutOfLine(field, in: message) ? 8 : size(of: target)
    default: return 8
    }
  }
}
