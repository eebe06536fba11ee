import OpenSSL
import Testing

struct HMACTests {
  struct Vector: Sendable {
    let key: [UInt8]
    let message: [UInt8]
    let code: String

    init(_ key: [UInt8], _ message: [UInt8], _ code: String) {
      (self.key, self.message, self.code) = (key, message, code)
    }

    init(_ key: [UInt8], _ message: String, _ code: String) {
      self.init(key, Array(message.utf8), code)
    }
  }

  /// RFC 2202 section 3, cases 1 to 7.
  static let sha1: [Vector] = [
    Vector(bytes(0x0b, 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
    Vector(
      Array("Jefe".utf8), "what do ya want for nothing?",
      "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
    Vector(bytes(0xaa, 20), bytes(0xdd, 50), "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
    Vector(
      Array(0x01...0x19), bytes(0xcd, 50), "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
    Vector(bytes(0x0c, 20), "Test With Truncation", "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"),
    Vector(
      bytes(0xaa, 80), "Test Using Larger Than Block-Size Key - Hash Key First",
      "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
    Vector(
      bytes(0xaa, 80),
      "Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data",
      "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"),
  ]

  /// RFC 4231 sections 4.2 to 4.8.
  ///
  /// Case 5 publishes the first 128 bits only.
  static let sha256: [Vector] = [
    Vector(
      bytes(0x0b, 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    Vector(
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    Vector(
      bytes(0xaa, 20), bytes(0xdd, 50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    Vector(
      Array(0x01...0x19), bytes(0xcd, 50),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    Vector(bytes(0x0c, 20), "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    Vector(
      bytes(0xaa, 131), "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    Vector(
      bytes(0xaa, 131),
      "This is a test using a larger than block-size key and a larger than block-size data. "
        + "The key needs to be hashed before being used by the HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
  ]

  @Test(arguments: sha1)
  func `T122: HMAC-SHA-1 gives the codes of RFC 2202`(_ vector: Vector) {
    #expect(HMAC.sha1(key: vector.key, message: vector.message) == hex(vector.code))
    let secret = SecretBytes(copying: vector.key.span)
    #expect(HMAC.sha1(key: secret, message: vector.message) == hex(vector.code))
  }

  @Test(arguments: sha256)
  func `T122: HMAC-SHA-256 gives the codes of RFC 4231`(_ vector: Vector) {
    let code = HMAC.sha256(key: vector.key, message: vector.message)
    #expect(code.count == 32)
    #expect(code.starts(with: hex(vector.code)))
  }

  // The values are Python's hmac.new(b"", b"", …).hexdigest().
  @Test func `an empty key and an empty message have a code`() {
    #expect(
      HMAC.sha1(key: [], message: []) == hex("fbdb1d1b18aa6c08324b7d64b71fb76370690e1d"))
    #expect(
      HMAC.sha256(key: [], message: [])
        == hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"))
  }
}
