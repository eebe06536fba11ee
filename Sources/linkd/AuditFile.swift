internal import Console
internal import Foundation
package import LinkService
internal import Linux
package import Net
internal import Protobuf
internal import Store

/// The audit log: a file of JSON lines in the data directory, 0600, that is only ever added to.
///
/// There is no way to switch it off: what cannot be written down is not done. Where there is no room
/// for it, that is so until there is. After any other failed write every later one fails, too,
/// until a restart has looked at the file again.
package actor AuditFile: AuditTrail {
  private static let name = "audit.log"

  private struct HasFailed: Error {}

  private let loop: EventLoop
  private let file: Linux.FileDescriptor
  private var end: Int
  private var waiting: [UInt8] = []
  /// What must stand before the next line: what a crash has cut off must not run into it.
  private var separator: [UInt8] = []
  /// How many events have been handed over, and for how many of them it is known how that ended.
  private var (taken, settled) = (0, 0)
  /// Those of the latter for which there was no room, as long as nobody has asked.
  private var refused: Set<Int> = []
  private var hasFailed = false

  /// Writing waits for the disk, so nothing else runs on this loop.
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  /// Opens the log of a data directory, or begins it.
  ///
  /// The caller owns the loop, and shuts it down after the last event. Only one process may have
  /// the log: the lock of the store sees to that.
  package init(directory path: String, on loop: EventLoop) throws(Failure) {
    self.loop = loop
    let status: FileStatus
    do throws(SystemError) {
      let directory = try Directory(path: path)
      file = try Self.open(in: directory)
      status = try file.status()
      try directory.synchronize()
      end = status.size
      let lineBreak = [UInt8(ascii: "\n")]
      if end > 0, try file.read(1, at: end - 1) != lineBreak { separator = lineBreak }
    } catch {
      throw Failure(
        .storage, "the audit log cannot be written: \(error)",
        hint: "audit.log in the data directory must be a file that linkd can write")
    }
    guard status.kind == .regular, !status.isOpenToOthers else {
      throw Failure(.configuration, "the audit log must be a file that nobody else can read")
    }
  }

  private static func open(in directory: borrowing Directory) throws(SystemError)
    -> Linux.FileDescriptor
  {
    do throws(SystemError) {
      return try directory.open(name, .create)
    } catch  where error.isFileExists {
      return try directory.open(name, .write)
    }
  }

  /// Writes an event down; returns when it is on the disk.
  ///
  /// Throws `StoreError.noSpace` if there is no room, and nothing of it is left then.
  package func record(_ event: AuditEvent) async throws {
    waiting += Array(try AuditLine(event).text.utf8)
    taken += 1
    let mine = taken
    // All who wait for the disk already join this write.
    await Task.yield()
    if settled < mine { try flush() }
    if refused.remove(mine) != nil { throw StoreError.noSpace }
  }

  private func flush() throws {
    guard !hasFailed else { throw HasFailed() }
    do {
      if try !writeAll() { refused.formUnion(settled + 1...taken) }
      try file.synchronizeData()
    } catch {
      hasFailed = true
      throw error
    }
    waiting.removeAll(keepingCapacity: true)
    settled = taken
  }

  /// False if there is no room: the file is as it was.
  private func writeAll() throws(SystemError) -> Bool {
    let bytes = separator + waiting
    var written = 0
    do throws(SystemError) {
      while written < bytes.count {
        let rest = bytes.span.extracting(written...)
        written += try file.write(rest, at: end + written)
      }
    } catch {
      guard error.isOutOfSpace else { throw error }
      try file.truncate(to: end)
      return false
    }
    end += written
    separator = []
    return true
  }
}

/// An event as it stands in the log.
package struct AuditLine: Encodable {
  private let time: String
  private let call: String
  private let tenant: String
  private let token: String
  private let action: String
  private let resource: String
  private let detail: String?

  /// Whatever the event holds, it becomes one line of visible characters.
  package init(_ event: AuditEvent) {
    let seconds = Date(timeIntervalSince1970: TimeInterval(event.time.seconds))
    time = seconds.formatted(.iso8601)
    call = event.call.printable
    tenant = event.tenant.printable
    token = event.token.printable
    action = event.action.rawValue
    resource = event.resource.printable
    detail = event.detail.isEmpty ? nil : event.detail.printable
  }

  /// The JSON with its line break.
  package var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
  }
}
