internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Linux
internal import Logging

/// Answers `GET /metrics` over HTTP/1.1, beside the event loops: also while they have too much to do.
struct MetricsServer: Sendable {
  /// How long anybody is waited for.
  private static let patience = 5.0

  /// Where it listens, with the port that the kernel chose.
  let address: ListenAddress
  private let http: HTTPServer
  private let serving: Task<Void, Never>

  /// Listens on an address of this machine.
  static func start(
    on address: ListenAddress, _ metrics: Metrics, _ logger: Logger
  ) async throws(Failure) -> MetricsServer {
    let http = try server(on: address, Handler(metrics: metrics))
    let serving = Task {
      do { try await http.run() } catch is CancellationError {} catch {
        logger.error("metrics are not served any more", metadata: ["cause": "\(error)"])
      }
    }
    do { try await http.waitUntilListening(timeout: patience) } catch {
      serving.cancel()
      throw Failure(.inUse, "cannot listen on \(address) for metrics")
    }
    return MetricsServer(
      address: await chosen(address, http), http: http, serving: serving)
  }

  /// Closes the address.
  func stop() async {
    await http.stop(timeout: 0)
    serving.cancel()
    await serving.value
    if case .path(let path) = address { try? Linux.Socket.remove(path: path) }
  }

  private static func server(
    on address: ListenAddress, _ handler: Handler
  ) throws(Failure) -> HTTPServer {
    func make(_ socket: some FlyingSocks.SocketAddress) -> HTTPServer {
      HTTPServer(address: socket, timeout: patience, logger: .disabled, handler: handler)
    }
    do {
      switch address {
      case .path(let path):
        try Linux.Socket.removeStale(path: path)
        return make(.unix(path: path))
      case .network(let host, let port) where host.contains(":"):
        return make(try .inet6(ip6: host, port: port))
      case .network(let host, let port): return make(try .inet(ip4: host, port: port))
      case .handedOver: throw Failure.metricsReachable("\(address)")
      }
    } catch let error as Failure { throw error } catch {
      throw Failure(.inUse, "cannot listen on \(address) for metrics: \(error)")
    }
  }

  private static func chosen(_ address: ListenAddress, _ http: HTTPServer) async -> ListenAddress {
    switch await http.listeningAddress {
    case .ip4(let host, let port)?, .ip6(let host, let port)?: .network(host: host, port: port)
    default: address
    }
  }

  /// Gives the numbers, and nothing else.
  private struct Handler: HTTPHandler {
    let metrics: Metrics

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
      guard request.path == "/metrics" else { return HTTPResponse(statusCode: .notFound) }
      guard request.method == .GET else {
        return HTTPResponse(
          statusCode: .methodNotAllowed, headers: [HTTPHeader("Allow"): "GET"], body: Data())
      }
      return HTTPResponse(
        statusCode: .ok, headers: [.contentType: MetricsText.contentType],
        body: Data(metrics.text.utf8))
    }
  }
}
