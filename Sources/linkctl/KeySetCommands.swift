internal import ArgumentParser
internal import LinkAPI

/// Which key set is meant: how its name is written on the command line.
struct KeySetOptions: ParsableArguments {
  @Argument(help: "The name of the key set, as 'main'; or in full, as 'keys list' shows it.")
  var name: String

  @Option(help: "The key set is of this profile. Default: of the whole tenant.")
  var profile: String?

  mutating func validate() throws {
    guard profile == nil || !name.contains("/") else {
      throw ValidationError("give either --profile or a full name")
    }
  }

  /// The resource name.
  var resourceName: String { Self.resourceName(name, of: profile) }

  /// The resource name of what is written so; the server checks the characters.
  static func resourceName(_ name: String, of profile: String? = nil) -> String {
    if name.contains("/") { return name }
    return (profile.map { Profile.name($0) + "/" } ?? "") + "keySets/\(name)"
  }
}

/// The command line of `linkctl keys put`, read.
struct KeysPut: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "put", abstract: "Keep a key pair under a name, or replace the one there.",
    discussion: """
      Links under way and linked accounts go on with the pair that they have.

      EXAMPLES
        linkctl keys put main --keys keys.txt
        linkctl keys put main --profile alice         (asks for the keys)
        pass show x-keys | linkctl keys put main --keys - --replaces-version 3
      """)

  @OptionGroup var keySet: KeySetOptions

  @OptionGroup var keys: KeyOptions

  @Flag(name: .customLong("oauth2"), help: "The pair is a client id and secret of OAuth 2.0.")
  var oauth2 = false

  @Option(
    help: ArgumentHelp("Fail unless this version is the one replaced.", valueName: "version"))
  var replacesVersion: Int64?

  @OptionGroup(title: "Server") var server: ServerOptions

  mutating func validate() throws {
    guard replacesVersion ?? 1 > 0 else {
      throw ValidationError("--replaces-version must be 1 or more")
    }
  }

  func run() async throws {
    let settings = try server.settings()
    var request = PutKeySetRequest()
    request.name = keySet.resourceName
    request.provider = .x
    request.keys = ConsumerKeys(try keys.read(oauth2: oauth2))
    request.linkMethod = oauth2 ? .oauth2 : .oauth1
    request.replacesVersion = replacesVersion ?? 0
    let response = try await Linkd.connected(settings) { [request] linkd in
      try await linkd.putKeySet(request)
    }
    guard let kept = response.keySet else {
      throw Failure(.serverFault, "linkd answered without a key set")
    }
    let view = KeySetView(kept)
    try Output(format: server.output).result(view, text: view.line)
  }
}

/// The command line of `linkctl keys list`, read.
struct KeysList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List key sets; the keys themselves are never shown.",
    discussion: """
      EXAMPLES
        linkctl keys list                     (those of the whole tenant)
        linkctl keys list --profile alice
        linkctl keys list --all-profiles --output json
      """)

  @Option(help: "The key sets of this profile.")
  var profile: String?

  @Flag(help: "The key sets of all profiles.")
  var allProfiles = false

  @OptionGroup(title: "Server") var server: ServerOptions

  mutating func validate() throws {
    guard profile == nil || !allProfiles else {
      throw ValidationError("give either --profile or --all-profiles")
    }
  }

  func run() async throws {
    var request = ListKeySetsRequest()
    request.parent = allProfiles ? Profile.all : profile.map(Profile.name) ?? ""
    let sets = try await Linkd.connected(server.settings()) { [request] linkd in
      try await Pages.all { page throws(Failure) in
        var request = request
        (request.pageToken, request.pageSize) = (page.token, page.size)
        let response = try await linkd.listKeySets(request)
        return (response.keySets, response.nextPageToken)
      }
    }
    let view = KeySetListView(keySets: sets.map(KeySetView.init))
    try Output(format: server.output).result(view, text: view.text)
  }
}

/// The command line of `linkctl keys delete`, read.
struct KeysDelete: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Forget a key set.",
    discussion: """
      Links under way and linked accounts keep the pair that they have.

      EXAMPLES
        linkctl keys delete main
        linkctl keys delete profiles/alice/keySets/main --allow-missing
      """)

  @OptionGroup var keySet: KeySetOptions

  @Flag(help: "Do not fail if there is no such key set.")
  var allowMissing = false

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    var request = DeleteKeySetRequest()
    request.name = keySet.resourceName
    request.allowMissing = allowMissing
    _ = try await Linkd.connected(server.settings()) { [request] linkd in
      try await linkd.deleteKeySet(request)
    }
    let view = DeletedView(name: request.name)
    try Output(format: server.output).result(view, text: view.text)
  }
}
