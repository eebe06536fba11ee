internal import LinkAPI
internal import Net
internal import OpenSSL
internal import RPC
internal import RPCNet

/// linkd, as the commands see it: calls whose errors are failures with advice.
struct Linkd: Sendable {
  private let client: LinkServiceClient
  private let admin: AdminServiceClient
  private let settings: ServerSettings

  /// Calls linkd for as long as `body` runs.
  static func connected<Result>(
    _ settings: ServerSettings, _ body: (Linkd) async throws -> Result
  ) async throws -> Result {
    let configuration = RPCChannel.Configuration(
      host: settings.address.host, port: settings.address.port, tls: try tls(settings))
    let loop = try EventLoop(name: "linkctl")
    let channel = RPCChannel(configuration, on: loop)
    let linkd = Linkd(
      client: LinkServiceClient(channel), admin: AdminServiceClient(channel), settings: settings)
    do {
      let result = try await body(linkd)
      await channel.shutDown()
      loop.shutdown()
      return result
    } catch {
      await channel.shutDown()
      loop.shutdown()
      throw error
    }
  }

  private static func tls(_ settings: ServerSettings) throws(Failure) -> TLSConfiguration? {
    guard settings.address.tls else { return nil }
    do {
      return try .client(
        trustFile: settings.caFile, certificateChainFile: settings.certificateFile,
        privateKeyFile: settings.keyFile)
    } catch {
      throw Failure(
        .noInput, "cannot use the certificates: \(error)",
        hint: "--ca-file, --cert and --key must be PEM and readable")
    }
  }

  func validateKeys(_ request: ValidateKeysRequest) async throws(Failure) -> ValidateKeysResponse {
    try await call { () async throws(RPCError) in
      try await client.validateKeys(request, options: options)
    }
  }

  func startLink(_ request: StartLinkRequest) async throws(Failure) -> StartLinkResponse {
    try await call { () async throws(RPCError) in
      try await client.startLink(request, options: options)
    }
  }

  func completeLink(_ request: CompleteLinkRequest) async throws(Failure) -> CompleteLinkResponse {
    try await call { () async throws(RPCError) in
      try await client.completeLink(request, options: options)
    }
  }

  func listAccounts(_ request: ListAccountsRequest) async throws(Failure) -> ListAccountsResponse {
    try await call { () async throws(RPCError) in
      try await client.listAccounts(request, options: options)
    }
  }

  func getAccount(_ request: GetAccountRequest) async throws(Failure) -> GetAccountResponse {
    try await call { () async throws(RPCError) in
      try await client.getAccount(request, options: options)
    }
  }

  func checkAccount(_ request: CheckAccountRequest) async throws(Failure) -> CheckAccountResponse {
    try await call { () async throws(RPCError) in
      try await client.checkAccount(request, options: options)
    }
  }

  func unlinkAccount(_ request: UnlinkAccountRequest) async throws(Failure) -> UnlinkAccountResponse
  {
    try await call { () async throws(RPCError) in
      try await client.unlinkAccount(request, options: options)
    }
  }

  func putKeySet(_ request: PutKeySetRequest) async throws(Failure) -> PutKeySetResponse {
    try await call { () async throws(RPCError) in
      try await client.putKeySet(request, options: options)
    }
  }

  func listKeySets(_ request: ListKeySetsRequest) async throws(Failure) -> ListKeySetsResponse {
    try await call { () async throws(RPCError) in
      try await client.listKeySets(request, options: options)
    }
  }

  func deleteKeySet(_ request: DeleteKeySetRequest) async throws(Failure) -> DeleteKeySetResponse {
    try await call { () async throws(RPCError) in
      try await client.deleteKeySet(request, options: options)
    }
  }

  func signRequest(_ request: SignRequestRequest) async throws(Failure) -> SignRequestResponse {
    try await call { () async throws(RPCError) in
      try await client.signRequest(request, options: options)
    }
  }

  func createToken(_ request: CreateTokenRequest) async throws(Failure) -> CreateTokenResponse {
    try await call { () async throws(RPCError) in
      try await admin.createToken(request, options: options)
    }
  }

  func listTokens(_ request: ListTokensRequest) async throws(Failure) -> ListTokensResponse {
    try await call { () async throws(RPCError) in
      try await admin.listTokens(request, options: options)
    }
  }

  func revokeToken(_ request: RevokeTokenRequest) async throws(Failure) -> RevokeTokenResponse {
    try await call { () async throws(RPCError) in
      try await admin.revokeToken(request, options: options)
    }
  }

  func deleteTenant(_ request: DeleteTenantRequest) async throws(Failure) -> DeleteTenantResponse {
    try await call { () async throws(RPCError) in
      try await admin.deleteTenant(request, options: options)
    }
  }

  func createCertificate(
    _ request: CreateCertificateRequest
  ) async throws(Failure) -> CreateCertificateResponse {
    try await call { () async throws(RPCError) in
      try await admin.createCertificate(request, options: options)
    }
  }

  func listCertificates(
    _ request: ListCertificatesRequest
  ) async throws(Failure) -> ListCertificatesResponse {
    try await call { () async throws(RPCError) in
      try await admin.listCertificates(request, options: options)
    }
  }

  func deleteCertificate(
    _ request: DeleteCertificateRequest
  ) async throws(Failure) -> DeleteCertificateResponse {
    try await call { () async throws(RPCError) in
      try await admin.deleteCertificate(request, options: options)
    }
  }

  /// Hands on what happens to accounts until the stream ends, which takes as long as it takes.
  func watchAccounts(
    _ request: WatchAccountsRequest,
    _ take: (WatchAccountsResponse) throws(Failure) -> Void
  ) async throws(Failure) {
    var options = options
    options.timeout = nil
    do {
      for try await response in try await client.watchAccounts(request, options: options) {
        try take(response)
      }
    } catch {
      throw error as? Failure ?? Failure(RPCError.wrapping(error), server: settings.address)
    }
  }

  private var options: CallOptions {
    var metadata = Metadata()
    if let token = settings.token { metadata.append(token.headerValue, for: "authorization") }
    return CallOptions(timeout: settings.timeout, metadata: metadata)
  }

  private func call<Response>(
    _ body: () async throws(RPCError) -> Response
  ) async throws(Failure) -> Response {
    do {
      return try await body()
    } catch {
      throw Failure(error, server: settings.address)
    }
  }
}
