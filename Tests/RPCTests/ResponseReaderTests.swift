import RPC
import Testing

struct ResponseReaderTests {
  private func fields(_ fields: [(String, String)]) -> ResponseFields {
    Fields(fields: fields.map { (name: $0.0, value: $0.1) }).response
  }

  private let good = [(":status", "200"), ("content-type", "application/grpc")]

  /// What a whole response comes to: its messages, or the code of what is wrong with it.
  private func read(
    _ headers: [(String, String)], _ data: [UInt8]? = nil, _ trailers: [(String, String)]? = nil
  ) -> Result<[[UInt8]], RPCError> {
    var reader = ResponseReader(.unary, limits: CallLimits(messageBytes: 10))
    do {
      _ = try reader.receivedHeaders(fields(headers), endStream: data == nil)
      var messages: [[UInt8]] = []
      let data = data ?? []
      var bytes = data.span
      while let message = try reader.next(from: &bytes) { messages.append(message.bytes) }
      _ = try reader.receivedTrailers(fields(trailers ?? []))
      return .success(messages)
    } catch { return .failure(error) }
  }

  private func code(_ result: Result<[[UInt8]], RPCError>) -> Int {
    switch result {
    case .success: 0
    case .failure(let error): error.code.rawValue
    }
  }

  private let one: [UInt8] = [0, 0, 0, 0, 1, 7]

  @Test func `a good response is its message`() throws {
    #expect(try read(good, one, [("grpc-status", "0")]).get() == [[7]])
  }

  @Test(arguments: [
    ("0", 0), ("5", 5), ("16", 16), ("17", 2), ("99", 2), ("abc", 2), ("", 2), ("-1", 2), ("00", 0),
    ("99999999999999999999", 2),
  ])
  func `every grpc-status has a code`(_ status: String, _ expected: Int) {
    #expect(code(read(good, one, [("grpc-status", status)])) == expected)
  }

  @Test func `a response needs exactly one message, a status and the end of its message`() {
    #expect(code(read(good, [], [("grpc-status", "0")])) == 12)
    #expect(code(read(good, one + one, [("grpc-status", "0")])) == 12)
    #expect(code(read(good, one, [])) == 13)
    #expect(code(read(good, [0, 0], [("grpc-status", "0")])) == 13)
    #expect(code(read(good, [0, 0, 0, 0, 11], [("grpc-status", "0")])) == 8)
    #expect(code(read(good + [("grpc-encoding", "br")], one, [("grpc-status", "0")])) == 13)
  }

  @Test(arguments: [
    ("200", 2), ("400", 13), ("401", 16), ("403", 7), ("404", 12), ("429", 14), ("500", 2),
    ("503", 14), ("x", 2),
  ])
  func `an answer that is not gRPC's is judged by its HTTP status`(_ status: String, _ code: Int) {
    let headers = [(":status", status), ("content-type", "text/html")]
    #expect(self.code(read(headers, Array("<html>".utf8))) == code)
    #expect(self.code(read(headers)) == code)
  }

  @Test func `the status of a trailers-only answer counts whatever the HTTP status`() {
    let result = read([
      (":status", "503"), ("content-type", "application/grpc"), ("grpc-status", "7"),
      ("grpc-message", "no%20way"), ("x-more", "1"),
    ])
    guard case .failure(let error) = result else {
      Issue.record("accepted")
      return
    }
    #expect(error.code == .permissionDenied)
    #expect(error.message == "no way")
    #expect(error.metadata["x-more"] == "1")
  }
}
