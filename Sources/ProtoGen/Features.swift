import Protobuf

/// How a file wants its fields and enums to be handled: what `syntax` says, and in editions the
/// `features` of the file, message, oneof, enum or field.
struct Features {
  /// When a singular field counts as set.
  enum Presence {
    /// When it was set, whatever to.
    case explicit
    /// When it does not hold the default.
    case implicit
    /// Always: a message without it is not valid.
    case required
  }

  var presence: Presence
  var hasClosedEnums: Bool
  var isPacked: Bool
  /// Whether messages stand between two tags instead of behind their length.
  var isDelimited = false

  private init(presence: Presence, hasClosedEnums: Bool, isPacked: Bool) {
    self.presence = presence
    self.hasClosedEnums = hasClosedEnums
    self.isPacked = isPacked
  }

  /// What a file starts from.
  ///
  /// Edition 2023 says for everything what proto3 says, except that presence is explicit.
  init(_ file: FileDescriptorProto) throws(GeneratorError) {
    switch file.syntax ?? "proto2" {
    case "", "proto2": self.init(presence: .explicit, hasClosedEnums: true, isPacked: false)
    case "proto3": self.init(presence: .implicit, hasClosedEnums: false, isPacked: true)
    case "editions":
      let edition = file.unknownFields.varint(14) ?? 0
      guard Self.editions.contains(edition) else {
        throw GeneratorError(file.name ?? "", "has the edition \(edition), which is not known")
      }
      self.init(presence: .explicit, hasClosedEnums: false, isPacked: true)
      self = overlaid(file.options?.unknownFields.fields(50))
    case let syntax:
      throw GeneratorError(file.name ?? "", "has the syntax \(syntax), which is not known")
    }
  }

  /// The editions whose features are known: 2023, as `google.protobuf.Edition` numbers it.
  static let editions: ClosedRange<UInt64> = 1_000...1_000

  // Where the options of each kind of declaration have their `features`. They are unknown fields
  // here: descriptor.proto has had them since protobuf 27, Debian 12 has 21.

  func overlaid(_ message: DescriptorProto) -> Features {
    overlaid(message.options?.unknownFields.fields(12))
  }

  func overlaid(_ enumeration: EnumDescriptorProto) -> Features {
    overlaid(enumeration.options?.unknownFields.fields(7))
  }

  func overlaid(_ field: FieldDescriptorProto) -> Features {
    overlaid(field.options?.unknownFields.fields(21))
  }

  /// These features where a `google.protobuf.FeatureSet` does not say otherwise.
  private func overlaid(_ set: UnknownFields?) -> Features {
    guard let set else { return self }
    var features = self
    switch set.varint(1) {
    case 1: features.presence = .explicit
    case 2: features.presence = .implicit
    case 3: features.presence = .required
    default: break
    }
    if let type = set.varint(2), type != 0 { features.hasClosedEnums = type == 2 }
    if let encoding = set.varint(3), encoding != 0 { features.isPacked = encoding == 1 }
    if let encoding = set.varint(5), encoding != 0 { features.isDelimited = encoding == 2 }
    return features
  }
}
