internal import HTTPClient
internal import LinkService
internal import OAuth

/// Carries the service's requests to X over HTTP.
struct XTransport: ProviderTransport {
  let client: HTTPClient

  func send(
    _ request: PreparedRequest, timeout: Duration
  ) async throws(ProviderTransportError) -> ProviderAnswer {
    let outgoing = HTTPRequest(
      method: request.method, url: request.url,
      headers: request.headers.map { HTTPField($0.name, $0.value) }, body: request.body)
    do {
      let answer = try await client.send(outgoing, timeout: timeout)
      return ProviderAnswer(
        status: answer.status, headers: answer.headers.map { (name: $0.name, value: $0.value) },
        body: answer.body)
    } catch {
      throw ProviderTransportError(
        mayHaveArrived: error.mayHaveBeenSent, message: error.description)
    }
  }
}
