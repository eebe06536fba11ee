// swift-protobuf's side of `tools/bench codec`: prints nanoseconds to encode and to decode a message.

import Foundation
import SwiftProtobuf

@main
enum Peer {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    guard let file = arguments.first, let seconds = arguments.last.flatMap(Double.init) else {
      exit(64)
    }
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
    let message = try Link_V1_ListAccountsResponse(serializedBytes: bytes)
    var sum = 0
    let encode = try nanoseconds(seconds) {
      let encoded: [UInt8] = try message.serializedBytes()
      sum &+= encoded.count
    }
    let decode = try nanoseconds(seconds) {
      sum &+= try Link_V1_ListAccountsResponse(serializedBytes: bytes).accounts.count
    }
    print(encode, decode, sum == 0 ? " " : "")
  }

  /// As in CodecBench.swift.
  private static func nanoseconds(_ seconds: Double, _ body: () throws -> Void) rethrows -> Int {
    let clock = ContinuousClock()
    let once = try clock.measure(body)
    let batch = max(1, Int(.milliseconds(1) / max(once, .nanoseconds(100))))
    let end = clock.now.advanced(by: .seconds(seconds))
    var least = Duration.seconds(1_000)
    while clock.now < end {
      least = min(least, try clock.measure { for _ in 0..<batch { try body() } } / batch)
    }
    return Int(least / .nanoseconds(1))
  }
}
