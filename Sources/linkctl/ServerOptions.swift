internal import ArgumentParser
internal import Foundation

/// The options of every command that calls linkd.
struct ServerOptions: ParsableArguments {
  private static let serverVariable = "LINKD_SERVER"
  private static let tokenVariable = "LINKD_TOKEN_FILE"
  private static let longestTimeout = 3600.0

  @Option(
    help: ArgumentHelp(
      "Where linkd is: http://HOST:PORT on this machine, else https://HOST:PORT. Default: $LINKD_SERVER, or \(ServerAddress.standard).",
      valueName: "url"))
  var server: String?

  @Option(
    help: ArgumentHelp(
      "The file with the bearer token, or - for standard input. Default: $LINKD_TOKEN_FILE.",
      valueName: "file"))
  var tokenFile: String?

  @Option(
    help: ArgumentHelp(
      "Trust the certificates in this file (PEM) instead of the system's.", valueName: "file"))
  var caFile: String?

  @Option(
    help: ArgumentHelp(
      "Show this certificate (PEM) to linkd; needs --key. No token is needed then.",
      valueName: "file"))
  var cert: String?

  @Option(help: ArgumentHelp("The private key (PEM) of --cert.", valueName: "file"))
  var key: String?

  @Option(help: ArgumentHelp("How long one call may take.", valueName: "seconds"))
  var timeout = 30.0

  @Option(help: "How to write the result: text or json.")
  var output = OutputFormat.text

  mutating func validate() throws {
    guard timeout > 0, timeout <= Self.longestTimeout else {
      throw ValidationError("--timeout must be more than 0 and at most 3600 seconds")
    }
    guard (cert == nil) == (key == nil) else {
      throw ValidationError("--cert and --key go together")
    }
  }

  /// What the options come to, with the environment where they are silent.
  func settings() throws(Failure) -> ServerSettings {
    let environment = ProcessInfo.processInfo.environment
    let address = server ?? environment[Self.serverVariable] ?? ServerAddress.standard
    let file = tokenFile ?? environment[Self.tokenVariable]
    guard file != nil || cert != nil else {
      throw Failure(.usage, "no token", hint: "give --token-file FILE or set LINKD_TOKEN_FILE")
    }
    return ServerSettings(
      address: try ServerAddress(address),
      token: try file.map { file throws(Failure) in try BearerToken(file: file) }, caFile: caFile,
      certificateFile: cert, keyFile: key, timeout: .seconds(timeout))
  }
}

/// What a call to linkd needs.
struct ServerSettings: Sendable {
  let address: ServerAddress
  /// Nil where a certificate says who calls.
  let token: BearerToken?
  let caFile: String?
  let certificateFile: String?
  let keyFile: String?
  let timeout: Duration
}

/// The token that calls carry.
///
/// Never printed.
package struct BearerToken: Sendable, CustomStringConvertible {
  private static let longest = 1024

  /// What goes into the header `authorization`.
  package let headerValue: String

  /// Reads the token from a file of one line.
  init(file: String) throws(Failure) {
    try self.init(text: try InputFile.read(file, what: "the token file"))
  }

  /// Takes a token out of a text, with or without white space around it.
  package init(text: String) throws(Failure) {
    let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard (1...Self.longest).contains(token.utf8.count),
      token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw Failure(.malformedInput, "the token file must hold one token and nothing else")
    }
    headerValue = "Bearer \(token)"
  }

  /// Does not show the token.
  package var description: String { "BearerToken(***)" }
}
