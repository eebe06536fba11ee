/// Fetches a list, page after page.
enum Pages {
  /// What one answer may hold at most; the server gives fewer where it must.
  private static let size: Int32 = 500
  /// More pages than anybody reads: a server that never ends must not fill this machine.
  private static let most = 2000

  /// All items of a list; `fetch` asks for one page and gives it with the token of the next.
  static func all<Item>(
    _ fetch: (_ page: (token: String, size: Int32)) async throws(Failure) -> (
      items: [Item], next: String
    )
  ) async throws(Failure) -> [Item] {
    var items: [Item] = []
    var token = ""
    for _ in 0..<most {
      let page = try await fetch((token, size))
      items += page.items
      guard !page.next.isEmpty else { return items }
      token = page.next
    }
    throw Failure(.serverFault, "linkd's list has no end")
  }
}
