public import Protobuf

extension ProtoEnum {
  /// The name in the schema without what all names of the enum begin with: `ACTIVE` for
  /// `ACCOUNT_STATE_ACTIVE`; the number for a value that has no name.
  ///
  /// Relies on buf's rule that the value 0 is called `…_UNSPECIFIED`.
  public var shortName: String {
    guard let name else { return "\(rawValue)" }
    let zero = Self(rawValue: 0).name ?? ""
    let suffix = "UNSPECIFIED"
    guard zero.utf8.reversed().starts(with: suffix.utf8.reversed()) else { return name }
    let prefix = zero.utf8.dropLast(suffix.utf8.count)
    guard name.utf8.starts(with: prefix) else { return name }
    return String(decoding: name.utf8.dropFirst(prefix.count), as: UTF8.self)
  }
}
