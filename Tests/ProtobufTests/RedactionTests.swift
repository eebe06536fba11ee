import Protobuf
import Testing

@Suite
struct RedactionTests {
  /// Every sensitive field holds this word.
  private static let secret = "swordfish"

  private static let inner = Secrets.with {
    $0.shown = "seen"
    $0.hidden = secret
    $0.hiddenBytes = Array(secret.utf8)
    $0.hiddenList = [secret]
    $0.hiddenMap = [secret: secret]
    $0.proof = .hiddenChoice(secret)
  }

  private static let message = Secrets.with {
    $0.hidden = secret
    $0.proof = .innerChoice(inner)
    $0.inner = inner
    $0.innerList = [inner]
    $0.innerMap = ["key": inner]
  }

  @Test
  func `what is not sensitive is shown`() {
    #expect(
      Self.inner.description == """
        testing.codec.Secrets {shown: "seen", hidden: <redacted>, hidden_bytes: <redacted>, \
        hidden_list: <redacted>, hidden_map: <redacted>, hidden_choice: <redacted>}
        """)
  }

  @Test
  func `no way of printing shows a sensitive field`() {
    var dumped = ""
    dump(Self.message, to: &dumped)
    dump(Self.message.proof, to: &dumped)
    dump(Self.inner.proof, to: &dumped)
    dump([Self.message], to: &dumped)
    let texts = [
      "\(Self.message)", String(describing: Self.message), String(reflecting: Self.message),
      String(reflecting: Self.inner.proof), "\(Optional(Self.message) as Any)", dumped,
    ]
    for text in texts {
      #expect(text.contains("<redacted>"))
      #expect(!text.contains(Self.secret))
      #expect(!text.contains("73776f7264"), "nor in hexadecimal")
    }
  }

  @Test
  func `mirrors have no children`() {
    #expect(Mirror(reflecting: Self.message).children.isEmpty)
    #expect(Self.inner.proof.map { Mirror(reflecting: $0).children.isEmpty } == true)
  }

  @Test
  func `unknown fields are counted, not shown`() throws {
    let older = try Older(serialized: [0x82, 0x01, 0x03, 0x61, 0x62, 0x63])
    #expect(older.description == "testing.codec.Older {6 bytes of unknown fields}")
    var dumped = ""
    dump(older.unknownFields, to: &dumped)
    #expect(!dumped.contains("97"))
  }
}
