import Protobuf

/// Prints a service: its methods, the protocol that a server implements, and the client.
struct ServiceGenerator {
  /// A method as generated code needs it.
  private struct Method {
    let descriptor: MethodDescriptorProto
    let name: String
    let request: String
    let response: String
    let comment: String?
    /// Whether a request can have a key of its own (AIP-155), with which the call may be repeated.
    let hasRequestID: Bool

    var streamsRequests: Bool { descriptor.clientStreaming == true }
    var streamsResponses: Bool { descriptor.serverStreaming == true }

    /// The method's `MethodKind`, and what `Router` and `Channel` call it.
    var kind: String {
      switch (streamsRequests, streamsResponses) {
      case (false, false): "unary"
      case (true, false): "clientStreaming"
      case (false, true): "serverStreaming"
      case (true, true): "bidirectional"
      }
    }

    /// The parameters and the result of the method that a server implements.
    var handlerParameters: String {
      let input =
        streamsRequests ? "_ requests: RequestStream<\(request)>" : "_ request: \(request)"
      let output = streamsResponses ? ", responses: ResponseWriter<\(response)>" : ""
      return "\(input)\(output), context: ServerContext"
    }

    var handlerResult: String { streamsResponses ? "" : " -> \(response)" }

    /// What the client's method returns.
    var callResult: String {
      switch (streamsRequests, streamsResponses) {
      case (false, false): response
      case (true, false): "ClientStreamingCall<\(request), \(response)>"
      case (false, true): "ResponseStream<\(response)>"
      case (true, true): "BidirectionalCall<\(request), \(response)>"
      }
    }

    /// What the client's method passes on.
    var callArguments: String {
      if streamsRequests { return "options" }
      let isKeyed = hasRequestID && !streamsResponses && idempotency.isEmpty
      return isKeyed ? "request, options.keyed(by: request.requestID)" : "request, options"
    }

    var idempotency: String {
      switch descriptor.options?.idempotencyLevel {
      case .noSideEffects: ", idempotency: .noSideEffects"
      case .idempotent: ", idempotency: .idempotent"
      default: ""
      }
    }
  }

  private let name: String
  private let fullName: String
  private let access: String
  private let comment: String?
  private let file: String
  private let methods: [Method]
  private let scopes: ScopeTable?

  init(
    _ service: ServiceDescriptorProto, _ context: FileContext, path: [Int32]
  ) throws(GeneratorError) {
    name = service.name ?? ""
    fullName = context.file.fullName(of: service.name)
    access = context.access
    comment = context.comments[path]
    file = DescriptorGenerator.name(ofFile: context.file.name ?? "") + ".file"
    methods = try Self.methods(service, context, path)
    scopes = try ScopeTable(service, context)
  }

  private static func methods(
    _ service: ServiceDescriptorProto, _ context: FileContext, _ path: [Int32]
  ) throws(GeneratorError) -> [Method] {
    let scope = Scope(module: context.module)
    var methods: [Method] = []
    for (index, method) in service.method.enumerated() {
      let place = "\(context.file.name ?? ""): \(service.name ?? "").\(method.name ?? "")"
      methods.append(
        Method(
          descriptor: method, name: Naming.method(method.name ?? ""),
          request: scope.reference(to: try context.schema.entry(method.inputType, place)),
          response: scope.reference(to: try context.schema.entry(method.outputType, place)),
          comment: context.comments[path.appending(Path.methods, index)],
          hasRequestID: context.schema.message(method.inputType)?.field.contains {
            $0.name == "request_id" && $0.type == .string && $0.label != .repeated
          } ?? false))
    }
    return methods
  }

  func print(to printer: inout CodePrinter) {
    printMethods(to: &printer)
    printer.line()
    printProtocol(to: &printer)
    printer.line()
    printClient(to: &printer)
  }

  private func printMethods(to printer: inout CodePrinter) {
    printer.line("/// The methods of `\(fullName)`.")
    printer.block("\(access)enum \(name)Methods") { printer in
      for method in methods {
        printer.comment(method.comment)
        let type = "MethodDescriptor<\(method.request), \(method.response)>"
        printer.line("\(access)static let \(method.name) = \(type)(")
        let names = "service: \"\(fullName)\", method: \"\(method.descriptor.name ?? "")\""
        printer.line("  \(names), kind: .\(method.kind)\(method.idempotency))")
      }
      printer.line()
      printer.line("/// The file that declares the service.")
      printer.line("\(access)static var file: FileDescriptor { \(file) }")
      scopes?.print(to: &printer)
    }
  }

  private func printProtocol(to printer: inout CodePrinter) {
    printer.comment(comment)
    printer.block("\(access)protocol \(name)Protocol: RPC.Service") { printer in
      for method in methods {
        printer.comment(method.comment)
        printer.line("func \(method.name)(")
        printer.line("  \(method.handlerParameters)")
        printer.line(") async throws\(method.handlerResult)")
      }
    }
    printer.line()
    printer.block("extension \(name)Protocol") { printer in
      printer.line("/// Adds every method of the service.")
      printer.line("\(access)func register(in router: inout Router) { addMethods(to: &router) }")
      printer.line()
      printer.line("/// Does what `register` does, for a service whose own `register` does more.")
      printer.block("\(access)func addMethods(to router: inout Router)") { printer in
        printer.line("router.add(\(name)Methods.file)")
        for method in methods {
          let member = Naming.member(method.name)
          printer.line("router.\(method.kind)(\(name)Methods.\(member), \(method.name))")
        }
      }
    }
  }

  private func printClient(to printer: inout CodePrinter) {
    printer.line("/// Calls `\(fullName)`.")
    printer.block("\(access)struct \(name)Client: Sendable") { printer in
      printer.line("private let channel: any Channel")
      printer.line("/// A client whose calls go through a channel.")
      printer.line("\(access)init(_ channel: any Channel) { self.channel = channel }")
      for method in methods {
        printer.line()
        printer.comment(method.comment)
        printer.line("\(access)func \(method.name)(")
        let request = method.streamsRequests ? "" : "_ request: \(method.request), "
        printer.line("  \(request)options: CallOptions = CallOptions()")
        printer.block(") async throws(RPCError) -> \(method.callResult)") { printer in
          let member = "\(name)Methods.\(Naming.member(method.name))"
          printer.line("try await channel.\(method.kind)(\(member), \(method.callArguments))")
        }
      }
    }
  }
}
