import Testing
import linkctl

struct KeyFileTests {
  private static let keys = KeyPair(key: "key1", secret: "se/cr+et=")

  @Test(arguments: [
    "consumer_key = key1\nconsumer_secret = se/cr+et=\n",
    "consumer_secret=se/cr+et=\nconsumer_key=key1",
    "# of the app \"demo\"\r\n\r\n  consumer_key\t= key1\r\nconsumer_secret =se/cr+et=  \r\n",
  ])
  func `a file of two lines holds the keys`(_ text: String) throws {
    #expect(try KeyFile.parse(text) == Self.keys)
  }

  @Test(arguments: [
    ("", "the key file lacks consumer_key or consumer_secret"),
    ("consumer_key = a\n", "the key file lacks consumer_key or consumer_secret"),
    ("# x\nMARKER\n", "line 2 of the key file: it is not of the form name = value"),
    (
      "api_key = MARKER\n",
      "line 1 of the key file: its name is not consumer_key, consumer_secret, client_id or client_secret"
    ),
    (
      "consumer_key = MARKER\nconsumer_key = MARKER\n",
      "line 2 of the key file: consumer_key stands there twice"
    ),
    (
      "consumer_key = MAR KER\n",
      "line 1 of the key file: the value must be 1 to 256 visible ASCII characters"
    ),
    (
      "consumer_key =\n",
      "line 1 of the key file: the value must be 1 to 256 visible ASCII characters"
    ),
    (
      "consumer_key = MARKERé\n",
      "line 1 of the key file: the value must be 1 to 256 visible ASCII characters"
    ),
  ])
  func `an error names the line and not what stands in it`(_ text: String, _ message: String)
    throws
  {
    let failure = #expect(throws: Failure.self) { try KeyFile.parse(text) }
    #expect(failure?.message == message)
    #expect(failure?.status == .malformedInput)
  }

  @Test(arguments: [
    ("client_id = a\nclient_secret = b\n", KeyPair(key: "a", secret: "b")),
    ("client_id = a\n", KeyPair(key: "a", secret: "")),
    ("consumer_key = x\nconsumer_secret = y\nclient_id = a\n", KeyPair(key: "a", secret: "")),
  ])
  func `a file can hold the client of OAuth 2_0`(_ text: String, _ client: KeyPair) throws {
    #expect(try KeyFile.parseClient(text) == client)
  }

  @Test func `a file without a client id is none for OAuth 2_0`() {
    #expect(throws: Failure.self) {
      try KeyFile.parseClient("consumer_key = x\nconsumer_secret = y\n")
    }
  }

  @Test func `keys do not show themselves`() {
    #expect("\(Self.keys)" == "KeyPair(***)")
  }
}
