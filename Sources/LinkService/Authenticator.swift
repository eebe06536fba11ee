internal import LinkAPI
internal import OpenSSL
internal import Protobuf
public import RPC
internal import Store
internal import Synchronization

/// Lets only calls through that carry a token with the scope of their method (RFC 6750), or come
/// over a connection that has shown a client certificate with it.
///
/// Who comes with both must be the same tenant by both; what he may do is what the token says.
///
/// Which scope a method asks for, its schema says: `(link.v1.scope)`. Deny is the default: a method
/// of which neither a schema nor the program says it is refused, whoever calls.
public struct Authenticator: ServerInterceptor {
  /// The scope that each method of our own schemas asks for, by its path.
  static let schemaScopes = LinkServiceMethods.scopes.merging(AdminServiceMethods.scopes) { $1 }

  private let records: Records
  private let clock: WallClock
  private let trail: any AuditTrail
  private let scopes: [String: Scope]
  private let open: Set<String>
  private let refusals = RateTable(
    LinkLimits.refusalsPerTenant, capacity: LinkLimits.rememberedTenants)

  /// Reads tokens from this store, anew for every call: what is revoked is refused at once.
  ///
  /// Calls that a token may not make are written down in `trail`, those of one tenant up to an
  /// allowance: what is beyond it is refused as too much.
  ///
  /// - Parameter open: the paths of methods that need no token.
  /// - Parameter readable: the paths of methods that any token which may read is good for.
  public init(
    store: any RecordStore, clock: WallClock, trail: any AuditTrail = NoAuditTrail(),
    open: [String] = [], readable: [String] = []
  ) {
    records = Records(store: store)
    self.clock = clock
    self.trail = trail
    self.open = Set(open)
    scopes = readable.reduce(into: Self.schemaScopes) { $0[$1] = .read }
  }

  /// Refuses with UNAUTHENTICATED or PERMISSION_DENIED, or sets the caller in the context.
  public func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    // The registered spelling of the path, not the caller's.
    if open.contains(context.path) { return try next(context) }
    if let caller = knownCaller(of: context) {
      return try next(context.identified(as: caller))
    }
    return .later {
      let known: Caller
      do throws(Failure) { known = try await caller(of: context) } catch { throw error.rpcError }
      return try await next(context.identified(as: known)).value
    }
  }

  /// The caller of almost every call: it sends the token that is remembered of its connection, which
  /// has not changed since, and may do what it wants to.
  ///
  /// Nil where anything is to be doubted: then all of it is examined.
  private func knownCaller(of context: ServerContext) -> Caller? {
    guard context.peer.certificate == nil,
      let known = context.peer.remembered(as: GoodToken.self), known.isUnchanged(in: records),
      let scope = scopes[context.path], scope != .unspecified,
      context.onlyValue(named: "authorization", known.isIn) ?? false,
      let caller = try? known.caller(at: clock.now()), caller.scopes.contains(scope)
    else { return nil }
    return caller
  }

  private func caller(of context: ServerContext) async throws(Failure) -> Caller {
    let caller = try await authenticated(context)
    let scope = scopes[context.path] ?? .unspecified
    guard caller.scopes.contains(scope), scope != .unspecified else {
      try await writeRefusal(of: caller, context)
      throw .scopeMissing(scope)
    }
    return caller
  }

  private func authenticated(_ context: ServerContext) async throws(Failure) -> Caller {
    let byCertificate: Caller?
    if let shown = context.peer.certificate {
      byCertificate = try await caller(showing: shown)
    } else {
      byCertificate = nil
    }
    let headers = context.metadataValues(named: "authorization")
    if headers.isEmpty, let byCertificate { return byCertificate }
    let byToken = try await caller(sending: headers, over: context.peer)
    guard let byCertificate, !byCertificate.tenant.utf8.elementsEqual(byToken.tenant.utf8) else {
      return byToken
    }
    // A token of one tenant in the hands of another.
    try await writeRefusal(of: byToken, context, detail: "another's certificate")
    throw .unauthenticated
  }

  /// Writes down that a call is refused, unless its tenant has had too many refused: each is a write
  /// to the disk that is waited for, and none of them is counted by `TenantCallLimit`.
  private func writeRefusal(
    of caller: Caller, _ context: ServerContext, detail: String = ""
  ) async throws(Failure) {
    if let pause = refusals.take(caller.tenant, now: .now) {
      throw .tooOften("too many calls of this tenant were not allowed", pause)
    }
    try await trail.record(
      .refuseCall, context.path, by: caller, at: clock.now(), detail: detail)
  }

  /// Two headers are refused: whoever forwards calls might have checked the other one.
  private func caller(
    sending headers: [String], over peer: Peer
  ) async throws(Failure) -> Caller {
    guard headers.count == 1, let header = headers.first else { throw .unauthenticated }
    guard let token = Self.bearerToken(header),
      let found = try await records.token(id: token.id),
      constantTimeEquals(found.record.secretDigest, token.secretDigest)
    else { throw .unauthenticated }
    let good = GoodToken(header, token, found)
    let caller = try good.caller(at: clock.now())
    peer.remember(good)
    return caller
  }

  /// Nil where the certificate is nobody's, or has run out since TLS has looked at it.
  private func caller(showing certificate: PeerCertificate) async throws(Failure) -> Caller? {
    guard clock.now().seconds <= certificate.lastSecond else { return nil }
    for subject in CertificateSubject.all(of: certificate) {
      guard let record = try await records.certificate(id: subject.id)?.record,
        !record.isExpired(at: clock.now())
      else { continue }
      return Caller(
        tenant: record.tenant, scopes: Set(record.certificate?.scopes ?? []),
        credential: .certificate(subject.id, lastSecond: certificate.lastSecond))
    }
    return nil
  }

  /// The token of an `authorization` header.
  private static func bearerToken(_ value: String) -> AccessToken? {
    let scheme = "bearer "
    guard value.utf8.prefix(scheme.utf8.count).map({ $0 | 0x20 }).elementsEqual(scheme.utf8)
    else { return nil }
    return AccessToken(String(value.utf8.dropFirst(scheme.utf8.count)) ?? "")
  }
}

/// A token that was found to be good, as the header in which its holder sends it: on the same
/// connection it will come again, and then only its record needs another look.
///
/// The header is a secret. It is kept no longer than the connection, whose compression table holds
/// it all the same.
private final class GoodToken: Sendable {
  private let key: Key
  private let version: UInt64
  /// The last state of the records in which its own was found to be unchanged.
  private let stateNumber = Atomic<UInt64>(0)
  private let header: String
  private let id: [UInt8]
  private let record: TokenRecord
  private let scopes: Set<Scope>

  init(_ header: String, _ token: AccessToken, _ found: Records.Versioned<TokenRecord>) {
    self.header = header
    id = token.id
    key = RecordKey.token(id: id)
    version = found.version
    record = found.record
    scopes = Set(found.record.scopes)
  }

  /// In a time that says nothing about where they differ.
  func isIn(_ header: Span<UInt8>) -> Bool {
    constantTimeEquals(header, self.header.utf8.span)
  }

  /// Whether its record still is what it was, as far as that takes no time.
  func isUnchanged(in records: Records) -> Bool {
    guard let now = records.stateNumber else { return false }
    if stateNumber.load(ordering: .relaxed) == now { return true }
    guard records.versionAtOnce(at: key) == version else { return false }
    stateNumber.store(now, ordering: .relaxed)
    return true
  }

  /// Whoever holds it.
  func caller(at now: Timestamp) throws(Failure) -> Caller {
    guard !record.isExpired(at: now) else { throw .unauthenticated }
    return Caller(tenant: record.tenant, scopes: scopes, credential: .token(id))
  }
}

extension ServerContext {
  /// The same call, by this caller.
  fileprivate func identified(as caller: Caller) -> ServerContext {
    var context = self
    context.setIdentity(caller)
    return context
  }
}

extension Records {
  /// Whether what a caller has shown is still good.
  func isGood(_ caller: Caller, at now: Timestamp) async throws(Failure) -> Bool {
    switch caller.credential {
    case .none: true
    case .token(let id): try await token(id: id).map { !$0.record.isExpired(at: now) } ?? false
    case .certificate(_, let lastSecond) where now.seconds > lastSecond: false
    case .certificate(let id, _):
      try await certificate(id: id).map { found in
        !found.record.isExpired(at: now)
          && found.record.tenant.utf8.elementsEqual(caller.tenant.utf8)
      } ?? false
    }
  }
}

extension TokenRecord {
  /// Whether the token is to be refused.
  fileprivate func isExpired(at now: Timestamp) -> Bool {
    expireTime.map { !(now < $0) } ?? false
  }
}
