internal import CLinux
internal import Glibc

/// Where a socket is or goes: an IP address with a port, or a path in the file system.
public enum SocketAddress: Hashable, Sendable {
  /// Four numbers, as `127.0.0.1`.
  case ipv4(host: String, port: UInt16)
  /// Without brackets, as `::1`.
  case ipv6(host: String, port: UInt16)
  /// A socket of this machine.
  case unix(path: String)

  /// An address given as a number; nil if `host` is a name or nothing at all.
  public init?(host: String, port: UInt16) {
    var v4 = in_addr()
    var v6 = in6_addr()
    // What follows a NUL would not be looked at.
    guard !host.utf8.contains(0) else { return nil }
    if unsafe inet_pton(AF_INET, host, &v4) == 1 {
      self = .ipv4(host: host, port: port)
    } else if unsafe inet_pton(AF_INET6, host, &v6) == 1 {
      self = .ipv6(host: host, port: port)
    } else {
      return nil
    }
  }

  /// The port; nil for a path.
  public var port: UInt16? {
    switch self {
    case .ipv4(_, let port), .ipv6(_, let port): port
    case .unix: nil
    }
  }

  /// The number of the machine; nil for a path.
  public var host: String? {
    switch self {
    case .ipv4(let host, _), .ipv6(let host, _): host
    case .unix: nil
    }
  }

  /// Whether only this machine can reach the address.
  public var isLocal: Bool {
    switch self {
    case .ipv4(let host, _): host.hasPrefix("127.")
    case .ipv6(let host, _): host == "::1"
    case .unix: true
    }
  }

  /// The same host with another port; a path stays as it is.
  public func with(port: UInt16) -> SocketAddress {
    switch self {
    case .ipv4(let host, _): .ipv4(host: host, port: port)
    case .ipv6(let host, _): .ipv6(host: host, port: port)
    case .unix: self
    }
  }

  var family: CInt {
    switch self {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  /// As it is written in a configuration: `127.0.0.1:80`, `[::1]:80`, `unix:/run/x`.
  public var description: String {
    switch self {
    case .ipv4(let host, let port): "\(host):\(port)"
    case .ipv6(let host, let port): "[\(host)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

// MARK: - What the kernel calls it

extension SocketAddress {
  /// Shows the address in the kernel's form for the length of one call.
  @discardableResult
  func withKernelForm<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    switch self {
    case .ipv4(let host, let port):
      var form = sockaddr_in()
      form.sin_family = sa_family_t(AF_INET)
      form.sin_port = port.bigEndian
      let isGood = unsafe inet_pton(AF_INET, host, &form.sin_addr) == 1
      return unsafe try Self.show(&form, if: isGood, body)
    case .ipv6(let host, let port):
      var form = sockaddr_in6()
      form.sin6_family = sa_family_t(AF_INET6)
      form.sin6_port = port.bigEndian
      let isGood = unsafe inet_pton(AF_INET6, host, &form.sin6_addr) == 1
      return unsafe try Self.show(&form, if: isGood, body)
    case .unix(let path):
      var form = sockaddr_un()
      form.sun_family = sa_family_t(AF_UNIX)
      let isGood = Self.copy(path, into: &form)
      return unsafe try Self.show(&form, if: isGood, body)
    }
  }

  private static func show<Form, Result>(
    _ form: inout Form, if isGood: Bool,
    _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    guard isGood else { throw SystemError(errno: EINVAL, call: "inet_pton") }
    let length = socklen_t(MemoryLayout<Form>.size)
    return try unsafe withUnsafePointer(to: &form) { pointer throws(SystemError) in
      let general = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
      return try unsafe body(general, length)
    }
  }

  /// Writes the path with its NUL; false if there is no room or the path holds one.
  private static func copy(_ path: String, into form: inout sockaddr_un) -> Bool {
    let bytes = Array(path.utf8)
    return unsafe withUnsafeMutableBytes(of: &form.sun_path) { room in
      guard !bytes.isEmpty, bytes.count < room.count, !bytes.contains(0) else { return false }
      unsafe room.copyBytes(from: bytes)
      return true
    }
  }

  /// The address that a call has written into `storage`.
  init(_ storage: sockaddr_storage) {
    var storage = storage
    switch CInt(storage.ss_family) {
    case AF_INET: self = unsafe withUnsafeBytes(of: &storage) { unsafe Self.ipv4($0) }
    case AF_INET6: self = unsafe withUnsafeBytes(of: &storage) { unsafe Self.ipv6($0) }
    default: self = .unix(path: "")
    }
  }

  private static func ipv4(_ bytes: UnsafeRawBufferPointer) -> SocketAddress {
    var form = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
    let host = unsafe text(AF_INET, &form.sin_addr)
    return .ipv4(host: host, port: UInt16(bigEndian: form.sin_port))
  }

  private static func ipv6(_ bytes: UnsafeRawBufferPointer) -> SocketAddress {
    var form = unsafe bytes.loadUnaligned(as: sockaddr_in6.self)
    let host = unsafe text(AF_INET6, &form.sin6_addr)
    return .ipv6(host: host, port: UInt16(bigEndian: form.sin6_port))
  }

  private static func text(_ family: CInt, _ address: UnsafeRawPointer) -> String {
    let capacity = Int(INET6_ADDRSTRLEN)
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { room in
      let result = unsafe inet_ntop(family, address, room.baseAddress, socklen_t(capacity))
      return unsafe result.map { unsafe String(cString: $0) } ?? "?"
    }
  }
}
