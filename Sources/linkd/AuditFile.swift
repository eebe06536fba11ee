internal import Console
internal import Foundation
package import LinkService
internal import Linux
package import Net
internal import Protobuf

/// The audit log: a file of JSON lines in the data directory, 0600, that is only ever added to.
///
/// There is no way to switch it off: what cannot be written down is not done. After a failed write
/// every later one fails, too, until a restart has looked at the file again.
package actor AuditFile: AuditTrail {
  private static let name = "audit.log"

  private struct HasFailed: Error {}

  private let loop: EventLoop
  private let file: Linux.FileDescriptor
  private var end: Int
  private var waiting: [UInt8] = []
  /// How many events have been handed over, and how many of them are on the disk.
  private var (taken, durable) = (0, 0)
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
      // What a crash has cut off must not run into the next line.
      if end > 0, try file.read(1, at: end - 1) != [UInt8(ascii: "\n")] {
        waiting = [UInt8(ascii: "\n")]
      }
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
  package func record(_ event: AuditEvent) async throws {
    waiting += Array(try AuditLine(event).text.utf8)
    taken += 1
    let mine = taken
    // All who wait for the disk already join this write.
    await Task.yield()
    if durable < mine { try flush() }
  }

  private func flush() throws {
    guard !hasFailed else { throw HasFailed() }
    do {
      var written = 0
      while written < waiting.count {
        let rest = waiting.span.extracting(written...)
        written += try file.write(rest, at: end + written)
      }
      try file.synchronizeData()
    } catch {
      hasFailed = true
      throw error
    }
    end += waiting.count
    waiting.removeAll(keepingCapacity: true)
    durable = taken
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
