public import RPC
internal import Synchronization

/// Says whether the services of a server can be called now (`grpc.health.v1.Health`).
///
/// What it says, the program decides; the server as a whole is the service with the empty name.
public final class Health: HealthProtocol {
  /// Whether a service can be called.
  public typealias Status = HealthCheckResponse.ServingStatus

  /// Names compare by their bytes.
  private typealias Name = [UInt8]

  private struct State {
    var statuses: [Name: Status]
    var watchers: [UInt64: AsyncStream<Void>.Continuation] = [:]
    var lastWatcher: UInt64 = 0
    var isDraining = false
  }

  private let state: Mutex<State>

  /// Says of each of these services, and of the server, that it can be called.
  public init(of services: [any RPC.Service]) {
    var statuses: [Name: Status] = [[]: .serving]
    for name in Router(services).serviceNames { statuses[Name(name.utf8)] = .serving }
    state = Mutex(State(statuses: statuses))
  }

  /// Says something else of a service; those who watch are told.
  public func set(_ status: Status, for service: String) {
    change { $0.statuses[Name(service.utf8)] = status }
  }

  /// Says of every service that it cannot be called, and ends every watch after telling it.
  ///
  /// To be called before the server stops taking calls.
  public func drain() {
    change { state in
      state.isDraining = true
      for name in state.statuses.keys { state.statuses[name] = .notServing }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let watchers = state.withLock { state in
      body(&state)
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.yield() }
  }

  /// Says how a service does now; NOT_FOUND if the server has no such service.
  public func check(
    _ request: HealthCheckRequest, context: ServerContext
  ) async throws -> HealthCheckResponse {
    guard let status = state.withLock({ $0.statuses[Name(request.service.utf8)] }) else {
      throw RPCError(.notFound, "the server has no such service")
    }
    return HealthCheckResponse(status)
  }

  /// Says how a service does now, and again whenever that changes.
  public func watch(
    _ request: HealthCheckRequest, responses: ResponseWriter<HealthCheckResponse>,
    context: ServerContext
  ) async throws {
    let (changes, watcher) = startWatching()
    defer { _ = state.withLock { $0.watchers.removeValue(forKey: watcher) } }
    var last: Status?
    for await _ in changes {
      let (status, isDraining) = state.withLock { state in
        (state.statuses[Name(request.service.utf8)] ?? .serviceUnknown, state.isDraining)
      }
      if status != last { try await responses.write(HealthCheckResponse(status)) }
      if isDraining { throw RPCError(.unavailable, "the server is going to stop") }
      last = status
    }
    throw CancellationError()
  }

  /// The stream has an element at once, and another one after each change.
  private func startWatching() -> (AsyncStream<Void>, UInt64) {
    // One is enough: whoever is told looks at what is so then.
    let (changes, continuation) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    continuation.yield()
    let watcher = state.withLock { state in
      state.lastWatcher += 1
      state.watchers[state.lastWatcher] = continuation
      return state.lastWatcher
    }
    return (changes, watcher)
  }
}

extension Health {
  /// The paths of its methods, which callers need no credentials for.
  public static var paths: [String] { [HealthMethods.check.path, HealthMethods.watch.path] }
}

extension HealthCheckResponse {
  init(_ status: ServingStatus) {
    self.init()
    self.status = status
  }
}
