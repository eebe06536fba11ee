import RPC
import Testing

struct MetadataTests {
  @Test func `order and repeats are kept, names are lower case`() {
    var metadata: Metadata = ["X-One": "1", "two": "2", "x-one": "3"]
    #expect(metadata.map(\.name) == ["x-one", "two", "x-one"])
    #expect(metadata.values(named: "X-ONE") == ["1", "3"])
    #expect(metadata["x-one"] == "1")
    metadata["x-one"] = "4"
    #expect(metadata.map(\.name) == ["two", "x-one"])
    metadata["two"] = nil
    #expect(metadata.count == 1)
    #expect(metadata["absent"] == nil)
  }

  @Test func `all byte values survive in a -bin value`() throws {
    let bytes = Array(UInt8.min...UInt8.max)
    var fields = Fields()
    try (["k-bin": .binary(bytes)] as Metadata).append(to: &fields)
    #expect(fields["k-bin"]?.contains("=") == false)
    var back = Metadata()
    back.append(wireName: "k-bin", value: fields["k-bin"] ?? "")
    #expect(back[binary: "k-bin"] == bytes)
  }

  @Test(
    arguments: [
      ("", [[]]), ("q80=", [[0xab, 0xcd]]), ("q80", [[0xab, 0xcd]]), ("qw==", [[0xab]]),
      ("qw", [[0xab]]), ("q83v", [[0xab, 0xcd, 0xef]]),
      ("qw,q80= , q83v", [[0xab], [0xab, 0xcd], [0xab, 0xcd, 0xef]]),
    ] as [(String, [[UInt8]])])
  func `-bin values are read padded, unpadded and joined`(_ text: String, _ values: [[UInt8]]) {
    var metadata = Metadata()
    metadata.append(wireName: "k-bin", value: text)
    #expect(metadata.binaryValues(named: "k-bin") == values)
  }

  @Test(arguments: ["q", "q80==", "=", "====", "q8=0", "q8_-", "qw==q", "qw,%"])
  func `what is not base64 is left out`(_ text: String) {
    var metadata = Metadata()
    metadata.append(wireName: "k-bin", value: text)
    #expect(metadata.binaryValues(named: "k-bin") == (text == "qw,%" ? [[0xab]] : []))
  }

  @Test func `what is not the transport's or gRPC's is metadata`() {
    let fields = [
      (":path", "/"), ("te", "trailers"), ("user-agent", "x/1"), ("grpc-unknown", "1"),
      ("content-length", "5"), ("a-bin", "qw,qw=="),
    ]
    var metadata = Metadata()
    for (name, value) in fields { metadata.append(wireName: name, value: value) }
    #expect(metadata.map(\.name) == ["user-agent", "a-bin", "a-bin"])
  }

  @Test func `names of HTTP and of gRPC are not sent`() throws {
    let metadata: Metadata = [
      "grpc-status": "0", "grpc-x": "1", "content-type": "x", "te": "x", "content-length": "1",
      "kept": "yes",
    ]
    var fields = Fields()
    try metadata.append(to: &fields)
    #expect(fields.fields.map(\.name) == ["kept"])
  }

  @Test(arguments: [("a b", "v"), ("ok", "line\nbreak"), ("ok", "é")])
  func `what cannot be a header field is refused whole`(_ name: String, _ value: String) {
    var metadata: Metadata = ["first": "fine"]
    metadata.append(value, for: name)
    var fields = Fields()
    #expect(throws: RPCError.self) { try metadata.append(to: &fields) }
    #expect(fields.fields.isEmpty)
  }

  @Test func `credentials stay out of compression tables and of descriptions`() throws {
    let metadata: Metadata = ["authorization": "Bearer s3cret"]
    var fields = Fields()
    try metadata.append(to: &fields)
    #expect(fields.sensitive == ["authorization"])
    #expect(!"\(metadata)".contains("s3cret"))
  }
}
