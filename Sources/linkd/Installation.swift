internal import Foundation
internal import LinkService
internal import Linux
internal import RPC
internal import Store

/// Makes a data directory with a master key, an empty store and the first token.
struct Installation {
  let data: String
  let tenant: String
  /// What prints the master keys; without it one is made and kept in the directory.
  let keyCommand: Command?

  private var directory: DataDirectory { DataDirectory(path: data, keyCommand: keyCommand) }

  /// Makes everything and hands the token to `deliver`.
  ///
  /// On failure, also to deliver, the directory is left as empty as it was.
  func make(_ deliver: (String) throws(Failure) -> Void) async throws(Failure) {
    try claim()
    do throws(Failure) {
      try deliver(try await fill())
    } catch {
      // Nothing was here before: `claim` has made sure.
      try? FileManager.default.removeItem(atPath: directory.store)
      try? FileManager.default.removeItem(atPath: directory.keyFile)
      throw error
    }
  }

  /// Makes the directory, or takes one that is empty and private.
  private func claim() throws(Failure) {
    do {
      try Directory.createIfMissing(path: data)
      let made = try Directory(path: data)
      guard try !made.status().isOpenToOthers else {
        throw Failure(
          .configuration, "others may enter \(data)", hint: "chmod 700 it, or name a new one")
      }
      guard try made.names().isEmpty else {
        throw Failure(
          .configuration, "\(data) is not empty",
          hint: "linkd init makes a new directory and changes nothing in an old one")
      }
    } catch let error as Failure {
      throw error
    } catch {
      throw Failure(.storage, "cannot make \(data): \(error)")
    }
  }

  private func fill() async throws(Failure) -> String {
    let store: Store
    do throws(StoreError) {
      let keys =
        try keyCommand == nil
        ? MasterKeys.generate(file: directory.keyFile) : directory.keys()
      store = try Store.open(directory: directory.store, keys: keys)
    } catch {
      throw Failure(error)
    }
    defer { store.close() }
    do throws(RPCError) {
      return try await TokenIssuer(store: store, clock: .system)
        .issue(tenant: tenant, scopes: Set(TokenScope.allCases)).text
    } catch {
      throw Failure(
        error.code == .invalidArgument ? .usage : .storage, "cannot make the token: \(error)",
        hint: error.code == .invalidArgument
          ? "a tenant has 1 to 128 letters, digits and ._~@+=:-" : nil)
    }
  }
}
