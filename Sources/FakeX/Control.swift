import OAuth

/// What a test outside the process tells the stand-in: `POST /_fakex/…` with a form, answered in
/// JSON.
enum Control {
  static let prefix = "/_fakex/"

  /// Something in the form that cannot be done, in words for whoever wrote the test.
  struct Refusal: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
  }
}

extension Platform {
  mutating func control(_ request: Request) -> Answer {
    do throws(Control.Refusal) {
      return .json(try obey(request))
    } catch {
      let json: JSON = ["error": .string(error.reason)]
      return Answer(400, type: "application/json; charset=utf-8", json.description)
    }
  }

  private mutating func obey(_ request: Request) throws(Control.Refusal) -> JSON {
    let form = try ControlForm(request)
    switch request.path.dropFirst(Control.prefix.count) {
    case "calls": return report
    case "fail": try fail(form)
    case "clock": configuration.settings.clockOffset = try form.number("offset")
    case "visitor": try setVisitor(form)
    case "app": try changeApp(form)
    case "user": try changeUser(form)
    case "revoke":
      let ended = revoke(screenName: try form.required("screen_name"), appKey: form["key"])
      return ["revoked": .number(Int64(ended))]
    case "reset": reset()
    default: throw .init("no such control: \(request.path)")
    }
    return [:]
  }

  /// How often each endpoint was asked.
  private var report: JSON {
    .object(
      Endpoint.allCases.map { endpoint in
        .init(name: endpoint.rawValue, value: .number(Int64(calls[endpoint] ?? 0)))
      })
  }

  private mutating func fail(_ form: ControlForm) throws(Control.Refusal) {
    guard let endpoint = Endpoint(rawValue: try form.required("endpoint")) else {
      throw .init("no such endpoint")
    }
    let times = try form.number("times", default: 1)
    guard (1...1_000_000).contains(times) else { throw .init("times is 1 to 1000000") }
    fail(endpoint, try form.fault(), times: Int(times))
  }

  private mutating func setVisitor(_ form: ControlForm) throws(Control.Refusal) {
    configuration.settings.visitor =
      switch form["auto"] {
      case nil: nil
      case "approve": Visitor(approves: true, screenName: form["user"])
      case "deny": Visitor(approves: false, screenName: form["user"])
      default: throw .init("auto is approve or deny, or left out to show the page")
      }
  }

  private mutating func changeApp(_ form: ControlForm) throws(Control.Refusal) {
    let key = try form.required("key")
    guard let index = configuration.apps.firstIndex(where: { Key($0.key) == Key(key) }) else {
      throw .init("no such app")
    }
    if let flag = try form.flag("suspended") { configuration.apps[index].isSuspended = flag }
    if let flag = try form.flag("enrolled") { configuration.apps[index].isEnrolled = flag }
    if let flag = try form.flag("sign_in") { configuration.apps[index].allowsSignIn = flag }
    if let secret = form["secret"] { configuration.apps[index].secret = secret }
    if let secret = form["client_secret"] { configuration.apps[index].clientSecret = secret }
    if let callback = form["add_callback"] { configuration.apps[index].callbacks.append(callback) }
    if let name = form["access"] {
      guard let access = Access(rawValue: name) else { throw .init("no such access") }
      configuration.apps[index].access = access
    }
  }

  private mutating func changeUser(_ form: ControlForm) throws(Control.Refusal) {
    let name = Key(try form.required("screen_name"))
    guard let index = configuration.users.firstIndex(where: { Key($0.screenName) == name }) else {
      throw .init("no such user")
    }
    if let flag = try form.flag("suspended") { configuration.users[index].isSuspended = flag }
    if let flag = try form.flag("locked") { configuration.users[index].isLocked = flag }
    if let renamed = form["rename"] { configuration.users[index].screenName = renamed }
  }
}
