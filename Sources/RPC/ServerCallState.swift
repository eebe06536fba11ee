/// Where a call stands on the server, and what must be done when something happens to it.
///
/// A value without time or I/O: whoever carries the call tells it what happened and does what it
/// answers. Three things go on at once, and each has its own dimension.
package struct ServerCallState: Sendable, Equatable {
  /// What is to be done, in the order in which the members are declared.
  package struct Effects: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Said here so that nobody goes through the witnesses of the protocol for a bit.
    package func contains(_ other: Effects) -> Bool { rawValue & other.rawValue == other.rawValue }

    /// Start the handler.
    package static let startHandler = Effects(rawValue: 1)
    /// Send the response to its end: the result of the handler, or the error that came first.
    ///
    /// The transport stops a client that is still sending.
    package static let sendAnswer = Effects(rawValue: 2)
    /// Cancel the handler's task.
    package static let cancelHandler = Effects(rawValue: 4)
  }

  private enum Request: Equatable { case open, ended }
  private enum Handler: Equatable { case waiting, running, over }
  private enum Response: Equatable { case open, ended }

  private let hasOneRequest: Bool
  private var request = Request.open
  private var handler = Handler.waiting
  private var response = Response.open

  /// A call whose headers have been accepted.
  package init(_ kind: MethodKind) { hasOneRequest = kind.hasOneRequest }

  /// Whether bytes of the request still matter.
  package var readsRequest: Bool { request == .open && response == .open }
  /// Whether the client still waits for something.
  package var sendsResponse: Bool { response == .open }
  /// Whether the call takes no further part in anything.
  package var isOver: Bool { response == .ended && handler != .running }

  /// The headers were accepted: streams of requests are handled from here on.
  package mutating func accepted() -> Effects { hasOneRequest ? [] : start() }

  /// Some of the request has come, and more will: whoever refuses the call does so before that is
  /// kept.
  package mutating func requestBegan() -> Effects { start() }

  /// The client has sent all of its request.
  ///
  /// Most requests come whole, and their handlers start here.
  package mutating func requestEnded() -> Effects {
    request = .ended
    return start()
  }

  /// The handler returned or threw.
  package mutating func handlerFinished() -> Effects {
    handler = .over
    return answer()
  }

  /// The call cannot go on: a bad request, or no time left.
  ///
  /// The answer is the error.
  package mutating func failed() -> Effects {
    answer().union(stopHandler())
  }

  /// The stream is gone: reset by the client, or lost with its connection.
  package mutating func streamClosed() -> Effects {
    request = .ended
    response = .ended
    return stopHandler()
  }

  private mutating func start() -> Effects {
    guard handler == .waiting, response == .open else { return [] }
    handler = .running
    return .startHandler
  }

  private mutating func answer() -> Effects {
    guard response == .open else { return [] }
    response = .ended
    return .sendAnswer
  }

  /// A handler that is cancelled still runs to its end; only its result has lost its meaning.
  private mutating func stopHandler() -> Effects {
    switch handler {
    case .waiting:
      handler = .over
      return []
    case .running: return .cancelHandler
    case .over: return []
    }
  }
}
