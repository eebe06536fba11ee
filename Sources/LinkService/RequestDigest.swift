internal import LinkAPI
internal import OpenSSL
internal import Protobuf

/// SHA-256 of a request without its request_id: tells a repeated request from another one that
/// only claims to be it (AIP-155).
enum RequestDigest {
  static func of(_ request: StartLinkRequest) throws(Failure) -> [UInt8] {
    var request = request
    request.requestID = ""
    return try digest(request)
  }

  static func of(_ request: CompleteLinkRequest) throws(Failure) -> [UInt8] {
    var request = request
    request.requestID = ""
    return try digest(request)
  }

  /// For page tokens: what must stay the same from page to page (AIP-158), the tenant included.
  static func of(
    _ request: ListAccountsRequest, by tenant: String
  ) throws(Failure) -> [UInt8] {
    var request = request
    request.pageToken = ""
    request.pageSize = 0
    return try digest(request, for: tenant)
  }

  /// For page tokens, as above.
  static func of(
    _ request: ListKeySetsRequest, by tenant: String
  ) throws(Failure) -> [UInt8] {
    var request = request
    request.pageToken = ""
    request.pageSize = 0
    return try digest(request, for: tenant)
  }

  /// For page tokens, as above.
  static func of(
    _ request: ListTokensRequest, by tenant: String
  ) throws(Failure) -> [UInt8] {
    var request = request
    request.pageToken = ""
    request.pageSize = 0
    return try digest(request, for: tenant)
  }

  /// For page tokens, as above.
  static func of(
    _ request: ListCertificatesRequest, by tenant: String
  ) throws(Failure) -> [UInt8] {
    var request = request
    request.pageToken = ""
    request.pageSize = 0
    return try digest(request, for: tenant)
  }

  /// For resume tokens: what must stay the same from stream to stream.
  static func of(
    _ request: WatchAccountsRequest, by tenant: String
  ) throws(Failure) -> [UInt8] {
    var request = request
    request.resumeToken = ""
    return try digest(request, for: tenant)
  }

  /// The name of the message goes in, too: two kinds of requests may look alike.
  private static func digest<Request: Message>(
    _ request: Request, for tenant: String = ""
  ) throws(Failure) -> [UInt8] {
    do {
      let context = Array("\(Request.messageName)/\(tenant)/".utf8)
      return Digest.sha256(context + (try request.serialized()))
    } catch {
      throw .broken("the request is too large", cause: error)
    }
  }
}
