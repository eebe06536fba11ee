internal import Foundation

/// Where linkd is.
package struct ServerAddress: Hashable, Sendable {
  /// A name or an address; IPv6 without brackets.
  package let host: String
  package let port: UInt16
  /// Whether the connection is encrypted.
  package let tls: Bool

  /// Where linkd listens unless it is told otherwise.
  package static let standard = "http://127.0.0.1:7443"

  private static let standardPorts = ["http": 7443, "https": 443]

  /// Reads `http://HOST:PORT` or `https://HOST:PORT`.
  ///
  /// Plain HTTP is for this machine only: the token would cross the network in clear.
  package init(_ text: String) throws(Failure) {
    guard let url = URLComponents(string: text), url.user == nil, url.password == nil,
      ["", "/"].contains(url.path), url.query == nil, url.fragment == nil,
      let host = url.host, !host.isEmpty, let scheme = url.scheme?.lowercased(),
      let standardPort = Self.standardPorts[scheme],
      let port = UInt16(exactly: url.port ?? standardPort), port > 0
    else {
      throw Failure(
        .usage, "the server must be http://HOST:PORT or https://HOST:PORT",
        hint: "for instance --server \(Self.standard)")
    }
    self.host = host.trimmingCharacters(in: ["[", "]"])
    self.port = port
    self.tls = scheme == "https"
    guard tls || isLoopback else {
      throw Failure(
        .usage, "http:// would send the token in clear to another machine",
        hint: "use https://, with --ca-file if its certificate is your own")
    }
  }

  private var isLoopback: Bool {
    host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.isIPv4)
  }
}

extension String {
  private static var ipv4Parts: Int { 4 }

  fileprivate var isIPv4: Bool {
    let parts = split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == Self.ipv4Parts && parts.allSatisfy { UInt8($0) != nil }
  }
}

extension ServerAddress: CustomStringConvertible {
  /// The address as a URL.
  package var description: String {
    let host = host.contains(":") ? "[\(host)]" : host
    return "\(tls ? "https" : "http")://\(host):\(port)"
  }
}
