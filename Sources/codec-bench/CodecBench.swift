// Our side of `tools/bench codec`; the peers in tools/benchmarks/codec do the same.

import Foundation
import LinkAPI
import Protobuf

/// Reads and writes the message in a file again and again, and prints nanoseconds for each.
@main
enum CodecBench {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "make", let directory = arguments.last {
      for (name, accounts) in [("small", 1), ("typical", 10), ("large", 1_000)] {
        let bytes = try sample(accounts: accounts).serialized()
        try Data(bytes).write(to: URL(filePath: directory).appending(path: name))
      }
    } else if let file = arguments.first, let seconds = arguments.last.flatMap(Double.init) {
      try measure([UInt8](Data(contentsOf: URL(filePath: file))), seconds: seconds)
    } else {
      print("usage: codec-bench make DIRECTORY | codec-bench FILE SECONDS")
      exit(64)
    }
  }

  /// A page of accounts as `ListAccounts` answers it: ten of them take 1,967 bytes.
  private static func sample(accounts: Int) -> ListAccountsResponse {
    .with {
      $0.accounts = (0..<accounts).map(account)
      $0.nextPageToken = String(repeating: "k3", count: 112)
    }
  }

  private static func account(_ index: Int) -> Account {
    .with {
      let id = "\(100_000 + index)-8f7e-4b3a-9d1c-0123456789abc"
      $0.name = "profiles/\(id)/accounts/\(id)"
      $0.provider = .x
      $0.providerAccountID = "\(1_720_349_781_236_412_416 + index)"
      $0.screenName = "user_\(100_000 + index)"
      $0.state = .active
      $0.accessLevel = .write
      $0.createTime = Timestamp(seconds: 1_763_000_000, nanos: 500_000_000)
      $0.updateTime = Timestamp(seconds: 1_764_000_000, nanos: 250_000_000)
      $0.linkTime = Timestamp(seconds: 1_764_000_000, nanos: 125_000_000)
    }
  }

  private static func measure(_ bytes: [UInt8], seconds: Double) throws {
    let message = try ListAccountsResponse(serialized: bytes)
    let again = try message.serialized()
    precondition(again == bytes, "the message does not survive")
    var sum = 0
    let encode = try nanoseconds(seconds) { sum &+= try message.serialized().count }
    let decode = try nanoseconds(seconds) {
      sum &+= try ListAccountsResponse(serialized: bytes).accounts.count
    }
    print(encode, decode, sum == 0 ? " " : "")
  }

  /// The least time that a call of `body` took on average over a batch of about a millisecond.
  ///
  /// The least, because what disturbs a measurement only ever adds to it.
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
