// The fuzz targets of what strangers send before any message is read: frames, and the fields of
// requests and responses. tools/fuzz compiles this file once for each target.

#if FRAMES
  import HTTP2

  /// What libFuzzer calls for each input: a connection to a server, cut into pieces.
  ///
  /// The first byte says how large these are and whether the client's preface goes before.
  @_cdecl("LLVMFuzzerTestOneInput")
  func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    serve((first & 1 == 0 ? preface : []) + input.dropFirst(), pieces: Int(first >> 1) + 1)
    return 0
  }

  private let answer = HeaderBlock([":status": "200", "content-type": "application/grpc"])

  private func serve(_ bytes: [UInt8], pieces: Int) {
    let session = Session(.server)
    var rest = bytes[...]
    var now: Int64 = 0
    while !rest.isEmpty, !session.isFinished {
      let piece = Array(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      now += 1_000_000
      var taken = 0
      while taken < piece.count {
        do {
          taken += try session.receive(
            piece.span.extracting(taken...), at: now, requests: 2)
        } catch { taken = piece.count }
        answerAll(session)
      }
    }
    precondition(session.streamCount <= 1000, "streams are forgotten")
  }

  /// Answers every request, and throws the answers away.
  private func answerAll(_ session: borrowing Session) {
    while let event = session.nextEvent() {
      switch event {
      case .headers(let key, _, let endStream) where endStream: answer(session, key)
      case .data(let key, _, let count, let endStream):
        session.consume(count, on: key)
        if endStream { answer(session, key) }
      case .trailers(let key, _): answer(session, key)
      default: break
      }
    }
    var output: [UInt8] = []
    try? session.takeOutput(into: &output, upTo: 1 << 20)
  }

  private func answer(_ session: borrowing Session, _ key: StreamKey) {
    session.sendHeaders(answer, endStream: false, on: key)
    session.sendData([1, 2, 3], endStream: false, on: key)
    session.sendTrailers(HeaderBlock(["grpc-status": "0"]), on: key)
  }
#else
  import RPC

  private let methods = MethodTable(Router())

  /// What libFuzzer calls for each input: fields, each a name and a value that end with a line feed.
  @_cdecl("LLVMFuzzerTestOneInput")
  func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let parts = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { Array($0) }
    var request = RequestFields(for: methods)
    var response = ResponseFields()
    for index in stride(from: 0, to: parts.count - 1, by: 2) {
      let (name, value) = (parts[index], parts[index + 1])
      request.add(name: name.span, value: value.span)
      response.add(name: name.span, value: value.span)
    }
    if let head = try? request.finish() { precondition(head.timeout ?? .zero >= .zero) }
    return 0
  }
#endif
