internal import HTTP2
internal import Net
internal import RPC

/// Where the response of a call goes.
protocol ResponseSink: AnyObject {
  /// What comes before the messages.
  func received(_ metadata: Metadata)
  /// A message.
  func received(_ message: ReceivedMessage)
  /// Bytes have come on `stream`, and what was whole in them has been handed on.
  func received(_ count: Int, on stream: Net.Stream)
  /// Whether what is written now goes out soon.
  func setWritable(_ isWritable: Bool)
  /// The call is over, with its trailing metadata or its error.
  ///
  /// `wasGivenUp`: nobody waits for what has come.
  func end(_ result: Result<Metadata, RPCError>, wasGivenUp: Bool)
}

/// One call on the client, from before there is a connection until its outcome is known, over as
/// many attempts as its policy allows.
///
/// Unary calls and streaming ones differ in their sinks. `RetryState` decides whether there is
/// another attempt.
///
/// `@unchecked Sendable`: what is mutable is touched only on the loop of the channel.
final class ClientCall: PendingCall, CallAttemptOwner, @unchecked Sendable {
  private enum Phase { case waiting, attempting(CallAttempt), over(RPCError?) }

  let waitsForReady: Bool
  private let call: OutgoingCall
  private let template: RequestTemplate
  private let limits: CallLimits
  private let pool: ConnectionPool
  private let sink: any ResponseSink
  private var phase = Phase.waiting
  private var requests: RequestBuffer
  private var retries: RetryState
  private var timer: EventLoop.Timer?

  init(
    _ call: OutgoingCall, from template: RequestTemplate, limits: CallLimits,
    retries rules: RetryRules, through pool: ConnectionPool, into sink: any ResponseSink
  ) {
    self.call = call
    self.template = template
    self.limits = call.responseBytes.map(CallLimits.init(messageBytes:)) ?? limits
    self.pool = pool
    self.sink = sink
    waitsForReady = call.waitsForReady
    requests = RequestBuffer(limit: rules.bufferedBytes)
    retries = RetryState(rules.policy(for: call))
  }

  /// Takes the only message of a request, before the call begins.
  func write(all frame: [UInt8]) {
    requests.append(frame, to: nil)
    requests.end(on: nil)
  }

  /// Whether somebody still wants this call made.
  var isOpen: Bool { if case .over = phase { false } else { true } }

  /// The time that the call has begins to run out, and it goes out as soon as it can.
  func begin() {
    guard isOpen else { return }
    if let deadline = call.deadline {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { return fail(.deadlineExceeded) }
      timer = pool.loop.schedule(after: left) { [weak self] in self?.fail(.deadlineExceeded) }
    }
    pool.send(self)
  }

  /// Makes an attempt.
  ///
  /// Throws if the connection takes no more, and then nothing has been sent.
  func send(on connection: Connection) throws(NetError) {
    let headers: HeaderBlock
    do throws(RPCError) {
      headers = try template.headers(of: call, previousAttempts: retries.previousAttempts)
    } catch {
      return fail(error)
    }
    let attempt = CallAttempt(call.kind, as: template.type(of: call), limits: limits, owner: self)
    let stream = try attempt.begin(headers, on: connection)
    phase = .attempting(attempt)
    requests.send(on: stream)
    letGoOfRequests()
    sink.setWritable(stream.isWritable)
  }

  /// There is no connection for the call.
  ///
  /// It is not tried again at once, as one is that a server has turned away: its policy decides.
  func notSent(_ error: RPCError) { failed(error, wasSeen: true) }

  /// Ends the call from this side, if it has not ended yet.
  func fail(_ error: RPCError) {
    guard isOpen else { return }
    let last = phase
    end(.failure(error), wasGivenUp: true)
    if case .attempting(let attempt) = last { attempt.giveUp() }
  }

  // MARK: - What the caller asks for

  /// Sends a message; it may be sent again with a later attempt.
  func send(_ frame: [UInt8], compressed: Bool) -> Result<Void, RPCError> {
    if case .over(let error) = phase { return .failure(error ?? .callIsOver) }
    guard !requests.hasEnded else { return .failure(.callIsOver) }
    do throws(RPCError) {
      let compression = compressed ? call.compression : .identity
      let frame = try Framing.compress(frame, compression, always: true)
      requests.append(frame, to: stream)
      letGoOfRequests()
      if let stream, !stream.isWritable { sink.setWritable(false) }
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  /// No messages follow.
  func finishSending() {
    guard isOpen else { return }
    requests.end(on: stream)
  }

  private var stream: Net.Stream? {
    if case .attempting(let attempt) = phase { attempt.stream } else { nil }
  }

  /// What is too much to be kept cannot be sent again.
  private func letGoOfRequests() {
    guard case .attempting = phase, requests.isTooLarge else { return }
    commit()
  }

  private func commit() {
    retries.commit()
    requests.letGo()
  }

  // MARK: - What comes from the attempt

  func attemptReceivedHeaders(_ metadata: Metadata) {
    commit()
    sink.received(metadata)
  }

  func attemptReceivedMessage(_ message: ReceivedMessage) { sink.received(message) }

  func attemptReceivedBytes(_ count: Int, on stream: Net.Stream) {
    sink.received(count, on: stream)
  }

  func attemptBecameWritable() { sink.setWritable(true) }

  func attemptEnded(_ end: CallAttempt.End) {
    switch end {
    case .succeeded(let trailing):
      retries.succeeded(&pool.throttle)
      self.end(.success(trailing))
    case .failed(let error, let wasSeen): failed(error, wasSeen: wasSeen)
    }
  }

  private func failed(_ error: RPCError, wasSeen: Bool) {
    let decision = retries.failed(
      RetryState.Failure(error, wasSeen: wasSeen), &pool.throttle, random: pool.random())
    switch decision {
    case .giveUp: end(.failure(error.considering(deadline: call.deadline)))
    case .again(let wait):
      phase = .waiting
      sink.setWritable(false)
      pool.send(self, after: wait)
    }
  }

  private func end(_ result: Result<Metadata, RPCError>, wasGivenUp: Bool = false) {
    timer?.cancel()
    timer = nil
    if case .failure(let error) = result { phase = .over(error) } else { phase = .over(nil) }
    requests.letGo()
    sink.end(result, wasGivenUp: wasGivenUp)
  }
}
