/// Where linkd listens.
package enum ListenAddress: Hashable, Sendable {
  /// An IPv4 address, or an IPv6 address without brackets, and a port; 0 lets the system choose.
  case network(host: String, port: UInt16)
  /// A Unix socket at this path.
  case path(String)
  /// The sockets that whoever started linkd has opened for it.
  case handedOver

  /// The word for the sockets that are handed over.
  private static let handedOverName = "systemd"
  private static let pathPrefix = "unix:"

  /// Reads `127.0.0.1:7443`, `[::1]:7443`, `unix:/run/linkd.sock` or `systemd`.
  package init?(_ text: String) {
    if text == Self.handedOverName {
      self = .handedOver
    } else if text.hasPrefix(Self.pathPrefix) {
      let path = String(text.dropFirst(Self.pathPrefix.count))
      // What the kernel has room for.
      guard (1..<108).contains(path.utf8.count), !path.utf8.contains(0) else { return nil }
      self = .path(path)
    } else {
      guard let (host, port) = Self.parse(text) else { return nil }
      self = .network(host: host, port: port)
    }
  }

  private static func parse(_ text: String) -> (host: String, port: UInt16)? {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    let host = text[..<colon]
    if host.first == "[", host.last == "]" {
      let inner = String(host.dropFirst().dropLast())
      return inner.contains(":") ? (inner, port) : nil
    }
    return host.isEmpty || host.contains(":") ? nil : (String(host), port)
  }

  /// A port of this machine alone.
  package init(loopbackPort port: UInt16) {
    self = .network(host: "127.0.0.1", port: port)
  }

  /// Whether only this machine can reach it; of sockets that are handed over, nobody knows yet.
  package var isLoopback: Bool {
    switch self {
    case .path: return true
    case .handedOver: return false
    case .network(let host, _):
      if host == "::1" { return true }
      let parts = host.split(separator: ".", omittingEmptySubsequences: false)
      return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
  }
}

extension ListenAddress: CustomStringConvertible {
  /// The address as it is read.
  package var description: String {
    switch self {
    case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .path(let path): Self.pathPrefix + path
    case .handedOver: Self.handedOverName
    }
  }
}
