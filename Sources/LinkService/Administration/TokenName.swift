internal import LinkAPI
internal import TextCoding

/// `tenants/{tenant}`, taken apart.
struct TenantName {
  let tenant: String

  /// Nil unless the name is one that a tenant could have.
  init?(_ name: String) {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 2, parts[0].utf8.elementsEqual("tenants".utf8),
      RequestCheck.isProfile(parts[1])
    else { return nil }
    tenant = parts[1]
  }
}

/// `tenants/{tenant}/tokens/{token}`, taken apart.
struct TokenName {
  let tenant: String
  let id: [UInt8]

  init(tenant: String, id: [UInt8]) {
    self.tenant = tenant
    self.id = id
  }

  /// Nil unless the name is one that a token could have.
  init?(_ name: String) {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 4, let parent = TenantName("\(parts[0])/\(parts[1])"),
      parts[2].utf8.elementsEqual("tokens".utf8), let id = Hex.decode(parts[3].utf8),
      id.count == AccessToken.idLength
    else { return nil }
    self.init(tenant: parent.tenant, id: id)
    // Hex has two spellings; a name has one.
    guard text.utf8.elementsEqual(name.utf8) else { return nil }
  }

  /// The name as text.
  var text: String { "tenants/\(tenant)/tokens/\(Hex.encode(id))" }
}

/// `tenants/{tenant}/certificates/{certificate}`, taken apart.
struct CertificateName {
  let tenant: String
  let id: [UInt8]

  init(tenant: String, id: [UInt8]) {
    self.tenant = tenant
    self.id = id
  }

  /// Nil unless the name is one that a certificate could have.
  init?(_ name: String) {
    let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 4, let parent = TenantName("\(parts[0])/\(parts[1])"),
      parts[2].utf8.elementsEqual("certificates".utf8), let id = Hex.decode(parts[3].utf8),
      id.count == CertificateSubject.idLength
    else { return nil }
    self.init(tenant: parent.tenant, id: id)
    guard text.utf8.elementsEqual(name.utf8) else { return nil }
  }

  /// The name as text.
  var text: String { "tenants/\(tenant)/certificates/\(Hex.encode(id))" }
}

extension Token {
  /// What is shown of a token.
  init(_ record: TokenRecord, id: [UInt8]) {
    self.init()
    name = TokenName(tenant: record.tenant, id: id).text
    scopes = record.scopes
    createTime = record.createTime
    expireTime = record.expireTime
  }
}
