public import Linux

/// Where a server is, as gRPC writes it (`naming.md`).
public enum ServerName: Sendable, Hashable {
  /// A host that the system's resolver knows, asked again when its addresses no longer answer.
  case host(String, port: UInt16)
  /// Addresses that stay as they are.
  case addresses([SocketAddress])

  /// Why a text names no server.
  public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was to be read.
    public let text: String
    /// What is wrong.
    public var description: String {
      """
      "\(text)" is not the name of a server: HOST:PORT, dns:///HOST:PORT, ipv4:ADDRESS:PORT,…, \
      ipv6:[ADDRESS]:PORT,… or unix:PATH
      """
    }
  }

  /// Reads `dns:///host:port`, `dns:host:port`, `ipv4:1.2.3.4:80,…`, `ipv6:[::1]:80,…`, `unix:path`,
  /// `unix:///path`, or a host with its port and no scheme.
  ///
  /// A port is never left out: gRPC's default of 443 is right for nobody who uses another scheme than
  /// HTTPS. Other name servers than the system's cannot be named.
  public init(_ text: String) throws(Malformed) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let rest = parts.count == 2 ? String(parts[1]) : ""
    let name: ServerName? =
      switch parts[0] {
      case "dns": Self.host(rest.hasPrefix("///") ? String(rest.dropFirst(3)) : rest)
      case "unix": Self.path(rest.hasPrefix("///") ? String(rest.dropFirst(2)) : rest)
      case "ipv4", "ipv6": Self.list(rest, isIPv6: parts[0] == "ipv6")
      default: Self.host(text)
      }
    guard let name else { throw Malformed(text: text) }
    self = name
  }

  /// What requests name in `:authority` unless they are told otherwise.
  var authority: String {
    switch self {
    case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    // "localhost" is what every gRPC calls the other end of a path.
    case .addresses(let all): all.first.flatMap { $0.port == nil ? nil : "\($0)" } ?? "localhost"
    }
  }

  /// Whose certificate a server must show unless it is told otherwise.
  var certificateName: String {
    switch self {
    case .host(let host, _): host
    case .addresses(let all):
      switch all.first {
      case .ipv4(let host, _)?, .ipv6(let host, _)?: host
      case .unix?, nil: "localhost"
      }
    }
  }

  private static func path(_ path: String) -> ServerName? {
    path.isEmpty || path.utf8.contains(0) ? nil : .addresses([.unix(path: path)])
  }

  private static func list(_ text: String, isIPv6: Bool) -> ServerName? {
    var addresses: [SocketAddress] = []
    for element in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let (host, port) = hostAndPort(String(element)),
        let address = SocketAddress(host: host, port: port), address.isIPv6 == isIPv6
      else { return nil }
      addresses.append(address)
    }
    return .addresses(addresses)
  }

  private static func host(_ text: String) -> ServerName? {
    guard let (host, port) = hostAndPort(text), host.utf8.allSatisfy(\.isInHosts) else {
      return nil
    }
    return .host(host, port: port)
  }

  /// `host:port` or `[v6]:port`.
  private static func hostAndPort(_ text: String) -> (String, UInt16)? {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard let port = UInt16(digits), digits.first?.isNumber == true else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    return host.isEmpty || port == 0 ? nil : (String(host), port)
  }
}

extension SocketAddress {
  fileprivate var isIPv6: Bool {
    if case .ipv6 = self { true } else { false }
  }
}

extension UInt8 {
  /// What is in names and numbers of hosts: nothing that could end a header field or a path.
  fileprivate var isInHosts: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "%"):
      true
    default: false
    }
  }
}
