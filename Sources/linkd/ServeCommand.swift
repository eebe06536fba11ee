internal import ArgumentParser
internal import LinkService
internal import Logging

/// The command line of `linkd serve`, read.
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Answer calls until told to stop.",
    discussion: """
      Prints 'listening on ADDRESS:PORT' on standard output when it is ready. SIGTERM and SIGINT \
      let calls under way finish and end it with status 0; a second one ends it at once. SIGHUP \
      has it read the certificate and the master key again.

      EXAMPLES
        linkd serve --data ./data --listen 127.0.0.1:7443
        linkd serve --data /var/lib/linkd --listen 0.0.0.0:443 \\
          --tls-cert fullchain.pem --tls-key key.pem
        linkd serve --data ./data --x-base-url http://127.0.0.1:8480    (fakex instead of X)
        linkd serve --data ./data \\
          --master-key-command '/usr/bin/vault kv get -field=keys secret/linkd'
      """)

  @Option(help: ArgumentHelp("The data directory that 'linkd init' made.", valueName: "dir"))
  var data: String

  @OptionGroup var keyCommand: KeyCommandOption

  @Option(
    help: ArgumentHelp(
      """
      The address and port to listen on (port 0 lets the system choose), unix:PATH, or systemd for \
      the sockets of a socket unit.
      """))
  var listen = ListenAddress.standard

  @Option(help: ArgumentHelp("The certificate chain (PEM); needs --tls-key.", valueName: "file"))
  var tlsCert: String?

  @Option(
    help: ArgumentHelp(
      "The private key (PEM), not for others to read; needs --tls-cert.", valueName: "file"))
  var tlsKey: String?

  @Option(
    help: ArgumentHelp(
      "Let clients show certificates of the authorities in this file (PEM); see 'linkctl certificates'.",
      valueName: "file"))
  var clientCa: String?

  @Option(
    help: ArgumentHelp(
      """
      Ask clients to connect anew after so many minutes, so that a load balancer can move them. \
      Default: never.
      """, valueName: "minutes"))
  var maxConnectionAge: Int?

  @Flag(help: "Listen without TLS where other machines can reach it.")
  var insecureListen = false

  @Option(
    help: ArgumentHelp(
      "Let web pages of this origin call, as https://app.example; may be given several times.",
      valueName: "origin"))
  var allowOrigin: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Answer GET /metrics there, in Prometheus' text format: 127.0.0.1:PORT, [::1]:PORT or unix:PATH.
      """, valueName: "address"))
  var metrics: ListenAddress?

  @Option(help: "How many event loops, one thread each. Default: one for each processor.")
  var loops: Int?

  @Option(
    help: ArgumentHelp(
      "How often each tenant may call in a second, and twice that at once. Default: \(LinkLimits.callsPerTenant).",
      valueName: "calls"))
  var callsPerTenant: Int?

  @Option(
    help: ArgumentHelp(
      "Ask this server instead of X, for tests. http:// only on this machine.", valueName: "url"))
  var xBaseUrl: String?

  @Option(
    help: ArgumentHelp(
      "Trust the certificates in this file (PEM) for X instead of the system's.", valueName: "file")
  )
  var xCaFile: String?

  @Option(
    help: "How much to log: trace, debug, info, notice, warning, error or critical.",
    transform: Self.level)
  var logLevel = Logger.Level.info

  func run() async throws {
    var settings = try ServeSettings(
      data: data, listen: listen, certificate: tlsCert, key: tlsKey, clientCA: clientCa,
      allowsInsecureListen: insecureListen, maximumAgeMinutes: maxConnectionAge,
      origins: allowOrigin, loops: loops, callsPerTenant: callsPerTenant, xBaseURL: xBaseUrl,
      xCAFile: xCaFile, metrics: metrics)
    settings.keyCommand = keyCommand.masterKeyCommand
    let level = logLevel
    LoggingSystem.bootstrap { label in LineLog(label: label, level: level) }
    try await Daemon(settings, logger: Logger(label: "linkd")).run()
  }

  private static func level(_ word: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: word) else {
      throw ValidationError("there is no such log level")
    }
    return level
  }
}

extension ListenAddress: ExpressibleByArgument {
  /// Where linkctl looks unless it is told otherwise.
  static var standard: ListenAddress { ListenAddress(loopbackPort: 7443) }

  /// Reads the value of `--listen`.
  package init?(argument: String) { self.init(argument) }
}
