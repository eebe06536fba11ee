/// The end user for whom something is done, as the caller's own service names them.
enum Profile {
  /// The resource name of a profile; the server checks the characters.
  static func name(_ profile: String) -> String {
    profile.hasPrefix("profiles/") ? profile : "profiles/\(profile)"
  }

  /// All profiles of the tenant.
  static let all = "profiles/-"
}
