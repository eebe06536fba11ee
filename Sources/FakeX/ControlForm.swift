import OAuth

/// The form of a control request.
struct ControlForm {
  private let parameters: [Parameter]

  /// Reads the body whatever its content type says, and without one the query.
  init(_ request: Request) throws(Control.Refusal) {
    do {
      parameters =
        try request.body.isEmpty
        ? Form.decode(request.query.utf8) : Form.decode(request.body)
    } catch {
      throw .init("not a form: \(error)")
    }
  }

  subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

  func required(_ name: String) throws(Control.Refusal) -> String {
    guard let value = self[name] else { throw .init("\(name) is missing") }
    return value
  }

  func number(
    _ name: String, default fallback: Int64? = nil
  ) throws(Control.Refusal) -> Int64 {
    guard let value = self[name].map({ Int64($0) }) ?? fallback else {
      throw .init("\(name) is not a number")
    }
    return value
  }

  func flag(_ name: String) throws(Control.Refusal) -> Bool? {
    guard let value = self[name] else { return nil }
    guard let flag = Bool(value) else { throw .init("\(name) is true or false") }
    return flag
  }
}

extension ControlForm {
  /// The fault that the form describes: a replacement, a delivery, and whether it takes effect.
  func fault() throws(Control.Refusal) -> Fault {
    let replacement = try replacement()
    var fault = try prepared() ?? Fault(replacement, takesEffect: replacement == nil)
    fault.delivery = try delivery()
    if let effect = try flag("takes_effect") {
      fault.takesEffect = effect
    } else if fault.delivery == .hung || fault.delivery == .closed {
      fault.takesEffect = false
    }
    return fault
  }

  private func replacement() throws(Control.Refusal) -> Fault.Replacement? {
    if let code = self["code"] {
      guard let error = Int(code).flatMap(XError.withCode) else { throw .init("no such code") }
      let format = self["format"].map { ErrorFormat(rawValue: $0) }
      if case .some(nil) = format { throw .init("no such format") }
      return .error(error, format ?? nil)
    }
    guard self["status"] != nil else { return nil }
    let status = try number("status")
    guard (200...599).contains(status) else { throw .init("status is 200 to 599") }
    return .answer(
      Answer(
        Int(status), type: self["type"] ?? "text/plain; charset=utf-8", self["body"] ?? "",
        headers: self["location"].map { [Header("Location", $0)] } ?? []))
  }

  /// A fault by name.
  private func prepared() throws(Control.Refusal) -> Fault? {
    switch self["kind"] {
    case nil: return nil
    case "page": return .page
    case "garbage": return .garbage
    case "huge": return .huge(bytes: try size())
    case "bomb":
      do {
        return try .bomb(bytes: try size())
      } catch {
        throw .init("the bomb could not be built")
      }
    case "not_enrolled": return Fault(.notEnrolled)
    default: throw .init("kind is page, garbage, huge, bomb or not_enrolled")
    }
  }

  private func size() throws(Control.Refusal) -> Int {
    let size = try number("bytes", default: 1 << 20)
    guard (0...Int64(Limits.faultBody)).contains(size) else {
      throw .init("bytes is at most \(Limits.faultBody)")
    }
    return Int(size)
  }

  private func delivery() throws(Control.Refusal) -> Answer.Delivery {
    if try flag("hang") == true { return .hung }
    if try flag("close") == true { return .closed }
    if self["delay_ms"] != nil { return .delayed(milliseconds: try delay("delay_ms")) }
    if self["trickle_ms"] != nil { return .trickled(milliseconds: try delay("trickle_ms")) }
    return .now
  }

  private func delay(_ name: String) throws(Control.Refusal) -> Int {
    let delay = try number(name)
    guard (0...Int64(Limits.delay)).contains(delay) else {
      throw .init("\(name) is at most \(Limits.delay)")
    }
    return Int(delay)
  }
}
