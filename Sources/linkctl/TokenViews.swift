internal import Console
internal import LinkAPI

/// A token as linkctl prints it: never its text.
struct TokenView: Encodable {
  var name: String
  var scopes: [String]
  var createTime: String?
  var expireTime: String?

  init(_ token: Token) {
    name = token.name
    scopes = token.scopes.map(\.word)
    createTime = token.createTime?.text
    expireTime = token.expireTime?.text
  }
}

/// What `tokens create` prints for programs, and the only place where a token's text is shown.
struct NewTokenView: Encodable {
  var token: TokenView
  var text: String
}

/// What `tokens list` prints.
struct TokenListView: Encodable {
  var tokens: [TokenView]

  /// A table, one token a line.
  var text: String {
    let header = ["TOKEN", "SCOPES", "MADE", "ENDS"]
    let rows = tokens.map { token in
      [
        token.name, token.scopes.joined(separator: ","), token.createTime ?? "-",
        token.expireTime ?? "never",
      ].map(\.printable)
    }
    return tokens.isEmpty ? "" : Table(header: header, rows: rows).text
  }
}
