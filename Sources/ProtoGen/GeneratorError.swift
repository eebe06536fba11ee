/// Why no code can be generated from a schema.
package struct GeneratorError: Error, Hashable, CustomStringConvertible {
  /// The file, and the message and field in it where there are such.
  package let place: String
  /// What is wrong with it.
  package let problem: String

  package init(_ place: String, _ problem: String) {
    self.place = place
    self.problem = problem
  }

  package var description: String { "\(place): \(problem)" }
}
