import OAuth
import Testing

/// A request whose signature somebody else has published.
struct SignatureVector: Sendable, CustomTestStringConvertible {
  var name: String
  var method = "POST"
  var url: String
  var form: [Parameter] = []
  var consumer: (key: String, secret: String)
  var token: (key: String, secret: String)?
  var nonce: String
  var timestamp: Int64
  /// Parameters of the header beyond the usual ones.
  var header: [Parameter] = []
  var signature: String

  var testDescription: String { name }

  /// The header that our signer writes for it.
  func signed() throws -> AuthorizationHeader {
    let signer = Signer(
      client: Credentials(identifier: consumer.key, secret: Secret(consumer.secret)),
      token: token.map { Credentials(identifier: $0.key, secret: Secret($0.secret)) })
    return try signer.authorization(
      for: SignableRequest(method: method, url: url, body: form.isEmpty ? .none : .form(form)),
      adding: header, stamp: Stamp(nonce: try Nonce(nonce), timestamp: timestamp))
  }

  /// The same request as a provider receives it, with the published signature.
  ///
  /// Some of the published requests have no `oauth_version`; it is left out where `version` is
  /// false.
  func received(version: Bool) throws -> ReceivedRequest {
    var parameters = [
      Parameter("oauth_consumer_key", consumer.key),
      Parameter("oauth_signature_method", "HMAC-SHA1"),
      Parameter("oauth_timestamp", "\(timestamp)"), Parameter("oauth_nonce", nonce),
      Parameter("oauth_signature", signature),
    ]
    if version { parameters.append(Parameter("oauth_version", "1.0")) }
    if let token { parameters.append(Parameter("oauth_token", token.key)) }
    return try ReceivedRequest(
      method: method, url: url,
      authorization: AuthorizationHeader(realm: "Photos", parameters: parameters + header).value,
      contentType: "application/x-www-form-urlencoded", body: Array(Form.encode(form).utf8))
  }

  func isGenuine(version: Bool) throws -> Bool {
    try received(version: version).isSigned(
      clientSecret: Secret(consumer.secret), tokenSecret: token.map { Secret($0.secret) })
  }
}

extension SignatureVector {
  /// X's documentation, with the host that each signature was made for.
  static let ofX: [SignatureVector] = [
    statusUpdate("api.x.com/1.1", "Ls93hJiZbQ3akF3HF3x1Bz8/zU4="),
    statusUpdate("api.twitter.com/1.1", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="),
    statusUpdate("api.twitter.com/1", "tnnArxj06cWHq44gCs1OSKk/jLY="),
    requestToken("api.twitter.com", "F1Li3tvehgcraF8DMJ7OyxO4w9Y="),
    requestToken("api.x.com", "X9xhcB9d+NxXd/ThJ/n51vPhetM="),
    accessToken("api.twitter.com", "39cipBtIOHEEnybAR4sATQTpl2I="),
    accessToken("api.x.com", "G3DdousFWwxEepaZcmHguKqeBvs="),
  ]

  /// What X's pages print beside a host for which it is not right.
  static let stale: [SignatureVector] = [
    statusUpdate("api.x.com/1.1", "tnnArxj06cWHq44gCs1OSKk/jLY="),
    statusUpdate("api.x.com/1.1", "hCtSmYh+iHYCEqBWrE7C7hYmtUk="),
    requestToken("api.x.com", "F1Li3tvehgcraF8DMJ7OyxO4w9Y="),
    accessToken("api.x.com", "39cipBtIOHEEnybAR4sATQTpl2I="),
  ]

  private static func statusUpdate(_ host: String, _ signature: String) -> SignatureVector {
    SignatureVector(
      name: "status update at \(host)",
      url: "https://\(host)/statuses/update.json?include_entities=true",
      form: [Parameter("status", "Hello Ladies + Gentlemen, a signed OAuth request!")],
      consumer: ("xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
      token: (
        "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"
      ),
      nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", timestamp: 1_318_622_958,
      signature: signature)
  }

  private static let signIn = (
    key: "cChZNFj6T5R0TigYB9yd1w", secret: "L8qq9PZyRg6ieKGEKhZolGC0vJWLw8iEJ88DRdyOg"
  )

  private static func requestToken(_ host: String, _ signature: String) -> SignatureVector {
    SignatureVector(
      name: "sign in at \(host), step 1", url: "https://\(host)/oauth/request_token",
      consumer: signIn, nonce: "ea9ec8429b68d6b77cd5600adbbb0456", timestamp: 1_318_467_427,
      header: [Parameter("oauth_callback", "http://localhost/sign-in-with-twitter/")],
      signature: signature)
  }

  private static func accessToken(_ host: String, _ signature: String) -> SignatureVector {
    SignatureVector(
      name: "sign in at \(host), step 3", url: "https://\(host)/oauth/access_token",
      form: [Parameter("oauth_verifier", "uw7NjWHT6OJ1MpJOXsHfNxoAhPKpgI8BlYDhxEjIBY")],
      consumer: signIn,
      token: (
        "NPcudxy0yU5T3tBzho7iCotZ3cnetKwcTIRlX0iwRl0", "veNRnAWe6inFuo8o2u8SLLZLjolYDmDP7SzL0YfYI"
      ),
      nonce: "a9900fe68e2573b27a37f10fbad6a755", timestamp: 1_318_467_427, signature: signature)
  }

  /// RFC 5849 and its predecessor, OAuth Core 1.0.
  ///
  /// None of these has an `oauth_version`.
  static let ofTheSpecification: [SignatureVector] = [
    SignatureVector(
      name: "RFC 5849 section 1.2, initiate", url: "https://photos.example.net/initiate",
      consumer: photos, nonce: "wIjqoS", timestamp: 137_131_200,
      header: [Parameter("oauth_callback", "http://printer.example.com/ready")],
      signature: "74KNZJeDHnMBp0EMJ9ZHt/XKycU="),
    SignatureVector(
      name: "RFC 5849 section 1.2, token", url: "https://photos.example.net/token",
      consumer: photos, token: ("hh5s93j4hdidpola", "hdhd0244k9j7ao03"), nonce: "walatlh",
      timestamp: 137_131_201, header: [Parameter("oauth_verifier", "hfdp7dh39dks9884")],
      signature: "gKgrFCywp7rO0OXSjdot/IHF7IU="),
    SignatureVector(
      name: "RFC 5849 section 1.2, photos", method: "GET",
      url: "http://photos.example.net/photos?file=vacation.jpg&size=original",
      consumer: photos, token: ("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"), nonce: "chapoH",
      timestamp: 137_131_202, signature: "MdpQcU8iPSUjWoN/UDMsK2sui9I="),
    section3411("r6/TJjbCOr97/+UU0NsvSne7s5g="),
  ]

  /// As the RFC prints it, before erratum 2550.
  static let beforeErratum = section3411("bYT5CMsGcbgUdFHObYMEfcx6bsw=")

  /// OAuth Core 1.0, appendix A.
  ///
  /// This one has an `oauth_version`.
  static let core = SignatureVector(
    name: "OAuth Core 1.0 appendix A", method: "GET",
    url: "http://photos.example.net/photos?file=vacation.jpg&size=original",
    consumer: photos, token: ("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"), nonce: "kllo9940pd9333jh",
    timestamp: 1_191_242_096, signature: "tR3+Ty81lMeYAr/Fid0kMTYa/WM=")

  private static let photos = (key: "dpf43f3p2l4k3l03", secret: "kd94hf93k423kf44")

  private static func section3411(_ signature: String) -> SignatureVector {
    SignatureVector(
      name: "RFC 5849 section 3.4.1.1",
      url: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
      form: [Parameter("c2", ""), Parameter("a3", "2 q")],
      consumer: ("9djdj82h48djs9d2", "j49sk3j29djd"), token: ("kkk9d7dh3k39sjv7", "dh893hdasih9"),
      nonce: "7d8f3e4a", timestamp: 137_131_201, signature: signature)
  }
}
