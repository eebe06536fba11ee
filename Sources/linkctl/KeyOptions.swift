internal import ArgumentParser
internal import Linux

/// Where the consumer key and secret come from: never from the command line itself.
struct KeyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The file with the keys, or - for standard input. Without it linkctl asks, without showing what is typed.",
      discussion:
        "Two lines: consumer_key = …  and  consumer_secret = …, for OAuth 2.0: client_id = …  and  client_secret = …",
      valueName: "file"))
  var keys: String?

  /// Reads or asks for the keys of OAuth 1.0a, or for the client of OAuth 2.0.
  func read(oauth2: Bool = false) throws(Failure) -> KeyPair {
    guard !oauth2 else { return try readClient() }
    if let keys { return try KeyFile.parse(try InputFile.read(keys, what: "the key file")) }
    return KeyPair(
      key: try Self.ask("Consumer key (API key): ", what: "consumer key"),
      secret: try Self.ask("Consumer secret (API key secret): ", what: "consumer secret"))
  }

  private func readClient() throws(Failure) -> KeyPair {
    guard let keys else {
      throw Failure(.usage, "--oauth2 needs --keys", hint: "the file has client_id = …")
    }
    return try KeyFile.parseClient(try InputFile.read(keys, what: "the key file"))
  }

  private static func ask(_ prompt: String, what: String) throws(Failure) -> String {
    let text = try Prompt.secret(
      prompt, hint: "give --keys FILE, or --keys - and the keys on standard input")
    guard KeyFile.isValidValue(text) else {
      throw Failure(.malformedInput, "the \(what) must be 1 to 256 visible ASCII characters")
    }
    return text
  }
}

/// Questions to the person at the terminal.
enum Prompt {
  /// Asks for something that is not shown while it is typed.
  ///
  /// `hint` says how to do without.
  static func secret(_ prompt: String, hint: String) throws(Failure) -> String {
    let answer: Terminal.Answer
    do {
      answer = try Terminal.readSecret(prompt: prompt)
    } catch {
      throw Failure(.noInput, "cannot ask on the terminal: \(error)", hint: hint)
    }
    switch answer {
    case .text(let bytes): return String(decoding: bytes, as: UTF8.self).trimmedOfSpaces
    case .cancelled: throw Failure(.interrupted, "interrupted")
    case .noTerminal: throw Failure(.noInput, "there is no terminal to ask on", hint: hint)
    }
  }
}

extension String {
  /// Pasting often brings a space along.
  fileprivate var trimmedOfSpaces: String {
    var text = Substring(self)
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
