internal import CLinux
internal import Glibc

/// Turns the name of a host into addresses, as the system is configured to.
public enum Resolver {
  /// Why a name has no address.
  public struct Failure: Error, Hashable, Sendable {
    /// What the system says, such as `Name or service not known`.
    public let reason: String
  }

  /// All addresses of `host`, best first.
  ///
  /// Blocks for as long as the name servers take: never call it on an event loop. Wraps
  /// `getaddrinfo`.
  public static func addresses(
    of host: String, port: UInt16
  ) throws(Failure) -> [SocketAddress] {
    if let numeric = SocketAddress(host: host, port: port) { return [numeric] }
    guard !host.utf8.contains(0) else { throw Failure(reason: "the name holds a NUL") }
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let result = unsafe getaddrinfo(host, nil, &hints, &list)
    guard result == 0 else { throw Failure(reason: unsafe String(cString: gai_strerror(result))) }
    defer { unsafe freeaddrinfo(list) }
    var found: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
      if let address = unsafe address(entry) { found.append(address.with(port: port)) }
      unsafe next = entry.ai_next
    }
    return found
  }

  private static func address(_ entry: addrinfo) -> SocketAddress? {
    guard let form = unsafe entry.ai_addr,
      Int(unsafe entry.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size
    else { return nil }
    var storage = sockaddr_storage()
    unsafe withUnsafeMutableBytes(of: &storage) { room in
      unsafe room.copyMemory(
        from: UnsafeRawBufferPointer(start: form, count: Int(entry.ai_addrlen)))
    }
    return SocketAddress(storage)
  }
}
