public import HTTP2
public import Linux
public import OpenSSL
internal import Synchronization

/// One HTTP/2 connection, confined to its loop.
///
/// Everything but the immutable properties is used on the loop only. Input is dispatched as it is
/// read; output is collected and written once, at the end of the loop's turn.
///
/// `@unchecked Sendable`: what is mutable is touched only on the thread of `loop`, which each member
/// that another module can call makes sure of.
public final class Connection: @unchecked Sendable {
  /// How far the life of a connection has come.
  ///
  /// It only ever moves down this list.
  enum Phase: Comparable {
    /// The peer's settings have not arrived.
    case opening
    case open
    /// Streams go on, new ones are not taken.
    case draining
    /// Our last words are sent; the peer's are thrown away.
    case lingering
    case closed
  }

  /// The loop that the connection belongs to for all its life.
  public let loop: EventLoop
  /// The other end, as the kernel names it.
  public let peer: SocketAddress
  /// Who the process at the other end of a Unix socket runs as; nil for every other connection.
  public let peerCredentials: PeerCredentials?
  let limits: NetLimits
  let acceptor: (any StreamAcceptor)?

  var transport: Transport?
  let session: Session
  var tls: TLSConnection?
  var phase = Phase.opening
  /// Who follows each stream, by the slot of its key.
  var handlers: [(any StreamHandler)?] = []
  /// What the kernel had no room for, from `unsentStart` on.
  var unsent: [UInt8] = []
  var unsentStart = 0
  var needsFlush = false
  var watch: Transport.Watch?
  var interest: Readiness = []
  /// The time limit of the current phase.
  var timer: EventLoop.Timer?
  var graceTimer: EventLoop.Timer?
  /// While a header block is half there.
  var headerTimer: EventLoop.Timer?
  /// While output waits.
  var outputTimer: EventLoop.Timer?
  /// While there are streams.
  var streamTimer: EventLoop.Timer?
  /// While the peer is to show that it lives.
  var keepaliveTimer: EventLoop.Timer?
  /// Until the connection is too old, and from then on while the peer is to confirm that it knows.
  var ageTimer: EventLoop.Timer?
  /// When the peer last sent anything.
  var lastInput = MonotonicTime(nanoseconds: 0)
  /// Input that has to wait for the next turn, from `deferredStart` on.
  var deferred: [UInt8] = []
  var deferredStart = 0
  /// The turn in which input was taken last.
  var lastTake = MonotonicTime(nanoseconds: 0)
  /// Bytes written since the last look, those that the peer had not confirmed then, and how often in
  /// a row it took too few.
  var sentBytes = 0
  var unconfirmedBytes = 0
  var slowPeriods = 0
  /// When a stream last ended.
  var lastUse = MonotonicTime(nanoseconds: 0)
  /// Whom to tell that this peer was refused; nil once it has been done.
  var refused: (@Sendable (Refusal) -> Void)?
  /// Why calls of this peer were refused, as far as that has been said.
  var refusedCalls: Set<RefusalReason> = []
  /// What only a client keeps: whether it was answered at all, how it was dismissed, and whom to tell
  /// when there may be room for a stream.
  var isAnswered = false
  var goAway: GoAway?
  var roomChanged: (() -> Void)?
  var whenEstablished: [(NetError?) -> Void] = []
  var whenDraining: [() -> Void] = []
  var whenClosed: [() -> Void] = []
  /// How much the application has under way for this peer, also on streams that have ended: for it
  /// to count and to limit.
  package var work = 0
  /// The same of what needs no room beside others.
  package var exemptWork = 0
  /// Whatever the application wants to know again at the next stream; from any thread.
  package var note: (any AnyObject & Sendable)? {
    get { kept.withLock(\.self) }
    set { kept.withLock { $0 = newValue } }
  }
  private let kept = Mutex<(any AnyObject & Sendable)?>(nil)

  /// Takes over what is connected.
  ///
  /// `start` follows, on the loop.
  init(
    _ transport: consuming Transport, to peer: SocketAddress, on loop: EventLoop,
    tls: consuming TLSConnection?, acceptor: (any StreamAcceptor)?, http2: Limits,
    limits: NetLimits
  ) {
    self.loop = loop
    self.peer = peer
    self.limits = limits
    self.acceptor = acceptor
    self.tls = tls
    peerCredentials = peer.port == nil ? transport.peerCredentials : nil
    self.transport = consume transport
    session = Session(
      acceptor == nil ? .client : .server, limits: http2, blocks: loop.blocks)
  }

  /// Begins to read and to write.
  func start() throws(SystemError) {
    watch = try transport?.watch(on: loop) { [unowned self] readiness in self.ready(readiness) }
    interest = .readable
    loop.add(self)
    // Cancelled before the connection goes away. A weak reference would give the connection a side
    // table, through which every retain of every call would have to go.
    timer = loop.schedule(after: limits.timeToEstablish) { [unowned self] in timedOut() }
    setNeedsFlush()
  }

  private func timedOut() { refuse(.slowToEstablish, .settingsTimeout) }

  private func ready(_ readiness: Readiness) {
    // An error or a hang-up shows itself to whoever reads.
    if !readiness.isDisjoint(with: [.readable, .failed, .hungUp]) { readAll() }
    if readiness.contains(.writable) { flush() }
  }

  /// Writes what there is at the end of this turn.
  func setNeedsFlush() {
    guard !needsFlush else { return }
    needsFlush = true
    loop.flushAtEndOfTurn(self)
  }

  /// Tells the kernel what we wait for, if that has changed.
  func updateInterest() {
    guard let watch else { return }
    var wanted: Readiness = []
    if !session.isCongested || phase == .lingering { wanted.insert(.readable) }
    if hasUnsent { wanted.insert(.writable) }
    guard wanted != interest else { return }
    interest = wanted
    do throws(SystemError) {
      try watch.change(to: wanted, on: loop)
    } catch {
      close(.internalError)
    }
  }

  var hasUnsent: Bool { unsentStart < unsent.count }
}

// MARK: - What the application sees

extension Connection {
  /// The certificate that the peer has proved to own; nil without TLS or without one.
  public var verifiedPeer: TLSPeerCertificate? {
    loop.requireInLoop()
    return tls?.verifiedPeer
  }

  /// Whether bytes are encrypted on their way.
  public var isSecure: Bool { tls != nil }

  /// Whether new streams can be opened here.
  public var takesStreams: Bool {
    loop.requireInLoop()
    return phase <= .open
  }

  /// How many streams are under way.
  public var streamCount: Int {
    loop.requireInLoop()
    return session.streamCount
  }

  /// Opens a stream with a request, followed by `handler`.
  ///
  /// For the side that dialled.
  ///
  /// Throws `closed` if the connection takes no more streams: dial another one. More streams than
  /// the peer allows at once wait until it has room.
  public func openStream(
    _ headers: HeaderBlock, endStream: Bool = false, handler: any StreamHandler
  ) throws(NetError) -> Stream {
    loop.requireInLoop()
    guard acceptor == nil, phase <= .open,
      let key = session.open(headers, endStream: endStream)
    else { throw .closed }
    follow(key, handler)
    setNeedsFlush()
    return Stream(connection: self, key: key)
  }

  /// Calls `action` on the loop once no more streams can be opened: the peer has said so, or the
  /// connection is closed.
  public func whenNoLongerUsable(_ action: @escaping () -> Void) {
    loop.requireInLoop()
    if phase <= .open { whenDraining.append(action) } else { action() }
  }

  /// Calls `action` on the loop once the connection is closed and all its streams have been told.
  public func whenClosed(_ action: @escaping () -> Void) {
    loop.requireInLoop()
    if phase == .closed { action() } else { whenClosed.append(action) }
  }

  /// Takes no more streams, lets those under way finish for at most `grace`, and closes.
  ///
  /// The peer is told twice: first that the end is near, then, a round trip later, which of its
  /// streams will still be answered, so that none that crossed the news is lost.
  public func shutDown(grace: Duration) {
    loop.requireInLoop()
    guard phase < .lingering else { return }
    let before = phase
    startDraining()
    graceTimer?.cancel()
    graceTimer = loop.schedule(after: grace) { [unowned self] in end(.noError) }
    switch before {
    case .open: announceShutdown()
    // It has been announced, or the peer is the one that leaves.
    case .draining: break
    default: session.drain()
    }
    setNeedsFlush()
  }

  /// Closes at once.
  ///
  /// Streams under way are told that the connection was lost.
  public func close() {
    loop.requireInLoop()
    end(.noError)
  }

  func follow(_ key: StreamKey, _ handler: any StreamHandler) {
    while handlers.count <= key.slot { handlers.append(nil) }
    handlers[key.slot] = handler
  }
}

// MARK: - What a stream asks for

extension Connection {
  func sendHeaders(_ headers: HeaderBlock, endStream: Bool, on key: StreamKey) {
    loop.requireInLoop()
    session.sendHeaders(headers, endStream: endStream, on: key)
    setNeedsFlush()
  }

  func sendData(_ bytes: [UInt8], endStream: Bool, on key: StreamKey) {
    loop.requireInLoop()
    session.sendData(bytes, endStream: endStream, on: key)
    setNeedsFlush()
  }

  func sendTrailers(_ trailers: HeaderBlock, on key: StreamKey) {
    loop.requireInLoop()
    session.sendTrailers(trailers, on: key)
    setNeedsFlush()
  }

  func reset(_ code: ErrorCode, on key: StreamKey) {
    loop.requireInLoop()
    session.reset(key, code)
    setNeedsFlush()
  }

  func consumed(_ count: Int, on key: StreamKey) {
    loop.requireInLoop()
    session.consume(count, on: key)
    setNeedsFlush()
  }

  func isWritable(_ key: StreamKey) -> Bool {
    loop.requireInLoop()
    return session.isWritable(key)
  }
}
