/// A scheme, a host and perhaps a port: where requests may go.
public struct Origin: Sendable, Hashable, CustomStringConvertible {
  /// As it was written: `https://api.x.com`, `http://127.0.0.1:8480`.
  public let description: String
  /// Whether it names this machine and nothing else.
  let isLoopback: Bool

  /// Takes an origin in its normal spelling.
  ///
  /// Lower case, no path, no user, no default port. Plain http is for this machine only.
  public init(_ text: String) throws(OriginError) {
    let isSecure = text.hasPrefix("https://")
    guard isSecure || text.hasPrefix("http://") else { throw .scheme }
    let authority = text.dropFirst(isSecure ? 8 : 7)
    let host =
      authority.hasPrefix("[")
      ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
    guard authority.hasPrefix(host), Self.isHost(host) else { throw .host }
    try Self.checkPort(authority.dropFirst(host.count), isSecure: isSecure)
    isLoopback = Self.isLoopback(host)
    guard isSecure || isLoopback else { throw .insecure }
    description = text
  }

  /// Path and query if `url` lies in this origin.
  ///
  /// The text of the origin must be followed by the path, so that no other reader can find another
  /// host in the same URL: `https://api.x.com@evil.example` does not begin with an origin.
  func target(of url: String) -> Substring? {
    guard url.utf8.starts(with: description.utf8) else { return nil }
    let target = url.dropFirst(description.count)
    return target.isEmpty || target.hasPrefix("/") || target.hasPrefix("?") ? target : nil
  }

  private static func isHost(_ host: Substring) -> Bool {
    if host.hasPrefix("[") {
      let address = host.dropFirst().dropLast()
      return address.contains(":")
        && address.utf8.allSatisfy { isLowerHex($0) || $0 == UInt8(ascii: ":") }
    }
    // A trailing dot is another spelling of the same host, which certificates do not know.
    return !host.isEmpty && !host.hasPrefix(".") && !host.hasSuffix(".")
      && host.utf8.allSatisfy {
        isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
      }
  }

  private static func checkPort(_ port: Substring, isSecure: Bool) throws(OriginError) {
    if port.isEmpty { return }
    let digits = port.dropFirst()
    guard port.hasPrefix(":"), let number = UInt16(digits), String(number) == digits, number > 0,
      number != (isSecure ? 443 : 80)
    else { throw .port }
  }

  private static func isLoopback(_ host: Substring) -> Bool {
    if host == "localhost" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { UInt8($0).map(String.init) == String($0) }
  }

  private static func isLowerAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
  }

  private static func isLowerHex(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f")
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}

/// What is wrong with the text of an origin.
public enum OriginError: Error, Hashable, Sendable {
  /// It begins with neither `https://` nor `http://`.
  case scheme
  /// The host is empty or not in its normal spelling, or something follows it.
  case host
  /// The port is not a number in its normal spelling, or the default one.
  case port
  /// Plain http to another machine.
  case insecure
}
