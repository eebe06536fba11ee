internal import Linux
internal import OpenSSL

/// The files by which linkd proves who it is, and by which it knows its clients.
package struct ServerIdentity: Hashable, Sendable {
  /// The certificate chain.
  package let certificate: String
  /// Its private key.
  package let key: String
  /// Whom to trust in saying who a client is; nil if no client is asked.
  package let clientCA: String?

  /// Reads the files, at the start and again when they have been renewed.
  func load() throws(Failure) -> TLSConfiguration {
    try checkPrivacy()
    do {
      return try .server(
        certificateChainFile: certificate, privateKeyFile: key, clientCAFile: clientCA)
    } catch {
      throw Failure(.configuration, "cannot use the certificate or its key: \(error)")
    }
  }

  /// Whoever can read the key can pretend to be this server.
  ///
  /// A group may read it, as Debian's `ssl-cert` does.
  private func checkPrivacy() throws(Failure) {
    let permissions: UInt32
    do throws(SystemError) {
      permissions = try FileDescriptor(reading: key).status().permissions
    } catch {
      throw Failure(.configuration, "cannot read the private key \(key): \(error)")
    }
    guard permissions & 0o027 == 0 else {
      throw Failure(
        .configuration, "others may read or change the private key \(key)",
        hint: "chmod 600 it, or 640 if a group needs it")
    }
  }
}
