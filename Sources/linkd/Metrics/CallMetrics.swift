internal import RPC
internal import Synchronization

/// Counts how calls ended and how long they took, by method.
///
/// Its methods are those that are registered, so that nobody can make more series.
struct CallMetrics: ServerInterceptor {
  /// The upper bounds of the histogram, in seconds: an answer from memory, one that waits for the
  /// disk, one that waits for the provider, one that hardly anybody waits for.
  static let bounds = [0.001, 0.01, 0.1, 0.5, 2.5, 10]

  private let methods: [String: Method]

  /// Counts the calls of these methods, given by their paths.
  init(paths: [String]) {
    methods = Dictionary(paths.map { ($0, Method()) }) { first, _ in first }
  }

  func intercept(_ context: ServerContext, _ next: NextStep) throws -> PromisedAnswer {
    guard let method = methods[context.path] else { return try next(context) }
    let start = ContinuousClock.now
    return try next(context) { outcome in
      let code: StatusCode =
        switch outcome {
        case .success: .ok
        case .failure(let error): RPCError.wrapping(error).code
        }
      method.count(code, start.duration(to: .now) / .seconds(1))
    }
  }

  /// Adds the counts of all methods.
  func write(to text: inout MetricsText) {
    let counts = methods.map { (path: $0, $1.counts) }.sorted { $0.path < $1.path }
    text.begin("linkd_calls_total", .counter, "Calls that have ended, by method and status code.")
    for (path, counts) in counts {
      for (code, count) in counts.codes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        text.sample("linkd_calls_total", ["method": path, "code": "\(code)"], count)
      }
    }
    text.begin("linkd_call_seconds", .histogram, "How long calls took, by method.")
    for (path, counts) in counts where !counts.codes.isEmpty { counts.write(to: &text, path) }
  }

  /// What has become of the calls of one method.
  private final class Method: Sendable {
    private let state = Mutex(Counts())

    var counts: Counts { state.withLock(\.self) }

    func count(_ code: StatusCode, _ seconds: Double) {
      state.withLock { $0.count(code, seconds) }
    }
  }

  private struct Counts {
    var codes: [StatusCode: UInt64] = [:]
    /// Those between two bounds; the last ones took longer than all of them.
    private var buckets = [UInt64](repeating: 0, count: CallMetrics.bounds.count + 1)
    private var seconds = 0.0

    mutating func count(_ code: StatusCode, _ seconds: Double) {
      codes[code, default: 0] += 1
      let bounds = CallMetrics.bounds
      buckets[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
      self.seconds += seconds
    }

    func write(to text: inout MetricsText, _ path: String) {
      var sum: UInt64 = 0
      for (bucket, bound) in zip(buckets, CallMetrics.bounds.map { "\($0)" } + ["+Inf"]) {
        sum += bucket
        text.sample("linkd_call_seconds_bucket", ["method": path, "le": bound], sum)
      }
      text.sample("linkd_call_seconds_sum", ["method": path], seconds)
      text.sample("linkd_call_seconds_count", ["method": path], sum)
    }
  }
}
