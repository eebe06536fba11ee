internal import ArgumentParser
internal import LinkAPI

/// Groups what is done with keys.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Examine and keep a provider's keys.",
    subcommands: [KeysValidate.self, KeysPut.self, KeysList.self, KeysDelete.self])
}

/// The command line of `linkctl keys validate`, read.
struct KeysValidate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Say what is right and wrong with X keys, and who must do what about it.",
    discussion: """
      Exits with 0 if the keys work, 1 if they do not, 2 if X left it open.

      EXAMPLES
        linkctl keys validate --keys keys.txt --callback https://app.example/x/callback
        linkctl keys validate --pin            (asks for the keys)
        linkctl keys validate --key-set main --callback https://app.example/x/callback
        linkctl keys validate --oauth2 --keys client.txt --callback https://app.example/x/callback
        pass show x-keys | linkctl keys validate --keys - --pin --output json
      """)

  @OptionGroup var keys: KeySourceOptions

  @Option(
    help: ArgumentHelp("The callback URL that links will use, to the letter.", valueName: "url"))
  var callback: String?

  @Flag(help: "Links will use a PIN instead of a callback.")
  var pin = false

  @Flag(name: .customLong("oauth2"), help: "The pair is a client id and secret of OAuth 2.0.")
  var oauth2 = false

  @OptionGroup(title: "Server") var server: ServerOptions

  mutating func validate() throws {
    guard pin != (callback != nil) else {
      throw ValidationError("give either --callback or --pin")
    }
    guard !oauth2 || !pin else { throw ValidationError("--oauth2 goes with --callback") }
  }

  func run() async throws {
    let settings = try server.settings()
    let validation = KeyValidation(
      keys: try keys.read(oauth2: oauth2), method: oauth2 ? .oauth2 : .oauth1, callback: callback)
    let response = try await Linkd.connected(settings) { linkd in
      try await linkd.validateKeys(validation.request)
    }
    let view = KeyReportView(response)
    try Output(format: server.output).result(view, text: view.text)
    let status = KeyValidation.status(of: response.verdict)
    guard status == .success else { throw ExitCode(status.rawValue) }
  }
}

/// The question about a key pair, and what its answer means for scripts.
struct KeyValidation {
  let keys: KeySource
  let method: LinkMethod
  /// Nil for PIN mode.
  let callback: String?

  var request: ValidateKeysRequest {
    var request = ValidateKeysRequest()
    request.provider = .x
    switch keys {
    case .given(let pair): request.keySource = .keys(ConsumerKeys(pair))
    case .kept(let name): request.keySource = .keySet(name)
    }
    request.linkMethod = method
    request.returnMethod = callback.map { .callbackURL($0) } ?? .pin(PinEntry())
    return request
  }

  static func status(of verdict: KeyVerdict) -> ExitStatus {
    switch verdict {
    case .usable: .success
    case .notUsable: .notUsable
    default: .undecided
    }
  }
}

extension ConsumerKeys {
  init(_ pair: KeyPair) {
    self.init()
    consumerKey = pair.key
    consumerSecret = pair.secret
  }
}
