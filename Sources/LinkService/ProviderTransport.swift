public import OAuth

/// Carries requests to a provider and answers back: HTTP, seen from the service.
///
/// Must verify the provider's TLS certificate, follow no redirect, send to no other host than the
/// one of the request and limit the answer's size.
public protocol ProviderTransport: Sendable {
  /// Sends a request as it is and returns the whole answer, whatever its status.
  ///
  /// Throws within about `timeout` if there is none.
  func send(
    _ request: PreparedRequest, timeout: Duration
  ) async throws(ProviderTransportError) -> ProviderAnswer
}

/// Why a provider gave no answer.
public struct ProviderTransportError: Error, Sendable {
  /// Whether the provider may have read the request and acted on it.
  public let mayHaveArrived: Bool
  /// What went wrong, for a person: no secrets.
  public let message: String

  /// No answer, for this reason.
  public init(mayHaveArrived: Bool, message: String) {
    self.mayHaveArrived = mayHaveArrived
    self.message = message
  }
}
