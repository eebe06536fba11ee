internal import Linux
internal import Net
internal import RPC

/// Whom a subchannel tells that it has changed.
protocol SubchannelOwner: AnyObject {
  /// What to dial with, as things are.
  var target: Connection.Target { get }
  /// From -1 to 1.
  func random() -> Double
  /// A call may now be sent, or must fail, that could not before.
  func subchannelChanged()
  /// There may be room for another call.
  func roomChanged()
  /// A connection takes no more calls; those under way may go on.
  func connectionEnded(_ connection: Connection)
  /// No address answers, or the one that did does so no more.
  func addressesMayBeStale()
}

/// One server of a channel, at one address or at several of which any will do: its connection, made
/// when it is asked for, and made again after a while when that has failed.
///
/// Confined to the loop of its channel.
final class Subchannel {
  enum State {
    case idle
    case connecting(DialRace)
    case ready(Connection)
    /// Until the timer fires, connecting is not tried again.
    case failed(RPCError, EventLoop.Timer)
    case closed
  }

  /// Where the server is.
  var addresses: [SocketAddress]
  private(set) var state = State.idle
  private let loop: EventLoop
  private unowned let owner: any SubchannelOwner
  private let backoff: Backoff
  private var waits: Backoff.Waits
  private var connectedSince = MonotonicTime.now()
  /// Connections in a row that ended soon and without a single answer.
  private var fruitless = 0
  /// Those that may follow each other without a pause: one that a server turns away while it stops
  /// is replaced at once, but not one after the other.
  private static let fruitlessAtOnce = 1

  init(
    _ addresses: [SocketAddress], on loop: EventLoop, backoff: Backoff,
    owner: any SubchannelOwner
  ) {
    self.addresses = addresses
    self.loop = loop
    self.backoff = backoff
    self.owner = owner
    waits = Backoff.Waits(backoff)
  }

  /// The connection that takes calls.
  var connection: Connection? {
    if case .ready(let connection) = state, connection.takesStreams { connection } else { nil }
  }

  /// How the server stands.
  var connectivity: Connectivity {
    switch state {
    case .idle: .idle
    case .connecting: .connecting
    case .ready: .ready
    case .failed: .transientFailure
    case .closed: .shutdown
    }
  }

  /// Why the server cannot be reached.
  var failure: RPCError? { if case .failed(let error, _) = state { error } else { nil } }

  /// Dials, if that is neither done nor to be waited with.
  func connect() {
    guard case .idle = state else { return }
    let race = DialRace(addresses, owner.target, on: loop) { [weak self] result in
      if let self { dialled(result) } else { try? result.get().close() }
    }
    state = .connecting(race)
    race.start()
  }

  private func dialled(_ result: Result<Connection, NetError>) {
    guard case .connecting = state else { return }
    switch result {
    case .success(let connection): connected(connection)
    case .failure(let error):
      failed(RPCError(.unavailable, "the server cannot be reached", cause: error))
    }
    owner.subchannelChanged()
  }

  private func connected(_ connection: Connection) {
    state = .ready(connection)
    connectedSince = .now()
    connection.whenRoomChanges { [weak self] in self?.owner.roomChanged() }
    connection.whenNoLongerUsable { [weak self] in self?.ended(connection) }
  }

  private func ended(_ connection: Connection) {
    owner.connectionEnded(connection)
    guard case .ready(let current) = state, current === connection else { return }
    owner.addressesMayBeStale()
    let wasUseful =
      connection.hasAnswered || connectedSince.duration(to: .now()) > backoff.first
    fruitless = wasUseful ? 0 : fruitless + 1
    if fruitless > Self.fruitlessAtOnce {
      failed(RPCError(.unavailable, "the server ends its connections at once"))
    } else {
      if wasUseful { waits.reset() }
      state = .idle
    }
    owner.subchannelChanged()
  }

  private func failed(_ error: RPCError) {
    owner.addressesMayBeStale()
    let timer = loop.schedule(after: waits.failed(random: owner.random())) { [weak self] in
      self?.hasWaited()
    }
    state = .failed(error, timer)
  }

  private func hasWaited() {
    guard case .failed = state else { return }
    state = .idle
    owner.subchannelChanged()
  }

  /// Tries other addresses from here on, at once; a connection to one of them stays.
  func move(to addresses: [SocketAddress]) {
    guard addresses != self.addresses else { return }
    self.addresses = addresses
    switch state {
    case .ready(let connection) where addresses.contains(connection.peer): break
    case .idle, .closed: break
    case .ready, .connecting, .failed:
      close()
      waits.reset()
      state = .idle
    }
  }

  /// Connects no more; a connection is left to its calls.
  func close() {
    let last = state
    state = .closed
    switch last {
    case .connecting(let race): race.cancel()
    case .failed(_, let timer): timer.cancel()
    case .ready(let connection): connection.shutDown(grace: ConnectionPool.graceOfOldConnections)
    case .idle, .closed: break
    }
  }
}
