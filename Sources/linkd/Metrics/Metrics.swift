internal import Foundation
internal import LinkService
internal import Linux
internal import Net
internal import RPCNet
internal import Synchronization

/// All that linkd tells of itself in numbers.
///
/// Every label is one of a closed set, so there are never more than some hundred series; none says
/// who calls.
struct Metrics: Sendable {
  let calls: CallMetrics
  let server: RPCServer
  let usage: ProviderUsage
  let store: StoreHealth
  private let start = Date()

  init(_ calls: CallMetrics, _ server: RPCServer, _ usage: ProviderUsage, _ store: StoreHealth) {
    self.calls = calls
    self.server = server
    self.usage = usage
    self.store = store
  }

  /// The numbers as they are now.
  ///
  /// Waits for no event loop.
  var text: String {
    var text = MetricsText()
    calls.write(to: &text)
    writeServer(to: &text)
    writeUsage(to: &text)
    text.add(
      "linkd_store_failed", .gauge, "1 once writing to the data directory has failed.",
      store.hasFailed ? 1 : 0)
    writeProcess(to: &text)
    return text.text
  }

  private func writeServer(to text: inout MetricsText) {
    text.begin("linkd_refusals_total", .counter, "Connections and calls turned away, by reason.")
    for (reason, count) in server.refusals.all.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      text.sample("linkd_refusals_total", ["reason": reason.rawValue], count)
    }
    text.add(
      "linkd_calls_under_way", .gauge, "Calls that have begun and not ended.",
      server.callsUnderWay)
    text.add("linkd_connections", .gauge, "Connections of callers.", server.connections)
  }

  private func writeUsage(to text: inout MetricsText) {
    text.begin(
      "linkd_provider_requests_total", .counter, "Requests to the provider, by what was asked.")
    let totals = usage.totals
    for question in ProviderQuestion.allCases {
      text.sample(
        "linkd_provider_requests_total", ["question": question.rawValue], totals[question] ?? 0)
    }
  }

  private func writeProcess(to text: inout MetricsText) {
    text.add(
      "process_start_time_seconds", .gauge, "When linkd was started, in seconds since 1970.",
      start.timeIntervalSince1970)
    guard let usage = ProcessUsage.current else { return }
    text.add(
      "process_resident_memory_bytes", .gauge, "Memory that linkd has.", usage.residentBytes)
    text.add("process_open_fds", .gauge, "Descriptors that are open.", usage.descriptors)
  }
}

/// Whether the data directory can be written.
final class StoreHealth: Sendable {
  private let failed = Atomic(false)

  /// Whether a write has failed, after which there is no other.
  var hasFailed: Bool { failed.load(ordering: .relaxed) }

  /// A write has failed.
  func fail() { failed.store(true, ordering: .relaxed) }
}
