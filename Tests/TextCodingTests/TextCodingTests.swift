import Testing
import TextCoding

/// RFC 4648 section 10.
private let vectors = [
  ("", "", ""), ("f", "Zg==", "66"), ("fo", "Zm8=", "666f"), ("foo", "Zm9v", "666f6f"),
  ("foob", "Zm9vYg==", "666f6f62"), ("fooba", "Zm9vYmE=", "666f6f6261"),
  ("foobar", "Zm9vYmFy", "666f6f626172"),
]

@Test(arguments: vectors)
func `the vectors of RFC 4648 hold both ways`(_ text: String, _ base64: String, _ hex: String) {
  let bytes = Array(text.utf8)
  #expect(Base64.encode(bytes) == Array(base64.utf8))
  #expect(Base64.decode(base64.utf8.span) == bytes)
  let unpadded = Array(base64.utf8.filter { $0 != UInt8(ascii: "=") })
  #expect(Base64.encode(bytes, padded: false) == unpadded)
  #expect(Base64.decode(unpadded.span) == bytes)
  #expect(Hex.encode(bytes) == hex)
  #expect(Hex.decode(hex.utf8) == bytes)
  #expect(Hex.decode(hex.uppercased().utf8) == bytes)
}

@Test func `every byte survives`() {
  let bytes = Array(UInt8.min...UInt8.max)
  #expect(Base64.decode(Base64.encode(bytes).span) == bytes)
  #expect(Hex.decode(Hex.encode(bytes).utf8) == bytes)
}

@Test(arguments: ["A", "AAAAA", "=", "A===", "AA=", "AA=A", "A A=", "AA-_", "Zg==\n"])
func `what is not Base64 is refused`(_ text: String) {
  #expect(Base64.decode(text.utf8.span) == nil)
}

@Test(arguments: ["6", "6g", "0x66", " 66", "é"])
func `what is not hexadecimal is refused`(_ text: String) {
  #expect(Hex.decode(text.utf8) == nil)
}
