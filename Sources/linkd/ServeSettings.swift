internal import Foundation
internal import LinkService
package import Linux

/// What `linkd serve` was asked for, checked.
package struct ServeSettings: Hashable, Sendable {
  /// More than any machine has processors for.
  private static let mostLoops = 256
  /// A year.
  private static let mostMinutes = 525_600
  /// More than a machine can answer.
  private static let mostCalls = 1_000_000

  package let data: String
  /// What prints the master keys, if they are not in the data directory.
  package var keyCommand: Command?
  package let listen: ListenAddress
  package let tls: ServerIdentity?
  /// Where to tell of itself in numbers, if anywhere.
  package let metrics: ListenAddress?
  /// Whether callers may be on other machines.
  package let mayListenAnywhere: Bool
  /// How old a connection may become.
  package let maximumAge: Duration?
  /// Whose web pages may call.
  package let origins: [String]
  package let loops: Int
  /// How often a tenant may call in a second.
  package let callsPerTenant: Int
  /// Instead of `https://api.x.com`.
  package let xBaseURL: String?
  package let xCAFile: String?

  /// Checks what the options say together.
  package init(
    data: String, listen: ListenAddress, certificate: String?, key: String?,
    clientCA: String? = nil, allowsInsecureListen: Bool, maximumAgeMinutes: Int? = nil,
    origins: [String], loops: Int?, callsPerTenant: Int? = nil, xBaseURL: String?, xCAFile: String?,
    metrics: ListenAddress? = nil
  ) throws(Failure) {
    self.data = data
    self.listen = listen
    tls = try Self.identity(certificate, key, clientCA)
    mayListenAnywhere = tls != nil || allowsInsecureListen
    // Sockets that are handed over are looked at when they are there.
    guard mayListenAnywhere || listen.isLoopback || listen == .handedOver else {
      throw Failure.unencrypted("\(listen)")
    }
    maximumAge = try Self.age(maximumAgeMinutes)
    for origin in origins where !Self.isOrigin(origin) {
      throw Failure(.usage, "--allow-origin must be https://HOST[:PORT] and nothing after it")
    }
    self.origins = origins
    self.loops = try Self.count(loops)
    self.callsPerTenant = try Self.rate(callsPerTenant)
    self.xBaseURL = try xBaseURL.map { url throws(Failure) in try Self.origin(url) }
    self.xCAFile = xCAFile
    if let metrics, !metrics.isLoopback { throw Failure.metricsReachable("\(metrics)") }
    self.metrics = metrics
  }

  private static func identity(
    _ certificate: String?, _ key: String?, _ clientCA: String?
  ) throws(Failure) -> ServerIdentity? {
    switch (certificate, key) {
    case (nil, nil) where clientCA == nil: return nil
    case (let certificate?, let key?):
      return ServerIdentity(certificate: certificate, key: key, clientCA: clientCA)
    case (nil, nil): throw Failure(.usage, "--client-ca needs --tls-cert and --tls-key")
    default: throw Failure(.usage, "--tls-cert and --tls-key go together")
    }
  }

  private static func age(_ minutes: Int?) throws(Failure) -> Duration? {
    guard let minutes else { return nil }
    guard (1...mostMinutes).contains(minutes) else {
      throw Failure(.usage, "--max-connection-age must be 1 to \(mostMinutes) minutes")
    }
    return .seconds(60 * minutes)
  }

  private static func count(_ loops: Int?) throws(Failure) -> Int {
    let count = loops ?? ProcessInfo.processInfo.activeProcessorCount
    guard (1...mostLoops).contains(count) else {
      throw Failure(.usage, "--loops must be 1 to \(mostLoops)")
    }
    return count
  }

  private static func rate(_ calls: Int?) throws(Failure) -> Int {
    guard let calls else { return LinkLimits.callsPerTenant }
    guard (1...mostCalls).contains(calls) else {
      throw Failure(.usage, "--calls-per-tenant must be 1 to \(mostCalls)")
    }
    return calls
  }

  /// Whether a browser would name a page's origin so: in lower case, without a path or the port
  /// that goes without saying.
  private static func isOrigin(_ text: String) -> Bool {
    guard let url = URLComponents(string: text), let scheme = url.scheme, let host = url.host,
      !host.isEmpty, ["http", "https"].contains(scheme), text == text.lowercased()
    else { return false }
    let port = url.port.map { ":\($0)" } ?? ""
    return text == "\(scheme)://\(host)\(port)" && url.port != (scheme == "http" ? 80 : 443)
  }

  /// Takes `https://HOST[:PORT]`, or `http://` of this machine, with nothing after it.
  private static func origin(_ text: String) throws(Failure) -> String {
    let url = URLComponents(string: text)
    let isOrigin =
      ["", "/"].contains(url?.path) && url?.query == nil && url?.fragment == nil
      && url?.user == nil && url?.password == nil
    guard let url, isOrigin, let host = url.host, !host.isEmpty else {
      throw Failure(.usage, "--x-base-url must be https://HOST:PORT and nothing after it")
    }
    let isLocal = ListenAddress("\(host):0")?.isLoopback == true
    guard url.scheme == "https" || (url.scheme == "http" && isLocal) else {
      throw Failure(.usage, "--x-base-url may be http:// only for 127.0.0.1")
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }
}

extension Failure {
  /// Whoever asks for metrics shows neither a token nor a certificate.
  static func metricsReachable(_ address: String) -> Failure {
    Failure(
      .usage, "metrics are for this machine alone, and \(address) is not",
      hint: "give 127.0.0.1:PORT, [::1]:PORT or unix:PATH")
  }

  /// Calls and tokens would go over the network for all to read.
  static func unencrypted(_ address: String) -> Failure {
    Failure(
      .usage, "\(address) can be reached by other machines, and there is no TLS",
      hint: "give --tls-cert and --tls-key, or --insecure-listen if something in front has TLS")
  }
}
