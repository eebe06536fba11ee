internal import LinkAPI

/// The keys that a request brings, or names.
enum KeySource: Sendable {
  case given(ConsumerKeys)
  case stored(KeySetName)
}

/// Keys, and the version of the key set that they are of.
struct KeyPair: Sendable {
  let keys: ConsumerKeys
  /// The name of the key set; empty where they are of none.
  var keySet = ""
  /// Its version; 0 where they are of none.
  var version: Int64 = 0
}

extension RequestCheck {
  mutating func keySource(
    _ keys: ConsumerKeys?, _ keySet: String?, for method: LinkMethod = .oauth1
  ) -> KeySource {
    guard let keySet else { return .given(self.keys(keys, for: method)) }
    guard let name = keySetName(keySet, "key_set") else { return .given(ConsumerKeys()) }
    return .stored(name)
  }
}

extension Records {
  func keySet(_ name: KeySetName, of tenant: String) async throws(Failure) -> Versioned<
    KeySetRecord
  >? {
    try await keySet(at: RecordKey.keySet(tenant: tenant, name))
  }

  /// The keys themselves, as they are now; those of a key set must be for this method.
  func pair(
    _ source: KeySource, of tenant: String, for method: LinkMethod = .oauth1
  ) async throws(Failure) -> KeyPair {
    switch source {
    case .given(let keys): return KeyPair(keys: keys)
    case .stored(let name):
      guard let found = try await keySet(name, of: tenant),
        found.record.keySet?.linkMethod.orOAuth1 == method
      else { throw .keySetNotFound }
      return KeyPair(
        keys: found.record.keys ?? ConsumerKeys(), keySet: name.text,
        version: found.record.keySet?.version ?? 0)
    }
  }

  /// The present pair of the key set that an account was linked with; nil if it is the account's
  /// own already, or is gone.
  func newerPair(
    for record: AccountRecord, of tenant: String
  ) async throws(Failure) -> KeyPair? {
    guard let name = KeySetName(record.account?.keySet ?? ""),
      let found = try await keySet(name, of: tenant), found.record.keys != record.keys
    else { return nil }
    return KeyPair(
      keys: found.record.keys ?? ConsumerKeys(), keySet: name.text,
      version: found.record.keySet?.version ?? 0)
  }
}
