private import Linux
private import OpenSSL
private import TextCoding

/// Changes of a master key file.
///
/// The file is replaced as a whole: at every moment it is there, whole, with what it had before or
/// with the change.
extension MasterKeys {
  /// Adds a fresh key, of the version after the current one, to the file, and returns all keys.
  ///
  /// Durable when this returns; only then may anything be sealed under the new key.
  public static func addVersion(file path: String) throws(StoreError) -> MasterKeys {
    var text = try contents(path)
    defer { cleanse(&text) }
    let (version, overflows) = try parse(text, path).currentVersion.addingReportingOverflow(1)
    guard !overflows else {
      throw .invalidMasterKeys(path: path, reason: "there is no higher version")
    }
    var key: [UInt8]
    do throws(CryptoError) {
      key = try Random.bytes(Format.keyLength)
    } catch { throw .crypto(error) }
    defer { cleanse(&key) }
    if text.last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
    var changed = text + line(version, key)
    defer { cleanse(&changed) }
    try replace(path, with: changed)
    return try parse(changed, path)
  }

  /// Removes every version but the current one from the file, and returns that one.
  ///
  /// What is sealed under the others, backups for instance, can never be read again with this file.
  public static func removeOlderVersions(file path: String) throws(StoreError) -> MasterKeys {
    let keys = try load(file: path)
    var changed = keys.current.withBytes { key in
      var bytes: [UInt8] = []
      bytes.append(contentsOf: key)
      defer { cleanse(&bytes) }
      return line(keys.currentVersion, bytes)
    }
    defer { cleanse(&changed) }
    try replace(path, with: changed)
    return try parse(changed, path)
  }

  /// A key as the file has it.
  static func line(_ version: UInt32, _ key: [UInt8]) -> [UInt8] {
    Array("linkd-key-v1 \(version) ".utf8) + Base64.encode(key) + Array("\n".utf8)
  }

  private static func parse(_ text: [UInt8], _ path: String) throws(StoreError) -> MasterKeys {
    var copy = text
    return try MasterKeys(cleansing: &copy, source: path)
  }

  private static func replace(_ path: String, with text: [UInt8]) throws(StoreError) {
    let (parent, name) = split(path)
    let temporary = name + Format.temporarySuffix
    try StoreError.at(path) { () throws(SystemError) in
      let directory = try Directory(path: parent)
      // Left by a change that a crash has cut short.
      if try directory.names().contains(temporary) { try directory.remove(temporary) }
      let file = try directory.open(temporary, .create)
      guard try file.write(text.span, at: 0) == text.count else { throw .noProgress }
      try file.synchronize()
      try directory.rename(temporary, to: name)
      try directory.synchronize()
    }
  }
}
