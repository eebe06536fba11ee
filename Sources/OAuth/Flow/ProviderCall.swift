import TextCoding

/// A question to a provider: how to ask it, and how to read the answer.
///
/// Holds no connection. `request` may be made again with another stamp, if the provider did not
/// like the first one's time.
public struct ProviderCall<Value: Sendable>: Sendable {
  /// Who says that the request is allowed.
  enum Authorization: Sendable {
    case none
    case signature(Signer, adding: [Parameter])
    case basic(Credentials)
    case bearer(Secret)
  }

  let target: SignableRequest
  let authorization: Authorization
  let failures: FailureTable
  let read: @Sendable (ProviderAnswer) throws(MalformedAnswer) -> Value

  /// The request to send.
  ///
  /// Throws if an address of the provider's description cannot be signed.
  public func request(stamp: Stamp) throws(OAuthError) -> PreparedRequest {
    switch authorization {
    case .none:
      return PreparedRequest(target, authorization: nil)
    case .signature(let signer, let additional):
      let header = try signer.authorization(for: target, adding: additional, stamp: stamp)
      return PreparedRequest(target, authorization: header.value)
    case .basic(let client):
      return PreparedRequest(target, authorization: BasicAuthorization.value(client))
    case .bearer(let token):
      return PreparedRequest(target, authorization: "Bearer \(token.text)")
    }
  }

  /// What the answer says, or why it does not.
  ///
  /// `localTime`, in seconds since 1970, is when the answer came; the provider's clock is compared
  /// with it.
  public func value(
    of answer: ProviderAnswer, at localTime: Int64
  ) throws(ProviderFailure) -> Value {
    // X: any status but 200 is a failure.
    guard answer.status == 200 else {
      throw ProviderFailure(answer, table: failures, localTime: localTime)
    }
    do throws(MalformedAnswer) {
      guard answer.body.count <= Limits.answer else {
        throw MalformedAnswer("the answer has more than \(Limits.answer) bytes")
      }
      return try read(answer)
    } catch {
      throw ProviderFailure(malformed: error, answer, localTime: localTime)
    }
  }
}

extension ProviderCall: Redacted {
  /// What is asked.
  public var description: String { "\(target)" }
}

/// HTTP Basic (RFC 7617) with both halves percent-encoded first, as RFC 6749 section 2.3.1 and X
/// want it.
enum BasicAuthorization {
  static func value(_ client: Credentials) -> String {
    let pair =
      PercentEncoding.encode(utf8: client.identifier.utf8) + [UInt8(ascii: ":")]
      + client.secret.percentEncoded()
    return "Basic " + String(decoding: Base64.encode(pair), as: UTF8.self)
  }
}
