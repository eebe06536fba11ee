internal import ArgumentParser
internal import LinkAPI

/// The keys that something is done with: given with the call, or kept by linkd.
struct KeySourceOptions: ParsableArguments {
  @OptionGroup var given: KeyOptions

  @Option(
    help: ArgumentHelp(
      "Take the keys that 'keys put' has kept under this name, as 'main' or in full.",
      valueName: "name"))
  var keySet: String?

  mutating func validate() throws {
    guard keySet == nil || given.keys == nil else {
      throw ValidationError("give either --keys or --key-set")
    }
  }

  /// Whether neither is given.
  var isEmpty: Bool { keySet == nil && given.keys == nil }

  /// The name, or the keys themselves, which are read or asked for.
  func read(oauth2: Bool) throws(Failure) -> KeySource {
    if let keySet { return .kept(KeySetOptions.resourceName(keySet)) }
    return .given(try given.read(oauth2: oauth2))
  }
}

/// Keys to send, or the resource name of those that linkd keeps.
enum KeySource: Sendable {
  case given(KeyPair)
  case kept(String)
}
