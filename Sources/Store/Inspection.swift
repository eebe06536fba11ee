private import Linux

/// What the files of a store hold, found out without changing any of them.
///
/// A store that is open may be looked at, too: what is found is a moment of it.
public struct Inspection: Sendable {
  /// One of the files that make the state, or once did.
  public struct File: Hashable, Sendable {
    /// Its name in the directory.
    public let name: String
    /// Its length in bytes, reserved space included.
    public let length: Int
    /// Of the master key without which it cannot be read.
    public let masterKeyVersion: UInt32
    /// Whether a repair has put it aside, so that nothing but its operator ever removes it.
    public var isSetAside: Bool { name.hasSuffix(Format.damagedSuffix) }
    /// Whether it is being written, or a crash has cut that short.
    public var isUnfinished: Bool { name.hasSuffix(Format.temporarySuffix) }
  }

  /// In the order in which they are read.
  public let files: [File]
  /// The sequence number of the last record.
  public let lastSequence: UInt64
  /// Up to where, by the high-water mark, everything is certainly durable.
  public let markedSequence: UInt64
  /// Where a write was cut short at the end, which opening takes back; nil if none was.
  ///
  /// Of a store that is open this is the write that goes on.
  public let torn: (file: String, offset: Int)?

  private let index: Index

  /// How many entries there are; 0 if it was looked at without keys.
  public var count: Int { index.count }
  /// The bytes of all their keys and values; 0 if it was looked at without keys.
  public var contentLength: Int { index.length }

  /// Calls `body` for every entry, in the order of the keys, with the length of its value.
  public func forEachEntry(_ body: (_ key: Key, _ valueLength: Int, _ version: UInt64) -> Void) {
    index.forEach(from: Key([])) { key, entry in
      body(key, entry.value.count, entry.version)
      return true
    }
  }

  /// Reads all of the store in `directory`, and throws what opening it would refuse it for.
  ///
  /// With keys every byte is checked. Without, form, checksums and the chain: that tells what is
  /// damaged or cut short, but not what somebody has changed on purpose.
  public init(directory: String, keys: MasterKeys?) throws(StoreError) {
    let disk = try RealDisk(reading: directory)
    try self.init(disk: disk, keys: keys)
  }

  package init(disk: any Disk, keys: MasterKeys?) throws(StoreError) {
    // A writer may remove files, and write to the last one in the middle of our reading it. What
    // is really wrong is wrong again.
    for _ in 1..<Limits.readingAttempts {
      do throws(StoreError) {
        try self.init(once: disk, keys)
        return
      } catch { continue }
    }
    try self.init(once: disk, keys)
  }

  private init(once disk: any Disk, _ keys: MasterKeys?) throws(StoreError) {
    let recovery = Recovery(disk: disk, markDisk: disk, keys: keys)
    // The mark first: what is read later has only grown.
    var recovered = Recovered(mark: try recovery.mark())
    let last = try recovery.read(into: &recovered)
    torn = last.flatMap { $0.isTorn ? (file: $0.name.text, offset: $0.end) : nil }
    files = recovered.files.map {
      File(name: $0.name.text, length: $0.length, masterKeyVersion: $0.masterKeyVersion)
    }
    lastSequence = recovered.end.sequence
    markedSequence = recovered.mark.link.sequence
    index = recovered.index
  }

  /// All files in `directory` that are sealed under a master key, by their headers: also what was put
  /// aside or not finished.
  public static func sealedFiles(in directory: String) throws(StoreError) -> [File] {
    let disk = try RealDisk(reading: directory)
    let names = try StoreError.at(directory) { () throws(SystemError) in try disk.names() }
    var files: [File] = []
    for name in names.sorted() where name != Format.highWaterMarkName {
      do throws(StoreError) {
        let file = try disk.open(name)
        let (size, bytes) = try StoreError.at(name) { () throws(SystemError) in
          (try file.size(), try file.read(Format.headerLength, at: 0))
        }
        guard let header = try? SegmentHeader(bytes.span) else { continue }
        files.append(File(name: name, length: size, masterKeyVersion: header.masterKeyVersion))
      } catch {
        // It has gone since: then it needs no key.
        guard error.isNoSuchFile else { throw error }
      }
    }
    return files
  }
}

extension StoreError {
  var isNoSuchFile: Bool {
    if case .disk(_, let cause) = self { cause.isNoSuchFile } else { false }
  }
}
