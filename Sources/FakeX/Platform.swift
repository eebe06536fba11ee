/// X as a value: a request goes in, an answer comes out, the state has changed.
///
/// Does no I/O and has no clock: whoever steps it says what time it is.
public struct Platform: Sendable {
  /// Who is known and how it behaves; may be changed between requests.
  public var configuration: Configuration

  /// How often each endpoint was asked, faults included.
  public private(set) var calls: [Endpoint: Int] = [:]
  /// The last requests, oldest first.
  public private(set) var journal: [Request] = []

  var requestTokens: [Key: RequestToken] = [:]
  var accessTokens: [Key: AccessToken] = [:]
  /// The app-only token of each app, by the app's key.
  var bearers: [Key: String] = [:]
  var codes: [Key: Code] = [:]
  var userTokens: [Key: UserToken] = [:]
  var refreshTokens: [Key: UserGrant] = [:]
  var nonces = NonceMemory()
  var rates: [RateWindow.Owner: RateWindow] = [:]
  var random: TokenSource
  private var faults: [Endpoint: [PendingFault]] = [:]

  private struct PendingFault: Sendable {
    var fault: Fault
    var times: Int
  }

  /// Starts without tokens; tokens follow from `seed`.
  public init(_ configuration: Configuration = Configuration(), seed: UInt64) {
    self.configuration = configuration
    random = TokenSource(seed: seed)
  }

  /// Lets the next `times` requests of an endpoint fail, after those told before.
  public mutating func fail(_ endpoint: Endpoint, _ fault: Fault, times: Int = 1) {
    faults[endpoint, default: []].append(PendingFault(fault: fault, times: times))
  }

  /// Forgets tokens, counts and faults, but not the configuration.
  public mutating func reset() {
    var fresh = Platform(configuration, seed: 0)
    fresh.random = random
    self = fresh
  }

  /// Answers a request that arrived at `time`, in seconds since 1970.
  public mutating func receive(_ request: Request, at time: Int64) -> Answer {
    if request.path.hasPrefix(Control.prefix) { return control(request) }
    let now = HTTPDate.clamp(time &+ configuration.settings.clockOffset)
    guard let endpoint = Endpoint.allCases.first(where: { $0.path == request.path }) else {
      return finish(.notFound, at: now)
    }
    guard endpoint.methods.contains(request.method) else {
      return finish(.methodNotAllowed(endpoint.methods), at: now)
    }
    record(request, for: endpoint)
    var exchange = Exchange(request: request, endpoint: endpoint, now: now)
    let answer = answerOrFail(&exchange)
    return finish(answer, at: now, rate: exchange.rate)
  }

  private mutating func record(_ request: Request, for endpoint: Endpoint) {
    calls[endpoint, default: 0] += 1
    if journal.count == Limits.journal { journal.removeFirst() }
    journal.append(request)
  }

  private mutating func answerOrFail(_ exchange: inout Exchange) -> Answer {
    guard let fault = nextFault(of: exchange.endpoint) else { return dispatch(&exchange) }
    let truth = fault.takesEffect ? dispatch(&exchange) : Answer(200, type: "text/plain", "")
    var answer = fault.replacement.map { replaced($0, &exchange) } ?? truth
    answer.delivery = fault.delivery
    return answer
  }

  private mutating func nextFault(of endpoint: Endpoint) -> Fault? {
    guard var queue = faults[endpoint], var first = queue.first else { return nil }
    first.times -= 1
    if first.times > 0 { queue[0] = first } else { queue.removeFirst() }
    faults[endpoint] = queue.isEmpty ? nil : queue
    return first.fault
  }

  private func replaced(_ replacement: Fault.Replacement, _ exchange: inout Exchange) -> Answer {
    switch replacement {
    case .answer(let answer): return answer
    case .notEnrolled: return ErrorFormat.notEnrolled
    case .error(let error, let format):
      if error == .rateLimited { exchange.rate.remaining = 0 }
      let format = format ?? exchange.endpoint.errorFormat(configuration.settings)
      return format.answer(error, path: exchange.request.path)
    }
  }

  private mutating func dispatch(_ exchange: inout Exchange) -> Answer {
    do throws(XError) {
      return try handle(&exchange)
    } catch {
      let format = exchange.endpoint.errorFormat(configuration.settings)
      // Without a number it has only been seen as a sentence.
      return (error.code == 0 ? .plain : format).answer(error, path: exchange.request.path)
    }
  }

  private mutating func handle(_ exchange: inout Exchange) throws(XError) -> Answer {
    switch exchange.endpoint {
    case .requestToken: try requestToken(exchange)
    case .authorize, .authenticate: page(exchange)
    case .accessToken: try accessToken(exchange)
    case .verifyCredentials: try verifyCredentials(&exchange)
    case .usersMe: try usersMe(&exchange)
    case .invalidateToken: try invalidateToken(exchange)
    case .bearerToken: try bearerToken(exchange)
    case .invalidateBearer: try invalidateBearer(exchange)
    case .codeAuthorize: consentPage(exchange)
    case .codeToken: codeTokens(exchange)
    case .codeRevoke: revokeToken(exchange)
    }
  }

  /// Adds what every answer of X carries.
  private func finish(_ answer: Answer, at now: Int64, rate: RateWindow? = nil) -> Answer {
    var answer = answer
    let rate = rate ?? RateWindow(limit: 15_000, now: now)
    let added = [
      Header("Date", HTTPDate.format(now)),
      Header("x-rate-limit-limit", "\(rate.limit)"),
      Header("x-rate-limit-remaining", "\(rate.remaining)"),
      Header("x-rate-limit-reset", "\(rate.reset)"),
    ]
    // What a test answers with stands.
    answer.headers += added.filter { answer.headers.first(named: $0.name) == nil }
    return answer
  }
}

/// One request while it is answered.
struct Exchange: Sendable {
  let request: Request
  let endpoint: Endpoint
  let now: Int64
  /// What the rate headers will say.
  var rate: RateWindow

  init(request: Request, endpoint: Endpoint, now: Int64) {
    self.request = request
    self.endpoint = endpoint
    self.now = now
    rate = RateWindow(limit: endpoint.rateLimit, now: now)
  }
}

extension Answer {
  static let notFound = ErrorFormat.json.answer(
    XError(34, 404, "Sorry, that page does not exist."), path: "")

  static func methodNotAllowed(_ methods: [String]) -> Answer {
    Answer(
      405, type: "text/plain; charset=utf-8", "",
      headers: [Header("Allow", methods.joined(separator: ", "))])
  }
}
