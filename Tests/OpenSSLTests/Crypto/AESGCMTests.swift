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

  static let key = SecretBytes(copying: bytes(7, 32).span)

  @Test(arguments: vectors)
  func `AES-256-GCM seals and opens the published cases`(_ vector: Vector) throws {
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

  @Test func `every flipped bit of ciphertext and tag is refused, and the key stays usable`() throws
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

  @Test func `a tag cut short at any byte is refused`() throws {
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
