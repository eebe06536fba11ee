import Foundation
import Interop
import Protobuf
import RPC
import TestAPI

/// Takes calls from standard input, makes one after the other, and writes what came of each to
/// standard output.
struct Conversation {
  private let client: ScriptedClient

  /// Ends with its input.
  init(_ channel: any Channel) { client = ScriptedClient(channel) }

  func run() async throws {
    while let message = try read() {
      let outcome = await client.make(try Call(serialized: message))
      try write(try outcome.serialized())
    }
  }

  private func read() throws -> [UInt8]? {
    let length = try read(4)
    guard length.count == 4 else { return nil }
    return try read(length.reduce(0) { $0 << 8 | Int($1) })
  }

  private func read(_ count: Int) throws -> [UInt8] {
    Array(try FileHandle.standardInput.read(upToCount: count) ?? Data())
  }

  private func write(_ message: [UInt8]) throws {
    let count = UInt32(clamping: message.count)
    let length = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    try FileHandle.standardOutput.write(contentsOf: Data(length + message))
  }
}
