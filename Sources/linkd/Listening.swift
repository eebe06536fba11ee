internal import Linux
internal import Net
internal import RPCNet

/// Where linkd listens, found out from what it was asked for and what it was given.
struct Listening {
  /// The sockets that this process was handed over, taken out of its environment when it began.
  static let handedOver = SocketActivation.takeDescriptors()

  let address: SocketAddress
  let inherited: [CInt]

  init(_ settings: ServeSettings) throws(Failure) {
    switch settings.listen {
    case .network(let host, let port):
      guard let address = SocketAddress(host: host, port: port) else {
        throw Failure(
          .usage, "\(settings.listen) is not an address", hint: "give a number, not a name")
      }
      (self.address, inherited) = (address, [])
    case .path(let path): (address, inherited) = (.unix(path: path), [])
    case .handedOver:
      inherited = Self.handedOver
      address = try Self.address(of: inherited, settings)
    }
  }

  private static func address(
    of sockets: [CInt], _ settings: ServeSettings
  ) throws(Failure) -> SocketAddress {
    guard let first = sockets.first else {
      throw Failure(
        .usage, "no socket was handed over",
        hint: "--listen systemd is for a service with a systemd socket unit")
    }
    for raw in sockets {
      let address = try address(of: raw)
      guard address.isLocal || settings.mayListenAnywhere else {
        throw Failure.unencrypted("\(address)")
      }
    }
    return try address(of: first)
  }

  private static func address(of raw: CInt) throws(Failure) -> SocketAddress {
    do throws(SystemError) {
      return try Socket.listening(duplicateOf: raw).localAddress()
    } catch {
      throw Failure(.configuration, "cannot use a socket that was handed over: \(error)")
    }
  }
}
