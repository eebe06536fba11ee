internal import HTTP2
internal import Net
internal import RPC

/// A call that waits for a connection.
protocol PendingCall: AnyObject {
  /// Whether somebody still wants this call made.
  var isOpen: Bool { get }
  /// Sends the request.
  ///
  /// Throws if the connection takes no more, and then nothing has been sent.
  func send(on connection: Connection) throws(NetError)
  /// Ends the call from this side, if it has not ended yet.
  func fail(_ error: RPCError)
}

/// The one connection of a channel: dialled when it is needed, and again when it is gone.
///
/// `@unchecked Sendable`: what is mutable is touched only on the thread of `loop`.
final class ClientConnection: @unchecked Sendable {
  private enum State {
    case idle
    /// Being dialled; these calls wait for it.
    case connecting([any PendingCall])
    case connected(Connection)
    case closed
  }

  private let target: Connection.Target
  private let loop: EventLoop
  private var state = State.idle
  private var dialling: Task<Void, Never>?

  init(to target: Connection.Target, on loop: EventLoop) {
    self.target = target
    self.loop = loop
  }

  /// Sends a call as soon as there is a connection, or fails it.
  func send(_ call: any PendingCall) {
    guard call.isOpen else { return }
    switch state {
    case .closed: call.fail(Self.channelClosed)
    case .idle: dial(for: call)
    case .connecting(let waiting): state = .connecting(waiting + [call])
    case .connected(let connection):
      // A connection that takes no more streams has sent nothing of this call.
      do throws(NetError) { try call.send(on: connection) } catch { dial(for: call) }
    }
  }

  private func dial(for call: any PendingCall) {
    state = .connecting([call])
    dialling = Task(executorPreference: loop) { [self] in
      do throws(NetError) {
        dialled(try await Connection.dial(target, on: loop))
      } catch {
        failedToDial(error)
      }
    }
  }

  private func dialled(_ connection: Connection) {
    guard case .connecting(let waiting) = state else { return connection.close() }
    state = .connected(connection)
    for call in waiting { send(call) }
  }

  private func failedToDial(_ error: NetError) {
    guard case .connecting(let waiting) = state else { return }
    state = .idle
    for call in waiting {
      call.fail(RPCError(.unavailable, "the server cannot be reached", cause: error))
    }
  }

  /// Takes no more calls, and calls `done` when those under way are over, after `grace` at most.
  func shutDown(grace: Duration, _ done: @escaping () -> Void) {
    let last = state
    state = .closed
    switch last {
    case .idle, .closed: done()
    case .connecting(let waiting):
      for call in waiting { call.fail(Self.channelClosed) }
      done()
    case .connected(let connection):
      connection.whenClosed(done)
      connection.shutDown(grace: grace)
    }
  }

  private static var channelClosed: RPCError { RPCError(.unavailable, "the channel is closed") }
}
