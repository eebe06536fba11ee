import OpenSSL
import Testing

struct RandomTests {
  @Test func `bytes come in the number asked for and do not repeat`() throws {
    #expect(try Random.bytes(0).isEmpty)
    let drawn = try (0..<100).map { _ in try Random.bytes(16) }
    #expect(drawn.allSatisfy { $0.count == 16 })
    #expect(Set(drawn).count == 100)
    #expect(try Random.secret(32) != Random.secret(32))
  }

  @Test func `a generator that fails gives an error and no bytes`() {
    #expect(throws: CryptoError.randomUnavailable) { try Random.bytes(16) { _ in false } }
  }
}
