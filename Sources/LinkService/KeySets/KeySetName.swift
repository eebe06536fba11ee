internal import LinkAPI
internal import RPC

/// `keySets/{key_set}` or `profiles/{profile}/keySets/{key_set}`, taken apart.
struct KeySetName: Sendable {
  /// Nil for a key set of the whole tenant.
  let profile: String?
  let id: String

  /// Nil unless the name is one that a key set could have.
  init?(_ name: String) {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard let id = parts.last, RequestCheck.isProfile(id),
      parts.dropLast().last?.utf8.elementsEqual("keySets".utf8) == true
    else { return nil }
    self.id = id
    switch parts.count {
    case 2: profile = nil
    case 4:
      guard parts[0].utf8.elementsEqual("profiles".utf8), RequestCheck.isProfile(parts[1]) else {
        return nil
      }
      profile = parts[1]
    default: return nil
    }
  }

  /// The name as text.
  var text: String { (profile.map { "profiles/\($0)/" } ?? "") + "keySets/\(id)" }

  /// Whether a link for this profile may use it.
  func serves(profile other: String) -> Bool {
    profile.map { $0.utf8.elementsEqual(other.utf8) } ?? true
  }
}

extension RequestCheck {
  /// Reads the name of a key set.
  mutating func keySetName(_ name: String, _ field: String) -> KeySetName? {
    let parsed = KeySetName(name)
    require(
      parsed != nil, field, "must be keySets/{key_set} or profiles/{profile}/keySets/{key_set}")
    return parsed
  }

  /// Reads the name of a key set, or throws with whatever else is wrong so far.
  mutating func keySet(_ name: String) throws(Failure) -> KeySetName {
    let parsed = keySetName(name, "name")
    try finish()
    guard let parsed else { throw .keySetNotFound }
    return parsed
  }
}

extension Failure {
  static let keySetNotFound = Failure(
    code: .notFound, reason: .keySetNotFound, actor: .developer,
    message: "there is no key set of this name that could be used here")
}
