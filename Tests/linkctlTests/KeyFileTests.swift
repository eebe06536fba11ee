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
      "line 1 of the key file: its name is neither consumer_key nor consumer_secret"
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

  @Test func `keys do not show themselves`() {
    #expect("\(Self.keys)" == "KeyPair(***)")
  }
}
