import Synchronization

/// What a handler knows of the call it answers, beside the request itself.
///
/// A value: an interceptor that learns more (who calls, for instance) passes a changed copy on.
/// All copies of one call share the metadata of the response.
public struct ServerContext: Sendable {
  private let call: Call
  /// A `Box`: a class of its own for each type is told from another much faster than a value.
  private var identityBox: (any Holder)?

  /// Facts about a call from `peer` to the method of this path.
  public init(
    path: String, peer: Peer, metadata: Metadata = Metadata(),
    deadline: ContinuousClock.Instant? = nil
  ) {
    self.init(path: path, peer: peer, metadataIn: metadata, deadline: deadline)
  }

  /// Facts about a call whose metadata are still in the form in which they came.
  package init(
    path: String, peer: Peer, metadataIn source: any MetadataSource,
    deadline: ContinuousClock.Instant?, contentType: ContentType = .grpc
  ) {
    call = Call(
      path: path, peer: peer, source: source, deadline: deadline, contentType: contentType)
  }

  /// The method's path, as `/link.v1.LinkService/StartLink`: the registered spelling, never the
  /// peer's.
  public var path: String { call.path }
  /// Whoever is at the other end of the connection.
  public var peer: Peer { call.peer }
  /// What the client sent along.
  ///
  /// Put together at each access: keep it if you look more than once.
  public var metadata: Metadata { call.source.metadata }
  /// All values of one name, in order, as `metadata.values(named:)` has them, without the rest.
  ///
  /// - Parameter name: in lower case; no `-bin` name.
  public func metadataValues(named name: String) -> [String] {
    call.source.values(named: name)
  }
  /// What `body` makes of the value of a name, without a copy of it; nil where the client has sent
  /// none, or more than one.
  ///
  /// - Parameter name: in lower case; no `-bin` name.
  public func onlyValue<Result>(
    named name: String, _ body: (Span<UInt8>) -> Result
  ) -> Result? {
    var (result, count) = (Result?.none, 0)
    call.source.forEachValue(named: name) { value in
      count += 1
      if count == 1 { result = body(value) }
    }
    return count == 1 ? result : nil
  }

  /// When the client stops waiting.
  ///
  /// The handler's task is cancelled then.
  public var deadline: ContinuousClock.Instant? { call.deadline }

  /// In which protocol the call came, and in which form its messages are.
  package var contentType: ContentType { call.contentType }

  /// What is left until the deadline; nil where there is none, never negative.
  public var timeRemaining: Duration? {
    call.deadline.map { max(.zero, ContinuousClock.now.duration(to: $0)) }
  }

  /// Who calls, as an interceptor that authenticates has found out; of whatever type it uses.
  public var identity: (any Sendable)? { identityBox?.anyValue }

  /// The same, if it is of this type: much faster than a cast.
  public func identity<Identity: Sendable>(as type: Identity.Type) -> Identity? {
    (identityBox as? Box<Identity>)?.value
  }

  /// Says who calls.
  public mutating func setIdentity(_ identity: some Sendable) { identityBox = Box(identity) }

  /// What goes back with the response, before its first message.
  ///
  /// Too late once that is sent.
  public var responseMetadata: Metadata {
    get { additions?.initial ?? Metadata() }
    nonmutating set { add { $0.initial = newValue } }
  }

  /// What goes back after the last message of the response.
  public var trailingMetadata: Metadata {
    get { additions?.trailing ?? Metadata() }
    nonmutating set { add { $0.trailing = newValue } }
  }

  /// Whether responses are compressed, in a way that the client says it reads.
  ///
  /// Nil leaves it to the client: responses are compressed as its requests are. Too late once the
  /// first message is sent.
  public var compressesResponses: Bool? {
    get { additions?.compressesResponses }
    nonmutating set { add { $0.compressesResponses = newValue } }
  }

  /// Whether a request of this call that has been read was compressed.
  public var receivedCompressedRequest: Bool {
    call.receivedCompressedRequest.load(ordering: .relaxed)
  }

  /// A request that has been read was compressed.
  package func noteCompressedRequest() {
    call.receivedCompressedRequest.store(true, ordering: .relaxed)
  }

  /// What the handler adds to its response; nil, as for most calls, where there is nothing.
  package var additions: Additions? { call.additions.withLock(\.self) }

  private func add(_ change: (inout Additions) -> Void) {
    call.additions.withLock { additions in
      var new = additions ?? Additions()
      change(&new)
      additions = new
    }
  }

  /// What a handler adds to its response.
  package struct Additions: Sendable {
    /// Metadata before the first message.
    package var initial = Metadata()
    /// Metadata after the last message.
    package var trailing = Metadata()
    /// Whether messages are compressed; nil as the client does.
    package var compressesResponses: Bool?
  }
}

extension ServerContext {
  /// What all copies of one call's context share.
  private final class Call: Sendable {
    let path: String
    let peer: Peer
    let source: any MetadataSource
    let deadline: ContinuousClock.Instant?
    let contentType: ContentType
    let additions = Mutex<Additions?>(nil)
    let receivedCompressedRequest = Atomic(false)

    init(
      path: String, peer: Peer, source: any MetadataSource, deadline: ContinuousClock.Instant?,
      contentType: ContentType
    ) {
      self.path = path
      self.peer = peer
      self.source = source
      self.deadline = deadline
      self.contentType = contentType
    }
  }
}

/// The other end of a connection.
public struct Peer: Sendable {
  private let source: (any PeerSource)?
  /// The certificate that it has proved to own; nil where it has shown none.
  public let certificate: PeerCertificate?

  /// A peer that is described when somebody asks: most calls never do.
  ///
  /// To be made on the connection's own thread, which alone may ask for its certificate.
  package init(_ source: any PeerSource) {
    self.source = source
    certificate = source.peerCertificate
  }

  private init() {
    source = nil
    certificate = nil
  }

  /// What an interceptor has kept about the connection: it may save the next call some work.
  ///
  /// There is room for one value; nil if none is there, or one of another type.
  public func remembered<Value: Sendable>(as type: Value.Type) -> Value? {
    (source?.note as? Box<Value>)?.value
  }

  /// Keeps a value about the connection, in the place of the one before.
  ///
  /// A caller within this process remembers nothing.
  public func remember(_ value: some Sendable) { source?.note = Box(value) }

  /// A caller within this process.
  public static let inProcess = Peer()

  /// Its address as text, as `192.0.2.7:4711`; `in-process` where there is no network.
  public var address: String { source?.peerAddress ?? "in-process" }
}

/// A client certificate that has been verified, as far as it can say who somebody is.
///
/// The subject's common name is not in here: it is free text.
public struct PeerCertificate: Sendable, Hashable {
  /// SHA-256 of its DER.
  public let fingerprint: [UInt8]
  /// The DNS names among its alternative names.
  public let dnsNames: [String]
  /// The URIs among its alternative names.
  public let uris: [String]
  /// Its last second, counted from 1970: a connection may last longer.
  public let lastSecond: Int64

  /// Takes what a transport has found in a certificate that it has verified.
  package init(
    fingerprint: [UInt8], dnsNames: [String] = [], uris: [String] = [], lastSecond: Int64
  ) {
    self.fingerprint = fingerprint
    self.dnsNames = dnsNames
    self.uris = uris
    self.lastSecond = lastSecond
  }
}

/// A connection, as far as a handler may know it.
package protocol PeerSource: AnyObject, Sendable {
  /// The address of the other end.
  var peerAddress: String { get }
  /// The certificate that the other end has proved to own.
  ///
  /// Asked for on the connection's own thread.
  var peerCertificate: PeerCertificate? { get }
  /// What has been kept about the connection; to be had from any thread.
  var note: (any AnyObject & Sendable)? { get set }
}

extension PeerSource {
  /// Nothing is kept.
  package var note: (any AnyObject & Sendable)? {
    get { nil }
    set {}
  }
}

/// A value behind a reference: its class tells its type much faster than a value in an existential
/// would, and copies of what holds it cost one count.
private final class Box<Value: Sendable>: Holder {
  let value: Value
  var anyValue: any Sendable { value }
  init(_ value: Value) { self.value = value }
}

/// A box of whatever type.
private protocol Holder: AnyObject, Sendable {
  var anyValue: any Sendable { get }
}

/// Something that holds metadata in some form: most calls carry some that nobody asks for.
package protocol MetadataSource: Sendable {
  /// The entries that are not the transport's or gRPC's.
  var metadata: Metadata { get }
  /// The values of a name that is in lower case and has text as its value.
  func values(named name: String) -> [String]
  /// The same, as they came.
  func forEachValue(named name: String, _ body: (Span<UInt8>) -> Void)
}

extension Metadata: MetadataSource {
  package var metadata: Metadata { self }
}
