internal import Linux
internal import Net
internal import RPC

/// The connections of a channel, and the calls that wait for one.
///
/// Calls beyond what the server allows at once wait here and not in a connection, so that they go to
/// the next one if theirs ends.
///
/// `@unchecked Sendable`: what is mutable is touched only on the thread of `loop`.
final class ConnectionPool: @unchecked Sendable {
  /// How long a connection that is not used for new calls is left to its old ones.
  static let graceOfOldConnections = Duration.seconds(3600)
  /// Calls that wait: each holds its request, so many more would be a leak and not a peak.
  static let mostWaiting = 100_000

  let loop: EventLoop
  /// What the channel has left for retries.
  var throttle: RetryThrottle
  private let configuration: RPCChannel.Configuration
  private var keepalive: RPCChannel.Keepalive?
  private var resolution: NameResolution?
  /// Why the name has no address.
  private var unresolved: RPCError?
  private var subchannels: [Subchannel] = []
  /// The subchannel whose turn it is.
  private var next = 0
  /// Connections that are left to their calls.
  private var old: [Connection] = []
  private var waiting = WaitingCalls()
  /// Calls that are made again after a while.
  private var delayed: [ObjectIdentifier: any PendingCall] = [:]
  private var watchers = ConnectivityWatchers()
  private var isClosed = false
  private var isUpdating = false
  private var mustUpdate = false

  init(_ configuration: RPCChannel.Configuration, on loop: EventLoop) {
    self.loop = loop
    self.configuration = configuration
    keepalive = configuration.keepalive
    throttle = RetryThrottle(configuration.retries.throttling)
    switch configuration.server {
    case .addresses(let addresses): subchannels = makeSubchannels(addresses)
    case .host(let host, let port):
      if let numeric = SocketAddress(host: host, port: port) {
        subchannels = makeSubchannels([numeric])
      } else {
        resolution = resolution(of: host, port)
      }
    }
  }

  private func resolution(of host: String, _ port: UInt16) -> NameResolution {
    NameResolution(
      host, port, on: loop, every: configuration.resolutionInterval,
      backoff: configuration.backoff, random: configuration.random, lookup: configuration.lookup
    ) { [weak self] in self?.resolved($0) }
  }

  private func makeSubchannels(_ addresses: [SocketAddress]) -> [Subchannel] {
    if addresses.isEmpty { return [] }
    let lists =
      switch configuration.balancing {
      case .pickFirst: [addresses]
      case .roundRobin: addresses.map { [$0] }
      }
    return lists.map {
      Subchannel($0, on: loop, backoff: configuration.backoff, owner: self)
    }
  }
}

// MARK: - Calls

extension ConnectionPool {
  /// Sends a call as soon as there is a connection with room for it, or fails it.
  func send(_ call: any PendingCall) {
    guard call.isOpen else { return }
    guard !isClosed, !loop.isEnding else { return call.fail(Self.closed) }
    if waiting.isEmpty, send(call, on: pick()) { return }
    guard waiting.count < Self.mostWaiting else {
      return call.fail(RPCError(.resourceExhausted, "too many calls wait for the server"))
    }
    waiting.append(call)
    update()
  }

  /// Sends a call after a while.
  func send(_ call: any PendingCall, after wait: Duration) {
    guard !isClosed, !loop.isEnding else { return call.fail(Self.closed) }
    let key = ObjectIdentifier(call)
    delayed[key] = call
    loop.add(self)
    loop.schedule(after: wait) { [weak self] in
      guard let self, let call = delayed.removeValue(forKey: key) else { return }
      send(call)
      stayIfNeeded()
    }
  }

  /// Makes a connection, if there is none and nothing speaks against it.
  func connect() {
    guard !isClosed, !loop.isEnding else { return }
    wake()
    update()
  }

  /// The connection whose turn it is, of those with room for a call.
  private func pick() -> (Subchannel, Connection)? {
    for offset in 0..<subchannels.count {
      let index = (next + offset) % subchannels.count
      if let connection = subchannels[index].connection, connection.hasRoom {
        next = (index + 1) % subchannels.count
        return (subchannels[index], connection)
      }
    }
    return nil
  }

  private func send(_ call: any PendingCall, on choice: (Subchannel, Connection)?) -> Bool {
    guard let (_, connection) = choice else { return false }
    do throws(NetError) {
      try call.send(on: connection)
    } catch {
      // It has no more numbers for streams: nothing has been sent.
      connection.shutDown(grace: Self.graceOfOldConnections)
      return false
    }
    return true
  }

  private func wake() {
    if subchannels.isEmpty { resolution?.ask() }
    for subchannel in subchannels { subchannel.connect() }
  }
}

// MARK: - Changes

extension ConnectionPool: SubchannelOwner {
  func subchannelChanged() { update() }

  func roomChanged() { if !waiting.isEmpty { update() } }

  func random() -> Double { configuration.random() }

  var target: Connection.Target {
    var target = Connection.Target(
      host: configuration.certificateName ?? configuration.server.certificateName, port: 0,
      tls: configuration.tls)
    target.http2 = configuration.http2
    target.limits = configuration.net
    target.network = configuration.network
    target.limits.keepaliveInterval = keepalive?.interval
    if let keepalive {
      target.limits.timeToAnswerKeepalive = keepalive.timeout
      target.limits.clientKeepaliveWithoutStreams = keepalive.withoutCalls
    }
    return target
  }

  func connectionEnded(_ connection: Connection) {
    // gRPC A8: "Whenever a client receives a GOAWAY with error code ENHANCE_YOUR_CALM and debug data
    // equal to ASCII 'too_many_pings', it should double its keepalive time."
    if connection.lastWords?.isTooManyPings == true { keepalive?.interval *= 2 }
    old.append(connection)
    connection.whenClosed { [weak self] in self?.old.removeAll { $0 === connection } }
  }

  func addressesMayBeStale() { resolution?.ask() }

  private func resolved(_ result: Result<[SocketAddress], NetError>) {
    switch result {
    case .success(let addresses) where !addresses.isEmpty: use(addresses)
    case .success: unresolved = RPCError(.unavailable, "the server's name has no address")
    case .failure(let error):
      unresolved = RPCError(.unavailable, "the server's name cannot be resolved", cause: error)
    }
    update()
  }

  private func use(_ addresses: [SocketAddress]) {
    unresolved = nil
    if case .pickFirst = configuration.balancing, let first = subchannels.first {
      return first.move(to: addresses)
    }
    let known = subchannels.filter { $0.addresses.allSatisfy(addresses.contains) }
    for subchannel in subchannels where !known.contains(where: { $0 === subchannel }) {
      subchannel.close()
    }
    let new = addresses.filter { address in !known.contains { $0.addresses == [address] } }
    subchannels = known + makeSubchannels(new)
    next = 0
  }

  /// Does what the state of the connections allows or asks for.
  private func update() {
    mustUpdate = true
    guard !isUpdating else { return }
    isUpdating = true
    while mustUpdate {
      mustUpdate = false
      settle()
    }
    isUpdating = false
    stayIfNeeded()
  }

  private func settle() {
    guard !isClosed else { return }
    let isInUse = !waiting.isEmpty || subchannels.contains { $0.connection != nil }
    if isInUse { wake() }
    watchers.change(to: connectivity)
    while !waiting.isEmpty, let choice = pick(), let call = waiting.popFirst() {
      if !send(call, on: choice) { waiting.putBack(call) }
    }
    if let failure {
      for call in waiting.removeAll(where: { !$0.waitsForReady }) { call.notSent(failure) }
    }
  }

  /// Has the loop tell us of its end as long as there are calls that would never hear of it.
  private func stayIfNeeded() {
    if waiting.isEmpty, delayed.isEmpty { loop.remove(self) } else { loop.add(self) }
  }
}

// MARK: - State

extension ConnectionPool {
  /// How the channel stands, by the best of its connections.
  private var connectivity: Connectivity {
    if isClosed { return .shutdown }
    if subchannels.isEmpty {
      if resolution?.isAsking == true { return .connecting }
      return unresolved == nil ? .idle : .transientFailure
    }
    let states = subchannels.map(\.connectivity)
    return [.ready, .connecting, .idle].first(where: states.contains) ?? .transientFailure
  }

  /// Why calls fail, if they do.
  private var failure: RPCError? {
    guard connectivity == .transientFailure else { return nil }
    return subchannels.lazy.compactMap(\.failure).first ?? unresolved
  }

  /// Tells `watcher` of every change, and begins with how things are.
  func watch(_ watcher: AsyncStream<Connectivity>.Continuation) {
    let number = watchers.add(watcher)
    let forget: @Sendable () -> Void = { [weak self] in self?.watchers.remove(number) }
    watcher.onTermination = { [loop] _ in loop.execute(forget) }
  }

  private static var closed: RPCError { RPCError(.unavailable, "the channel is closed") }

  /// Takes no more calls, and calls `done` when those under way are over, after `grace` at most.
  func shutDown(grace: Duration, _ done: @escaping () -> Void) {
    var connections = old
    close()
    connections += old.filter { one in !connections.contains { $0 === one } }
    var left = connections.count
    if left == 0 { return done() }
    for connection in connections {
      connection.whenClosed {
        left -= 1
        if left == 0 { done() }
      }
      connection.shutDown(grace: grace)
    }
  }

  private func close() {
    guard !isClosed else { return }
    isClosed = true
    resolution?.close()
    for subchannel in subchannels { subchannel.close() }
    subchannels = []
    let left = waiting.removeAll() + delayed.values
    delayed = [:]
    for call in left { call.fail(Self.closed) }
    watchers.change(to: .shutdown)
    loop.remove(self)
  }
}

extension ConnectionPool: LoopResident {
  /// Fails the calls that nobody else would.
  func loopIsEnding() { close() }
}
