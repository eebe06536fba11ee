import OpenSSL
import Synchronization

/// Somebody who has files and the master key, and reads what he can: by the words of FORMAT.md and
/// not with the code under test.
struct Thief {
  /// Everything that he has read.
  private(set) var loot: [[UInt8]] = []
  private let masterKey: SecretBytes

  init(masterKey byte: UInt8 = 0x11) {
    masterKey = SecretBytes(copying: [UInt8](repeating: byte, count: 32).span)
  }

  /// Whether these bytes were in anything that he has read.
  func has(_ text: String) -> Bool { loot.contains { $0.contains(Array(text.utf8)) } }

  /// Opens every record of a file, whether it is a whole one or not.
  mutating func read(_ file: [UInt8]) {
    guard
      file.count > 4096, var key = try? dataKey(of: Array(file.prefix(4096))),
      var cipher = try? AESGCM(key: SecretBytes(cleansing: &key))
    else { return }
    var previous = [Array(file[72..<88]), [UInt8](repeating: 0, count: 16)]
    for record in Layout(file).records {
      let sealed = file[record].dropFirst(32).dropLast(4)
      for tag in previous {
        // The header of the record, the segment's identifier, the key's version, the tag before.
        let associated = file[record].prefix(32) + file[32..<48] + file[12..<16] + tag
        let nonce = AESGCM.Nonce([0, 0, 0, 0] + file[record].dropFirst(16).prefix(8).reversed())
        guard let nonce else { continue }
        let payload = try? cipher.open(
          Array(sealed).span, nonce: nonce, authenticating: Array(associated).span)
        if let payload { loot.append(payload) }
      }
      previous = [Array(sealed.suffix(16))]
    }
  }

  /// The data key that a header has, opened with the master key.
  func dataKey(of header: [UInt8]) throws -> [UInt8] {
    let wrapping = try HKDF.sha256(
      secret: masterKey, salt: Array(header[32..<48]), info: Array("linkd store data key v1".utf8),
      count: 32)
    var cipher = try AESGCM(key: wrapping)
    return try cipher.open(
      Array(header[88..<136]).span, nonce: AESGCM.Nonce(counter: 0),
      authenticating: Array(header[..<88]).span)
  }
}

extension Thief {
  /// Reads all that is on a disk, also what has no name any more.
  static func on(_ disk: MemoryDisk, masterKey byte: UInt8 = 0x11) -> Thief {
    var thief = Thief(masterKey: byte)
    for content in disk.state.withLock({ $0.files.values }) { thief.read(content.written) }
    return thief
  }
}
