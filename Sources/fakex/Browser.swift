import FlyingFox
import FlyingSocks
import Foundation

/// Clicks through the pages of fakex like a person, without being told what they will say.
struct Browser {
  /// The button that is pressed.
  enum Choice: String { case authorize, cancel }

  /// Where a visit ends.
  enum Outcome {
    case sentTo(String)
    case shown(pin: String)
    /// The user said no and there is no way back.
    case left

    var text: String {
      switch self {
      case .sentTo(let address): address
      case .shown(let pin): pin
      case .left: "denied"
      }
    }
  }

  /// A page that a browser could not go on from.
  struct DeadEnd: Error, CustomStringConvertible {
    let description: String
  }

  /// Opens the page and presses a button.
  func visit(_ url: String, choice: Choice, user: String?) async throws -> Outcome {
    let page = try await get(url)
    // A browser that is logged in may be sent on without a question.
    if let address = page.redirect { return .sentTo(address) }
    guard page.status == 200, let form = Form(html: page.text) else {
      throw DeadEnd(description: "the page has no form: HTTP \(page.status)")
    }
    let answer = try await press(choice, of: form, on: url, user: user)
    if let address = answer.redirect { return .sentTo(address) }
    if let pin = answer.pin { return .shown(pin: pin) }
    guard answer.status == 200 else {
      throw DeadEnd(description: "the button led to HTTP \(answer.status)")
    }
    return Form.link(in: answer.text).map { .sentTo($0) } ?? .left
  }

  /// Fetches an address on this machine.
  func get(_ url: String) async throws -> Page { try await send("GET", url, body: "") }

  private func press(_ choice: Choice, of form: Form, on url: String, user: String?) async throws
    -> Page
  {
    guard let target = URL(string: form.action, relativeTo: URL(string: url)) else {
      throw DeadEnd(description: "the form leads nowhere")
    }
    var fields = form.hidden
    fields["screen_name"] = user ?? form.chosen
    fields["choice"] = choice.rawValue
    var query = URLComponents()
    query.queryItems = fields.map { URLQueryItem(name: $0.key, value: $0.value) }
    return try await send("POST", target.absoluteString, body: query.percentEncodedQuery ?? "")
  }

  private func send(_ method: String, _ url: String, body: String) async throws -> Page {
    guard let parts = URLComponents(string: url), parts.scheme == "http",
      let host = parts.host, host == "127.0.0.1", let port = parts.port.flatMap(UInt16.init)
    else { throw DeadEnd(description: "only http://127.0.0.1:PORT can be visited") }
    let query = parts.percentEncodedQuery.map { "?\($0)" } ?? ""
    let request = HTTPRequest(
      method: HTTPMethod(method), version: .http11,
      target: .init(path: parts.percentEncodedPath, query: String(query.dropFirst())),
      headers: [
        .host: "\(host):\(port)", .contentType: "application/x-www-form-urlencoded",
        HTTPHeader("Connection"): "close",
      ],
      body: HTTPBodySequence(data: Data(body.utf8)))
    var client = FlyingFox.HTTPClient()
    let response = try await client.sendHTTPRequest(request, to: .inet(ip4: host, port: port))
    return Page(
      status: response.statusCode.code, redirect: response.headers[HTTPHeader("Location")],
      pin: response.headers[HTTPHeader("x-fakex-pin")],
      text: String(decoding: try await response.bodyData, as: UTF8.self))
  }
}

/// An answer of fakex.
struct Page {
  let status: Int
  let redirect: String?
  let pin: String?
  let text: String
}

/// The form of the page that asks.
struct Form {
  let action: String
  let hidden: [String: String]
  /// The user whose button is pressed already.
  let chosen: String?

  init?(html: String) {
    guard let action = html.firstMatch(of: /<form[^>]*action="([^"]*)"/)?.1 else { return nil }
    self.action = Self.unescaped(action)
    var hidden: [String: String] = [:]
    for field in html.matches(of: /<input type="hidden" name="([^"]*)" value="([^"]*)"/) {
      hidden[Self.unescaped(field.1)] = Self.unescaped(field.2)
    }
    self.hidden = hidden
    chosen = html.firstMatch(of: /name="screen_name" value="([^"]*)" checked/)
      .map { Self.unescaped($0.1) }
  }

  /// The first link of a page.
  static func link(in html: String) -> String? {
    html.firstMatch(of: /<a href="([^"]*)"/).map { unescaped($0.1) }
  }

  private static func unescaped(_ text: Substring) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
      .reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
  }
}
