private import Linux
public import OpenSSL
private import TextCoding

/// The master keys, by version.
///
/// The newest wraps the data keys of new segments; older ones stay for as long as segments need
/// them.
///
/// Their text form has one line `linkd-key-v1 <version> <base64 of 32 bytes>` per key; empty lines
/// and lines that begin with `#` are for people.
public struct MasterKeys: Sendable {
  private let keys: [UInt32: SecretBytes]

  /// The version that wraps new data keys: the highest.
  public let currentVersion: UInt32

  /// Whether all of them lie in memory that is never written to swap space.
  ///
  /// It is not so where this process may lock too little memory (RLIMIT_MEMLOCK).
  public let areLocked: Bool

  /// All versions, in ascending order.
  public var versions: [UInt32] { keys.keys.sorted() }

  /// Takes keys by version, at least one, all 32 bytes and none zero.
  public init(_ keys: [UInt32: SecretBytes]) throws(StoreError) {
    try self.init(keys, path: "")
  }

  /// Reads the text form, as a file has it or a command prints it.
  ///
  /// `text` is overwritten; `source` names it in errors.
  public init(cleansing text: inout [UInt8], source: String) throws(StoreError) {
    defer { cleanse(&text) }
    var keys: [UInt32: SecretBytes] = [:]
    for (index, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
      guard let first = line.first, first != UInt8(ascii: "#") else { continue }
      guard let (version, key) = Self.key(of: line) else {
        throw .invalidMasterKeys(path: source, reason: "entry \(index + 1) is malformed")
      }
      guard keys.updateValue(key, forKey: version) == nil else {
        throw .invalidMasterKeys(path: source, reason: "version \(version) is given twice")
      }
    }
    try self.init(keys, path: source)
  }

  private init(_ keys: [UInt32: SecretBytes], path: String) throws(StoreError) {
    guard let newest = keys.max(by: { $0.key < $1.key }) else {
      throw .invalidMasterKeys(path: path, reason: "there is no key")
    }
    for (version, key) in keys {
      guard version > 0 else { throw .invalidMasterKeys(path: path, reason: "versions begin at 1") }
      guard key.count == Format.keyLength else {
        throw .invalidMasterKeys(path: path, reason: "version \(version) is not 32 bytes long")
      }
      guard !key.withBytes({ $0.isZero($0.indices) }) else {
        throw .invalidMasterKeys(path: path, reason: "version \(version) is all zeros")
      }
    }
    self.keys = keys
    (currentVersion, current) = newest
    areLocked = keys.values.reduce(true) { $1.lockInMemory() && $0 }
  }

  /// The key that wraps new data keys.
  let current: SecretBytes

  /// The key of this version, if it was given.
  func key(version: UInt32) -> SecretBytes? { keys[version] }

  private static func key(of line: ArraySlice<UInt8>) -> (UInt32, SecretBytes)? {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3, words[0].elementsEqual("linkd-key-v1".utf8) else { return nil }
    let text = words[2]
    guard let version = decimal(words[1]), var bytes = Base64.decode(text.span) else { return nil }
    defer { cleanse(&bytes) }
    // A key has one form: nothing beside the padding that encoding would not have made.
    var canonical = Base64.encode(bytes)
    defer { cleanse(&canonical) }
    return canonical.elementsEqual(text) ? (version, SecretBytes(copying: bytes.span)) : nil
  }

  /// Digits only, and no leading zero: one number has one form.
  private static func decimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
    guard let first = digits.first, first != UInt8(ascii: "0") else { return nil }
    guard digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
    return UInt32(String(decoding: digits, as: UTF8.self))
  }
}

extension MasterKeys: CustomStringConvertible {
  /// The versions, never a key.
  public var description: String { "MasterKeys(versions: \(versions))" }
}

extension MasterKeys {
  /// Reads the master key file, which must be a regular file of our own that nobody else may read.
  public static func load(file path: String) throws(StoreError) -> MasterKeys {
    var text = try contents(path)
    return try MasterKeys(cleansing: &text, source: path)
  }

  /// Writes a new master key file with one fresh key of version 1.
  ///
  /// The file is created 0600 and durable when this returns. An existing file is never overwritten:
  /// the data under its keys would be lost.
  @discardableResult
  public static func generate(file path: String) throws(StoreError) -> MasterKeys {
    var key: [UInt8]
    do throws(CryptoError) {
      key = try Random.bytes(Format.keyLength)
    } catch { throw .crypto(error) }
    var line = line(1, key)
    defer { cleanse(&line) }
    do throws(SystemError) {
      try write(line, to: path)
    } catch { throw .disk(path: path, error) }
    return try MasterKeys([1: SecretBytes(cleansing: &key)])
  }

  static func contents(_ path: String) throws(StoreError) -> [UInt8] {
    let status: FileStatus
    let text: [UInt8]
    do throws(SystemError) {
      let (parent, name) = split(path)
      let file = try Directory(path: parent).open(name, .read)
      status = try file.status()
      text = try file.read(Limits.masterKeyFileLength + 1, at: 0)
    } catch { throw .disk(path: path, error) }
    try status.requirePrivateFile(path)
    guard text.count <= Limits.masterKeyFileLength else {
      throw .invalidMasterKeys(path: path, reason: "the file is too long")
    }
    return text
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let (parent, name) = split(path)
    let directory = try Directory(path: parent)
    let file = try directory.open(name, .create)
    do throws(SystemError) {
      // Too short to be written in two steps by any file system.
      guard try file.write(bytes.span, at: 0) == bytes.count else { throw .noProgress }
      try file.synchronize()
      try directory.synchronize()
    } catch {
      try? directory.remove(name)
      throw error
    }
  }

  static func split(_ path: String) -> (parent: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let parent = String(path[..<slash])
    return (parent.isEmpty ? "/" : parent, String(path[path.utf8.index(after: slash)...]))
  }
}
