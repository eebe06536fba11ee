import Protobuf
import RPC
import Testing

/// A message without fields of its own: what it holds is what it was made of.
struct Blob: Message {
  static let messageName = "test.Blob"
  static let fieldNames: FieldNames = [:]
  var unknownFields = UnknownFields()

  mutating func decodeField<R: FieldReader & ~Escapable>(_ number: Int, from reader: inout R) {}
  func encode(into writer: inout Writer) { writer.write(unknownFields) }
  func visitFields(_ visitor: inout some FieldVisitor) {}
}

struct Echo: Service {
  static let method = MethodDescriptor<Blob, Blob>(service: "t.Echo", method: "Do", kind: .unary)
  var handler: @Sendable (Blob, ServerContext) async throws -> Blob = { request, _ in request }

  func register(in router: inout Router) { router.unary(Self.method, handler) }
}

struct RequestFieldsTests {
  private let methods = MethodTable(Router([Echo()]))

  private func finish(
    _ changes: [(String, String?)]
  ) -> Result<RequestHead, Refusal> {
    var all: [(String, String)] = [
      (":method", "POST"), (":scheme", "http"), (":path", "/t.Echo/Do"), (":authority", "x"),
      ("te", "trailers"), ("content-type", "application/grpc"),
    ]
    for (name, value) in changes {
      all.removeAll { $0.0 == name }
      if let value { all.append((name, value)) }
    }
    var fields = RequestFields(for: methods)
    for (name, value) in all { fields.add(name: name.utf8.span, value: value.utf8.span) }
    do throws(Refusal) { return .success(try fields.finish()) } catch { return .failure(error) }
  }

  @Test(
    arguments: [
      ("content-type", "application/grpc", 200, 0),
      ("content-type", "application/grpc+proto", 200, 0),
      ("content-type", "application/grpc;charset=utf-8", 200, 0),
      ("content-type", "Application/GRPC", 200, 0), ("content-type", "application/grpcfoo", 415, 3),
      ("content-type", "application/grpc-web", 200, 0), ("content-type", "text/html", 415, 3),
      ("content-type", "application/grpc+json", 200, 0), ("content-type", nil, 415, 3),
      (":method", "GET", 405, 13), (":method", "post", 405, 13), ("te", nil, 200, 0),
      (":path", "/t.Echo/Undo", 200, 12), (":path", "/t.Echo/do", 200, 12),
      (":path", "t.Echo/Do", 200, 12), (":path", "//t.Echo/Do", 200, 12),
      (":path", "/t.Echo/Do/", 200, 12), (":path", "/t.Echo/./Do", 200, 12),
      (":path", "/t.Echo/%44o", 200, 12), (":path", "/t.Echo/Do\u{0}", 200, 12),
      (":path", "", 200, 12), (":path", "/", 200, 12), (":path", "/t.Echo/Do?x=1", 200, 12),
      ("grpc-encoding", "gzip", 200, 0), ("grpc-encoding", "identity", 200, 0),
      ("grpc-encoding", "br", 200, 12), ("grpc-encoding", "", 200, 12),
      ("grpc-timeout", "1S", 200, 0), ("grpc-timeout", "-1S", 200, 13),
      ("grpc-timeout", "", 200, 13),
      ("a-bin", "qw", 200, 0), ("a-bin", "q", 200, 13),
    ] as [(String, String?, Int, Int)])
  func `a request is accepted or refused`(
    _ name: String, _ value: String?, _ httpStatus: Int, _ code: Int
  ) {
    switch finish([(name, value)]) {
    case .success(let head):
      #expect(code == 0)
      #expect(head.method.path == "/t.Echo/Do")
    case .failure(let refusal):
      #expect(refusal.httpStatus == httpStatus)
      #expect(refusal.error.code.rawValue == code)
    }
  }

  @Test func `an unknown encoding is answered with those that are known`() {
    guard case .failure(let refusal) = finish([("grpc-encoding", "br")]) else {
      Issue.record("accepted")
      return
    }
    #expect(refusal.namesEncodings)
  }

  @Test(
    arguments: [
      (nil, nil, Compression.identity), ("gzip", "gzip", .gzip), ("gzip", nil, .identity),
      ("gzip", "br, deflate", .identity), ("deflate", "gzip ,\tdeflate", .deflate),
      (nil, "gzip", .identity),
    ] as [(String?, String?, Compression)])
  func `the response is compressed as the request was, if the client reads that`(
    _ encoding: String?, _ accepted: String?, _ expected: Compression
  ) throws {
    let head = try finish([("grpc-encoding", encoding), ("grpc-accept-encoding", accepted)]).get()
    #expect(head.responseCompression(nil) == expected)
  }
}

struct MethodTableTests {
  @Test func `every method is found by its own path and no other`() {
    var router = Router()
    let paths = (0..<100).map { "/s.S/M\($0)" }
    for index in 0..<100 {
      router.unary(
        MethodDescriptor<Blob, Blob>(service: "s.S", method: "M\(index)", kind: .unary)
      ) { request, _ in request }
    }
    let table = MethodTable(router)
    for path in paths {
      let found = table.method(at: path.utf8.span)?.path
      #expect(found == path)
      let other = table.method(at: (path + "x").utf8.span)?.path
      #expect(other == nil)
    }
    let none = MethodTable(Router()).method(at: "".utf8.span)?.path
    #expect(none == nil)
  }
}
