import OpenSSL
import Testing

struct SecretBytesTests {
  @Test func `no way of printing shows the bytes`() {
    struct Holder { let token: SecretBytes }
    let secret = SecretBytes(utf8: "hunter2")
    var dumped = ""
    dump(Holder(token: secret), to: &dumped)
    dump(secret, to: &dumped)
    let printed = [
      "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])",
      "\(Optional(secret) as Any)", "\(Holder(token: secret))", dumped,
    ]
    for text in printed {
      #expect(text.contains("***"))
      #expect(!text.contains("hunter2"))
      // The bytes of "hunter2" as an array would print them.
      #expect(!text.contains("104"))
    }
    #expect(Mirror(reflecting: secret).children.isEmpty)
  }

  @Test func `what went in is lent out`() {
    let secret = SecretBytes(utf8: "hunter2")
    #expect(secret.count == 7)
    #expect(secret.withBytes { constantTimeEquals($0, Array("hunter2".utf8).span) })
  }

  @Test func `an array that was handed over is empty`() {
    var bytes: [UInt8] = [1, 2, 3]
    let secret = SecretBytes(cleansing: &bytes)
    #expect(bytes.isEmpty)
    #expect(secret == SecretBytes(copying: [1, 2, 3].span))
  }

  @Test func `cleansing leaves zeros`() {
    var bytes: [UInt8] = [1, 2, 3]
    cleanse(&bytes)
    #expect(bytes == [0, 0, 0])
  }

  @Test(
    arguments: [
      ([], [], true), ([1], [1], true), ([1], [2], false), ([1], [1, 2], false), ([], [1], false),
    ] as [([UInt8], [UInt8], Bool)])
  func `constant-time comparison is equality`(_ left: [UInt8], _ right: [UInt8], _ equal: Bool) {
    #expect(constantTimeEquals(left, right) == equal)
    let secrets = (SecretBytes(copying: left.span), SecretBytes(copying: right.span))
    #expect((secrets.0 == secrets.1) == equal)
  }
}
