import OpenSSL
import Testing

struct AESGCMTests {
  struct Vector: Sendable {
    let key: String
    let nonce: String
    let plaintext: String
    let associatedData: String
    let ciphertext: String
    let tag: String
  }

  /// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: the AES-256 cases with
  /// 96-bit nonces, 13 to 16.
  static let vectors = [
    Vector(
      key: "0000000000000000000000000000000000000000000000000000000000000000",
      nonce: "000000000000000000000000", plaintext: "", associatedData: "", ciphertext: "",
      tag: "530f8afbc74536b9a963b4f1c4cb738b"),
    Vector(
      key: "0000000000000000000000000000000000000000000000000000000000000000",
      nonce: "000000000000000000000000", plaintext: "00000000000000000000000000000000",
      associatedData: "", ciphertext: "cea7403d4d606b6e074ec5d3baf39d18",
      tag: "d0d1c8a799996bf0265b98b5d48ab919"),
    Vector(
      key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      nonce: "cafebabefacedbaddecaf888",
      plaintext: """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255
        """,
      associatedData: "",
      ciphertext: """
        522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
        8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad
        """,
      tag: "b094dac5d93471bdec1a502270e3cc6c"),
    Vector(
      key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
      nonce: "cafebabefacedbaddecaf888",
      plaintext: """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
        1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39
        """,
      associatedData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
      ciphertext: """
        522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
        8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662
        """,
      tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
  ]

  /// NIST CAVP, gcmEncryptExtIV256.rsp: the first case of its groups with 128-bit tags and 96-bit
  /// nonces, without and with plaintext and associated data.
  static let cavp = [
    Vector(
      key: "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
      nonce: "516c33929df5a3284ff463d7", plaintext: "", associatedData: "", ciphertext: "",
      tag: "bdc1ac884d332457a1d2664f168c76f0"),
    Vector(
      key: "78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
      nonce: "d79cf22d504cc793c3fb6c8a", plaintext: "",
      associatedData: "b96baa8c1c75a671bfb2d08d06be5f36", ciphertext: "",
      tag: "3e5d486aa2e30b22e040b85723a06e76"),
    Vector(
      key: "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
      nonce: "0d18e06c7c725ac9e362e1ce", plaintext: "2db5168e932556f8089a0622981d017d",
      associatedData: "", ciphertext: "fa4362189661d163fcd6a56d8bf0405a",
      tag: "d636ac1bbedd5cc3ee727dc2ab4a9489"),
    Vector(
      key: "92e11dcdaa866f5ce790fd24501f92509aacf4cb8b1339d50c9c1240935dd08b",
      nonce: "ac93a1a6145299bde902f21a", plaintext: "2d71bcfa914e4ac045b2aa60955fad24",
      associatedData: "1e0889016f67601c8ebea4943bc23ad6",
      ciphertext: "8995ae2e6df3dbf96fac7b7137bae67f", tag: "eca5aa77d51d4a0a14d9c51e1da474ab"),
  ]

  static let key = SecretBytes(copying: bytes(7, 32).span)

  @Test(arguments: vectors + cavp)
  func `T122: AES-256-GCM seals and opens the published cases`(_ vector: Vector) throws {
    var cipher = try AESGCM(key: SecretBytes(copying: hex(vector.key).span))
    let nonce = try #require(AESGCM.Nonce(hex(vector.nonce)))
    let associatedData = hex(vector.associatedData)
    var sealed: [UInt8] = [0xee]
    try cipher.seal(
      hex(vector.plaintext).span, nonce: nonce, authenticating: associatedData.span,
      appendingTo: &sealed)
    #expect(sealed == [0xee] + hex(vector.ciphertext) + hex(vector.tag))
    let opened = try cipher.open(
      sealed.span.extracting(1...), nonce: nonce, authenticating: associatedData.span)
    #expect(opened == hex(vector.plaintext))
  }

  @Test func `T122: every flipped bit is refused, of the tag too, and the key stays usable`() throws
  {
    var cipher = try AESGCM(key: Self.key)
    let nonce = AESGCM.Nonce(counter: 1)
    let data = Array("place".utf8)
    var sealed: [UInt8] = []
    try cipher.seal(
      bytes(0x42, 40).span, nonce: nonce, authenticating: data.span, appendingTo: &sealed)
    for bit in 0..<sealed.count * 8 {
      var changed = sealed
      changed[bit / 8] ^= 1 << (bit % 8)
      expectRefused(&cipher, changed, nonce, data)
    }
    for bit in 0..<data.count * 8 {
      var changed = data
      changed[bit / 8] ^= 1 << (bit % 8)
      expectRefused(&cipher, sealed, nonce, changed)
    }
    expectRefused(&cipher, sealed, AESGCM.Nonce(counter: 2), data)
    let opened = try cipher.open(sealed.span, nonce: nonce, authenticating: data.span)
    #expect(opened == bytes(0x42, 40))
  }

  @Test func `T122: a tag cut short at any byte is refused`() throws {
    var cipher = try AESGCM(key: Self.key)
    var sealed: [UInt8] = []
    let nonce = AESGCM.Nonce(counter: 1)
    try cipher.seal(
      bytes(0x42, 5).span, nonce: nonce, authenticating: [UInt8]().span, appendingTo: &sealed)
    for length in 0..<sealed.count {
      expectRefused(&cipher, Array(sealed.prefix(length)), nonce, [])
    }
  }

  @Test func `T121: a key that has sealed 2^32 messages seals no more, and still opens`() throws {
    var cipher = try AESGCM(key: Self.key, afterSealing: AESGCM.mostMessages - 1)
    let nonce = AESGCM.Nonce(counter: AESGCM.mostMessages)
    var sealed: [UInt8] = []
    try cipher.seal(
      bytes(0x42, 5).span, nonce: nonce, authenticating: [UInt8]().span, appendingTo: &sealed)
    let kept = sealed
    do {
      try cipher.seal(
        bytes(0x42, 5).span, nonce: AESGCM.Nonce(counter: 1), authenticating: [UInt8]().span,
        appendingTo: &sealed)
      Issue.record("sealed once too often")
    } catch { #expect(error == .keyExhausted && sealed == kept) }
    let opened = try cipher.open(
      sealed.span, nonce: nonce, authenticating: [UInt8]().span)
    #expect(opened == bytes(0x42, 5))
  }

  @Test(arguments: [0, 16, 24, 31, 33])
  func `a key of another length is refused`(_ length: Int) {
    #expect(throws: CryptoError.invalidLength("AES-256 key")) {
      _ = try AESGCM(key: SecretBytes(copying: bytes(1, length).span))
    }
  }

  @Test func `a nonce is 12 bytes, and counters give different ones`() {
    #expect(AESGCM.Nonce(bytes(0, 11)) == nil)
    #expect(AESGCM.Nonce(bytes(0, 13)) == nil)
    #expect(AESGCM.Nonce(counter: 0x0102) == AESGCM.Nonce(bytes(0, 10) + [1, 2]))
    #expect(AESGCM.Nonce(counter: .max) == AESGCM.Nonce(bytes(0, 4) + bytes(0xff, 8)))
  }

  private func expectRefused(
    _ cipher: inout AESGCM, _ sealed: [UInt8], _ nonce: AESGCM.Nonce, _ data: [UInt8]
  ) {
    do {
      _ = try cipher.open(sealed.span, nonce: nonce, authenticating: data.span)
      Issue.record("opened what was never sealed")
    } catch { #expect(error == .authenticationFailed) }
  }
}
