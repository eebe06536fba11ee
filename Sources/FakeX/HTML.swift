/// The pages, as plain as they can be and still be clicked through.
enum HTML {
  /// Asks whether the app may have access, and as whom.
  static func question(
    app: App, hidden: [(name: String, value: String)], allowed: String, users: [User],
    path: String, selected: String?
  ) -> Answer {
    let fields = hidden.map { name, value in
      "<input type=\"hidden\" name=\"\(escapeMarkup(name))\" value=\"\(escapeMarkup(value))\">"
    }
    let name = escapeMarkup(app.name)
    let choices = users.enumerated().map { index, user in
      let isSelected =
        selected.map { $0.lowercased() == user.screenName.lowercased() } ?? (index == 0)
      let screenName = escapeMarkup(user.screenName)
      return """
        <p><label><input type="radio" name="screen_name" value="\(screenName)"\
        \(isSelected ? " checked" : "")> \(escapeMarkup(user.name)) @\(screenName)</label></p>
        """
    }
    return page(
      200, "Authorize \(name)?",
      """
      <h1>Authorize \(name) to access your account?</h1>
      <form method="post" action="\(escapeMarkup(path))">
      \(fields.joined(separator: "\n"))
      <p>Log in as:</p>
      \(choices.joined(separator: "\n"))
      <p><button name="choice" value="authorize">Authorize app</button>
      <button name="choice" value="cancel">Cancel</button></p>
      </form>
      <p>It will be able to: \(escapeMarkup(allowed)).</p>
      """)
  }

  static func allowed(_ access: Access) -> String {
    switch access {
    case .read: "read your posts and profile"
    case .readWrite: "read your posts and profile, and post for you"
    case .directMessages: "read your posts and profile, post for you, and see your messages"
    }
  }

  /// Shows the PIN, and repeats it where a script finds it without reading HTML.
  static func pin(_ pin: String, headers: [Header]) -> Answer {
    page(
      200, "Your PIN",
      """
      <h1>You've granted access</h1>
      <p>Return to the app and enter this PIN to complete the authorization process:</p>
      <p><kbd aria-labelledby="code-desc"><code>\(pin)</code></kbd></p>
      """, headers: headers + [Header("x-fakex-pin", pin)])
  }

  /// Offers the way back, which the user need not take.
  static func denied(back: String?) -> Answer {
    let link = back.map { "<p><a href=\"\(escapeMarkup($0))\">Return to the app</a></p>" } ?? ""
    return page(200, "Denied", "<h1>You have denied the app access</h1>\n\(link)")
  }

  static let expired = page(
    403, "Whoa there!",
    """
    <h1>Whoa there!</h1>
    <p>There is no request token for this page. It may have been used already, or be too old.
    Go back to the app and try again.</p>
    """)
  static let suspended = page(
    403, "Suspended", "<h1>This app is suspended</h1>\n<p>Its owner can appeal.</p>")
  static let somethingWrong = page(
    400, "Something went wrong",
    """
    <h1>Something went wrong</h1>
    <p>You weren't able to give access to the app. Go back and try logging in again.</p>
    """)
  static let noSignIn = page(
    403, "Not allowed",
    "<h1>This app cannot be used to sign in with X</h1>\n<p>It must use oauth/authorize.</p>")
  static let unknownUser = page(400, "Nobody", "<h1>There is nobody of that name</h1>")

  private static func page(
    _ status: Int, _ title: String, _ body: String, headers: [Header] = []
  ) -> Answer {
    Answer(
      status, type: "text/html; charset=utf-8",
      """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><title>\(title)</title></head><body>
      \(body)
      <hr><p>This is fakex, not X.</p>
      </body></html>

      """,
      headers: headers + [
        Header("Cache-Control", "no-store"),
        // Decisions are made on the page itself, not in somebody else's frame.
        Header("Content-Security-Policy", "frame-ancestors 'none'"),
      ])
  }
}
