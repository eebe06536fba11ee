/// What the caller of the plugin can choose, from `--link_opt=name=value,name=value`.
package struct GeneratorOptions: Sendable {
  /// Who can see the generated declarations.
  package enum Access: String, Sendable {
    case `public`
    case package
    case `internal`
  }

  package var access = Access.public
  /// Whether the comments of the schema are carried over.
  package var hasComments = true
  /// Whether every method must say which scope it asks for.
  package var requiresScopes = false
  /// The module that the generated code will be part of.
  package var module = ""
  /// Which module holds the types of the files below a path, where it is not `module`.
  package var modules: [(path: String, module: String)] = []
  /// Swift names for types, by their full names in the schema.
  package var names: [String: String] = [:]

  package init() {}

  /// Parses `access=public,comments=yes,module=M,map=path/prefix:Module,name=full.Type:Name`.
  package init(parameter: String) throws(GeneratorError) {
    for option in parameter.split(separator: ",") {
      let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw GeneratorError("option \(option)", "is not of the form name=value")
      }
      try set(parts[0], parts[1])
    }
  }

  private mutating func set(_ option: String, _ value: String) throws(GeneratorError) {
    switch option {
    case "access":
      guard let access = Access(rawValue: value) else {
        throw GeneratorError("option access", "is public, package or internal, not \(value)")
      }
      self.access = access
    case "comments":
      guard value == "yes" || value == "no" else {
        throw GeneratorError("option comments", "is yes or no, not \(value)")
      }
      hasComments = value == "yes"
    case "scopes":
      guard value == "required" else {
        throw GeneratorError("option scopes", "can only be required, not \(value)")
      }
      requiresScopes = true
    case "module": module = value
    case "map":
      let (path, module) = try pair(option, value)
      modules.append((path, module))
    case "name":
      let (type, name) = try pair(option, value)
      names[type] = name
    default: throw GeneratorError("option \(option)", "is not known")
    }
  }

  private func pair(
    _ option: String, _ value: String
  ) throws(GeneratorError) -> (String, String) {
    let parts = value.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      throw GeneratorError("option \(option)", "takes two parts with a colon between them")
    }
    return (parts[0], parts[1])
  }

  /// The module that holds the types of a file: that of the longest path that is a prefix.
  func module(ofFile name: String) -> String {
    modules.filter { name == $0.path || name.hasPrefix($0.path + "/") }
      .max { $0.path.utf8.count < $1.path.utf8.count }?.module ?? module
  }
}

extension GeneratorOptions {
  /// What `protoc-gen-link --help` prints.
  package static let help = """
    Generates Swift from protobuf schemas. Run by protoc, not by hand:

      protoc --plugin=protoc-gen-link=PATH --link_out=DIRECTORY \\
        --link_opt=module=MyAPI,map=google/protobuf:Protobuf FILE…

    Options, comma-separated after --link_opt=:

      module=NAME            the module that the generated code will be part of
      map=PATH:MODULE        the types of this file, or of all below this directory, are in MODULE
      access=LEVEL           public (unless told otherwise), package or internal
      scopes=required        every method must have the option (link.v1.scope); services get a
                             table of them
      comments=no            leaves out the comments of the schema
      name=FULL.NAME:NAME    what a type is called in Swift
    """
}
