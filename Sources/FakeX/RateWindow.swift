/// How many requests are left of a quarter of an hour.
struct RateWindow: Sendable, Hashable {
  /// Whose requests are counted together.
  struct Owner: Sendable, Hashable {
    let endpoint: Endpoint
    let token: Key
  }

  let limit: Int
  var remaining: Int
  /// When the window ends, in seconds since 1970.
  let reset: Int64

  static let length: Int64 = 15 * 60

  init(limit: Int, now: Int64) {
    self.limit = limit
    remaining = limit
    reset = now + Self.length
  }
}

extension Platform {
  /// Counts a request of this token, or refuses it.
  mutating func spend(_ exchange: inout Exchange, token: String) throws(XError) {
    let now = exchange.now
    rates = rates.filter { now < $0.value.reset }
    let owner = RateWindow.Owner(endpoint: exchange.endpoint, token: Key(token))
    var window = rates[owner] ?? exchange.rate
    let isSpent = window.remaining == 0
    if !isSpent { window.remaining -= 1 }
    rates[owner] = window
    exchange.rate = window
    if isSpent { throw .rateLimited }
  }
}
