internal import ArgumentParser
internal import Console
internal import Foundation
internal import LinkAPI

/// The command line of `linkctl sign`, read.
struct SignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a request to the provider's API for an account.",
    discussion: """
      Prints the header that the request needs, and sends nothing to the provider. The header is \
      good for this request alone and for a few minutes.

      EXAMPLES
        url=https://api.x.com/2/users/me
        linkctl sign GET $url --account profiles/alice/accounts/0a1b2c | curl -H @- $url
        linkctl sign POST $url2 --account NAME --form body.txt --output json
      """)

  @Argument(help: ArgumentHelp("GET, HEAD, POST, PUT, PATCH or DELETE.", valueName: "method"))
  var httpMethod: String

  @Argument(help: "The address to the letter, with its query.")
  var url: String

  @Option(help: ArgumentHelp("The account, as 'accounts list' shows it.", valueName: "name"))
  var account: String

  @Option(
    help: ArgumentHelp(
      "The file with the body if that is application/x-www-form-urlencoded, or - for standard input.",
      valueName: "file"))
  var form: String?

  @OptionGroup(title: "Server") var server: ServerOptions

  func run() async throws {
    let settings = try server.settings()
    var request = SignRequestRequest()
    request.name = account
    request.httpMethod = httpMethod
    request.url = url
    request.formParameters =
      try form.map { file throws(Failure) in try Self.parameters(file) } ?? []
    let response = try await Linkd.connected(settings) { [request] linkd in
      try await linkd.signRequest(request)
    }
    let view = SignatureView(authorization: response.authorization)
    try Output(format: server.output).result(view, text: view.text)
  }

  private static func parameters(_ file: String) throws(Failure) -> [FormParameter] {
    let text = try InputFile.read(file, what: "the form")
    guard let parameters = FormBody.parse(text) else {
      throw Failure(
        .malformedInput, "the form is not application/x-www-form-urlencoded",
        hint: "write name=value&name=value, percent-encoded, as it will be sent")
    }
    return parameters.map { name, value in
      var parameter = FormParameter()
      (parameter.name, parameter.value) = (name, value)
      return parameter
    }
  }
}

/// The body of a form, taken apart.
package enum FormBody {
  /// The names and values of a body; nil unless it is one.
  ///
  /// A line break at the end is not part of it: editors leave one.
  package static func parse(_ text: String) -> [(name: String, value: String)]? {
    let body = text.last?.isNewline == true ? text.dropLast() : text[...]
    guard !body.isEmpty else { return [] }
    var parameters: [(name: String, value: String)] = []
    for pair in body.split(separator: "&", omittingEmptySubsequences: false) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let name = decode(parts[0]), let value = decode(parts[1]),
        !name.isEmpty
      else { return nil }
      parameters.append((name, value))
    }
    return parameters
  }

  private static func decode(_ text: Substring) -> String? {
    guard !text.contains(where: { $0.isWhitespace || !$0.isASCII }) else { return nil }
    return text.replacing("+", with: " ").removingPercentEncoding
  }
}

/// What `sign` prints.
struct SignatureView: Encodable {
  var authorization: String

  /// The header as curl reads it from a file.
  var text: String { "Authorization: \(authorization)".printable + "\n" }
}
