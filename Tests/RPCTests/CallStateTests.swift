import RPC
import Testing

struct ServerCallStateTests {
  @Test func `a unary call runs once its request is whole`() {
    var state = ServerCallState(.unary)
    #expect(state.accepted() == [])
    #expect(state.readsRequest)
    #expect(state.requestEnded() == .startHandler)
    #expect(!state.readsRequest)
    #expect(state.handlerFinished() == .sendAnswer)
    #expect(state.isOver)
    #expect(state.streamClosed() == [])
  }

  @Test func `a call that streams its request runs at once and may answer early`() {
    var state = ServerCallState(.clientStreaming)
    #expect(state.accepted() == .startHandler)
    #expect(state.handlerFinished() == .sendAnswer)
    #expect(state.requestEnded() == [])
  }

  @Test func `a request that does not come whole is looked at before the rest of it`() {
    var state = ServerCallState(.unary)
    #expect(state.accepted() == [])
    #expect(state.requestBegan() == .startHandler)
    #expect(state.readsRequest)
    #expect(state.requestBegan() == [])
    #expect(state.requestEnded() == [])
    #expect(state.handlerFinished() == .sendAnswer)
  }

  @Test func `a bad request is answered before its end and starts nothing`() {
    var state = ServerCallState(.unary)
    #expect(state.accepted() == [])
    #expect(state.failed() == .sendAnswer)
    #expect(!state.readsRequest)
    #expect(state.requestEnded() == [])
    #expect(state.requestBegan() == [])
    #expect(state.isOver)
  }

  @Test func `a deadline answers at once and cancels the handler, whose result is dropped`() {
    var state = ServerCallState(.unary)
    _ = state.accepted()
    _ = state.requestEnded()
    #expect(state.failed() == [.sendAnswer, .cancelHandler])
    #expect(!state.isOver)
    #expect(state.failed() == .cancelHandler)
    #expect(state.handlerFinished() == [])
    #expect(state.isOver)
  }

  @Test func `a lost stream cancels the handler and nothing is sent`() {
    var state = ServerCallState(.unary)
    _ = state.accepted()
    _ = state.requestEnded()
    #expect(state.streamClosed() == .cancelHandler)
    #expect(state.handlerFinished() == [])
    #expect(state.failed() == [])
  }

  /// Whatever happens in whatever order, the answer is sent at most once, never on a lost stream,
  /// and the handler is started at most once.
  @Test(arguments: [MethodKind.unary, .clientStreaming, .serverStreaming, .bidirectional])
  func `every sequence of five events keeps the promises`(_ kind: MethodKind) {
    for number in 0..<3125 {
      var state = ServerCallState(kind)
      var effects = [state.accepted()]
      var isLost = false
      var rest = number
      for _ in 0..<5 {
        let happened: ServerCallState.Effects
        switch rest % 5 {
        case 0: happened = state.requestEnded()
        case 1: happened = state.failed()
        case 2: happened = state.streamClosed()
        case 3: happened = state.requestBegan()
        default:
          let running = effects.contains { $0.contains(.startHandler) }
          happened = running ? state.handlerFinished() : []
        }
        if isLost { #expect(!happened.contains(.sendAnswer) && !happened.contains(.startHandler)) }
        isLost = isLost || rest % 5 == 2
        rest /= 5
        effects.append(happened)
      }
      #expect(effects.filter { $0.contains(.startHandler) }.count <= 1)
      #expect(effects.filter { $0.contains(.sendAnswer) }.count <= 1)
    }
  }
}

struct ClientCallStateTests {
  @Test func `a call completes once and resets what is left of its stream once`() {
    for number in 0..<81 {
      var state = ClientCallState()
      var effects: [ClientCallState.Effects] = []
      var rest = number
      for _ in 0..<4 {
        switch rest % 3 {
        case 0: effects.append(state.responseEnded())
        case 1: effects.append(state.failed())
        default: effects.append(state.streamClosed())
        }
        rest /= 3
      }
      #expect(effects.first?.contains(.complete) == true)
      #expect(effects.filter { $0.contains(.complete) }.count == 1)
      #expect(effects.filter { $0.contains(.reset) }.count <= 1)
      #expect(!state.isOpen)
    }
  }
}
