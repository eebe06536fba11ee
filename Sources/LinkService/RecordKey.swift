internal import LinkAPI
internal import Store
internal import TextCoding

/// Where each record stands in the store.
///
/// The parts of a key are joined by `/`, which none of them can contain: tenants, profiles and ids
/// are checked where they come in. So the order of keys is the order of resource names, and
/// everything of one profile, or of one tenant, is one range.
enum RecordKey {
  /// `AccountRecord`s of a tenant, or of one of its profiles: what their keys begin with.
  static func accounts(tenant: String, profile: String?) -> Key {
    join(["account", tenant] + (profile.map { [$0] } ?? []) + [""])
  }

  static func account(tenant: String, profile: String, account: String) -> Key {
    join(["account", tenant, profile, account])
  }

  /// Which account of a profile a provider's account is: the value is the account's id.
  static func identity(
    tenant: String, profile: String, provider: Provider, id: String
  ) -> Key {
    join(["identity", tenant, profile, provider.shortName, id])
  }

  /// A `LinkRecord`, found by the SHA-256 of its link secret: whoever reads an index learns no
  /// secret, and the look-up compares nothing that a guess could be timed against.
  static func link(tenant: String, secretDigest: [UInt8]) -> Key {
    join(["link", tenant, Hex.encode(secretDigest)])
  }

  /// A `StartRecord`.
  static func start(tenant: String, requestID: String) -> Key {
    join(["start", tenant, requestID])
  }

  /// A `TokenRecord`.
  static func token(id: [UInt8]) -> Key {
    join(["token", Hex.encode(id)])
  }

  private static func join(_ parts: [String]) -> Key {
    Key(parts.joined(separator: "/"))
  }
}
