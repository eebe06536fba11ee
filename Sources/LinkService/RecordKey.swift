internal import LinkAPI
internal import OpenSSL
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
    guard let profile else { return join(["account", tenant, ""]) }
    return join(["account", tenant, profile, ""])
  }

  static func account(tenant: String, profile: String, account: String) -> Key {
    join(["account", tenant, profile, account])
  }

  /// Which account of a profile a provider's account is: the value is the account's id.
  static func identity(
    tenant: String, provider: Provider, id: String, profile: String
  ) -> Key {
    join(["identity", tenant, provider.shortName, id, profile])
  }

  /// The same for all profiles: what the keys begin with.
  static func identities(tenant: String, provider: Provider, id: String) -> Key {
    identity(tenant: tenant, provider: provider, id: id, profile: "")
  }

  /// A `KeySetRecord`.
  static func keySet(tenant: String, _ name: KeySetName) -> Key {
    keySet(tenant: tenant, .profile(nil), profile: name.profile, id: name.id)
  }

  /// A `KeySetRecord`, by the parts of its name; one of the tenant's own has no profile.
  static func keySet(
    tenant: String, _ scope: KeySetQuery.Scope, profile: String?, id: String
  ) -> Key {
    guard case .profile = scope, let profile else { return join(["tenantkeys", tenant, id]) }
    return join(["profilekeys", tenant, profile, id])
  }

  /// `KeySetRecord`s: what their keys begin with.
  static func keySets(tenant: String, _ scope: KeySetQuery.Scope) -> Key {
    switch scope {
    case .tenant: join(["tenantkeys", tenant, ""])
    case .profile(let profile): join(["profilekeys", tenant] + (profile.map { [$0] } ?? []) + [""])
    }
  }

  /// A `RevocationRecord`.
  static func revocation(tenant: String, id: String) -> Key {
    join(["revocation", tenant, id])
  }

  /// A `FeedRecord`.
  static func feed(tenant: String) -> Key {
    join(["feed", tenant])
  }

  /// An `EventRecord`: of fixed length, so that the order of keys is the order of events.
  static func event(tenant: String, sequence: UInt64) -> Key {
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: sequence >> (56 - 8 * $0)) }
    return join(["event", tenant, Hex.encode(bytes)])
  }

  /// `EventRecord`s of a tenant: what their keys begin with.
  static func events(tenant: String) -> Key {
    join(["event", tenant, ""])
  }

  /// All `AccountRecord`s of all tenants: what their keys begin with.
  static let accounts = join(["account", ""])
  /// All `LinkRecord`s.
  static let links = join(["link", ""])
  /// All `StartRecord`s.
  static let starts = join(["start", ""])
  /// All `RevocationRecord`s.
  static let revocations = join(["revocation", ""])

  /// A `LinkRecord`, found by the SHA-256 of its link secret: whoever reads an index learns no
  /// secret, and the look-up compares nothing that a guess could be timed against.
  static func link(tenant: String, secretDigest: [UInt8]) -> Key {
    join(["link", tenant, Hex.encode(secretDigest)])
  }

  /// `LinkRecord`s of a tenant: what their keys begin with.
  static func links(tenant: String) -> Key { join(["link", tenant, ""]) }

  /// A `StartRecord`.
  static func start(tenant: String, requestID: String) -> Key {
    join(["start", tenant, requestID])
  }

  /// All `TokenRecord`s, in the order of their ids.
  static let tokens = join(["token", ""])

  /// A `TokenRecord`.
  static func token(id: [UInt8]) -> Key {
    join(["token", Hex.encode(id)])
  }

  /// That a tenant has begun a link with a consumer key: the value is the tenant.
  static func keyUse(_ keys: ConsumerKeys, tenant: String) -> Key {
    join(["keyuse", Hex.encode(Digest.sha256(Array(keys.consumerKey.utf8))), tenant])
  }

  /// The same for all tenants: what the keys begin with.
  static func keyUses(_ keys: ConsumerKeys) -> Key { keyUse(keys, tenant: "") }

  /// The same for all keys of all tenants: what they begin with, and end with for one tenant.
  static let keyUses = join(["keyuse", ""])

  /// What the keys of a tenant's records begin with that need nothing but to be deleted,.
  static func disposable(tenant: String) -> [Key] {
    ["start", "tenantkeys", "profilekeys", "identity", "event"].map {
      join([$0, tenant, ""])
    }
  }

  /// All `CertificateRecord`s, in the order of their ids.
  static let certificates = join(["certificate", ""])

  /// A `CertificateRecord`.
  static func certificate(id: [UInt8]) -> Key {
    join(["certificate", Hex.encode(id)])
  }

  private static func join(_ parts: [String]) -> Key {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parts.reduce(parts.count) { $0 + $1.utf8.count })
    for (index, part) in parts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: "/")) }
      bytes.append(contentsOf: part.utf8)
    }
    return Key(bytes)
  }
}

extension Key {
  /// The tenant whose record it is: the second part.
  var tenant: String {
    let parts = bytes.split(separator: UInt8(ascii: "/"))
    return String(decoding: parts.dropFirst().first ?? [], as: UTF8.self)
  }
}
