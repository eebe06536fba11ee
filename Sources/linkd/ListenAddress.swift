/// Where linkd listens: an address of this machine, not a name, and a port.
package struct ListenAddress: Hashable, Sendable {
  /// An IPv4 address, or an IPv6 address without brackets.
  package let host: String
  /// The port; 0 lets the system choose.
  package let port: UInt16

  /// Reads `127.0.0.1:7443` or `[::1]:7443`.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    let host = text[..<colon]
    if host.first == "[", host.last == "]" {
      self.host = String(host.dropFirst().dropLast())
      guard self.host.contains(":") else { return nil }
    } else {
      guard !host.isEmpty, !host.contains(":") else { return nil }
      self.host = String(host)
    }
    self.port = port
  }

  /// A port of this machine alone.
  package init(loopbackPort port: UInt16) {
    host = "127.0.0.1"
    self.port = port
  }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool {
    if host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}

extension ListenAddress: CustomStringConvertible {
  /// The address as it is read.
  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
