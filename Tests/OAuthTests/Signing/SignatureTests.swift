import OAuth
import Testing

@Suite("Signatures (T104)")
struct SignatureTests {
  @Test(arguments: SignatureVector.ofX + [SignatureVector.core])
  func `published signatures are what the signer writes`(_ vector: SignatureVector) throws {
    let header = try vector.signed()
    #expect(header.parameters.contains(Parameter("oauth_signature", vector.signature)))
    #expect(try vector.isGenuine(version: true))
  }

  @Test(arguments: SignatureVector.ofTheSpecification)
  func `published signatures without a version verify`(_ vector: SignatureVector) throws {
    #expect(try vector.isGenuine(version: false))
  }

  @Test(arguments: SignatureVector.stale)
  func `signatures that X prints beside the wrong host do not verify`(
    _ vector: SignatureVector
  ) throws {
    #expect(try !vector.isGenuine(version: true))
  }

  @Test func `the signature that RFC 5849 prints without its erratum does not verify`() throws {
    #expect(try !SignatureVector.beforeErratum.isGenuine(version: false))
  }

  @Test func `the base string of RFC 5849 section 3-4-1-1 comes out to the letter`() throws {
    let parameters = [
      Parameter("oauth_consumer_key", "9djdj82h48djs9d2"),
      Parameter("oauth_token", "kkk9d7dh3k39sjv7"),
      Parameter("oauth_signature_method", "HMAC-SHA1"),
      Parameter("oauth_timestamp", "137131201"), Parameter("oauth_nonce", "7d8f3e4a"),
    ]
    let baseString = try BaseString.make(
      method: "post", url: "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b#top",
      parameters: parameters + Form.decode(Array("c2&a3=2+q".utf8)))
    #expect(
      baseString == """
        POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q\
        %26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_\
        key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_m\
        ethod%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk\
        9d7dh3k39sjv7
        """)
  }

  @Test func `one changed bit anywhere in the signature does not verify`() throws {
    let vector = SignatureVector.core
    for position in vector.signature.utf8.indices {
      var bytes = Array(vector.signature.utf8)
      bytes[vector.signature.utf8.distance(from: vector.signature.startIndex, to: position)] ^= 1
      var changed = vector
      changed.signature = String(decoding: bytes, as: UTF8.self)
      #expect(try !changed.isGenuine(version: true))
    }
    for shorter in 0..<vector.signature.count where shorter > 0 {
      var cut = vector
      cut.signature = String(vector.signature.prefix(shorter))
      #expect(try !cut.isGenuine(version: true))
    }
  }
}
