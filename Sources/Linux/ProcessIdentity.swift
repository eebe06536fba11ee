/// A process, told from every other that had its id before or gets it later: by when it was started.
public struct ProcessIdentity: Hashable, Sendable {
  /// Two numbers of 64 bits.
  public static let longestText = 41

  /// Its id, as long as it runs.
  public let id: Int

  /// In ticks of the kernel's clock since the machine was started.
  private let start: UInt64

  /// This process.
  ///
  /// Nil where there is no `/proc`.
  public static var current: ProcessIdentity? { ProcessIdentity(id: Int(processID())) }

  /// The process that has this id now, if there is one.
  ///
  /// Reads `/proc/ID/stat`.
  public init?(id: Int) {
    guard
      let file = try? Directory(path: "/proc/\(id)").open("stat", .read),
      let bytes = try? file.read(4096, at: 0)
    else { return nil }
    // The second field is the program's name and may hold anything; it ends with the last ")". The
    // start is the 22nd.
    let fields =
      bytes.split(separator: UInt8(ascii: ")"), omittingEmptySubsequences: false)
      .last?.split(separator: UInt8(ascii: " ")) ?? []
    guard fields.count > 19, let start = UInt64(String(decoding: fields[19], as: UTF8.self)) else {
      return nil
    }
    (self.id, self.start) = (id, start)
  }

  /// Reads `text`; nil if it is anything else.
  public init?(text: [UInt8]) {
    let words = text.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    guard words.count == 2, let id = Int(words[0]), let start = UInt64(words[1]) else { return nil }
    (self.id, self.start) = (id, start)
  }

  /// What can be written down.
  public var text: [UInt8] { Array("\(id) \(start)".utf8) }

  /// Whether it has not ended.
  public var isRunning: Bool { ProcessIdentity(id: id) == self }
}
