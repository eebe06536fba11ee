internal import Protobuf
public import RPC

/// Tells callers without a schema what the server serves (`grpc.reflection.v1.ServerReflection`, and
/// `v1alpha`, which differs in its name alone).
public struct Reflection: RPC.Service {
  private typealias Alpha = MethodDescriptor<ServerReflectionRequest, ServerReflectionResponse>

  private static let alpha = Alpha(
    service: "grpc.reflection.v1alpha.ServerReflection", method: "ServerReflectionInfo",
    kind: .bidirectional)

  private let catalog: Catalog

  /// Tells of these services and of itself.
  public init(of services: [any RPC.Service]) {
    let router = Router(services)
    let own = [ServerReflectionMethods.serverReflectionInfo.service, Self.alpha.service]
    var catalog = Catalog(services: router.serviceNames + own)
    for file in router.files + [ServerReflectionMethods.file] { catalog.add(file) }
    // The details of errors, which no method names.
    catalog.add(GoogleRpcErrorDetailsProto.file)
    catalog.addAlpha(of: ServerReflectionMethods.file)
    self.catalog = catalog
  }

  /// The paths of its methods.
  public static var paths: [String] {
    [ServerReflectionMethods.serverReflectionInfo.path, alpha.path]
  }

  /// Adds the method under both names.
  public func register(in router: inout Router) {
    router.add(ServerReflectionMethods.file)
    for method in [ServerReflectionMethods.serverReflectionInfo, Self.alpha] {
      router.bidirectional(method) { requests, responses, _ in
        for try await request in requests { try await responses.write(answer(request)) }
      }
    }
  }

  private func answer(_ request: ServerReflectionRequest) -> ServerReflectionResponse {
    var response = ServerReflectionResponse()
    response.validHost = request.host
    response.originalRequest = request
    response.messageResponse = answer(request.messageRequest)
    return response
  }

  private func answer(
    _ question: ServerReflectionRequest.MessageRequest?
  ) -> ServerReflectionResponse.MessageResponse {
    switch question {
    case .listServices: .listServicesResponse(services)
    case .fileByFilename(let name): files(catalog.file(named: name))
    case .fileContainingSymbol(let name): files(catalog.file(declaring: name))
    case .fileContainingExtension(let asked):
      files(catalog.file(extending: asked.containingType, with: asked.extensionNumber))
    case .allExtensionNumbersOfType(let type): extensions(of: type)
    case nil: error(.invalidArgument, "nothing is asked for")
    }
  }

  private var services: ListServiceResponse {
    var list = ListServiceResponse()
    list.service = catalog.services.map { name in
      var service = ServiceResponse()
      service.name = name
      return service
    }
    return list
  }

  private func files(_ file: Catalog.File?) -> ServerReflectionResponse.MessageResponse {
    guard let file else { return error(.notFound, "no file of the server has it") }
    var response = FileDescriptorResponse()
    response.fileDescriptorProto = catalog.closure(of: file).map(\.serialized)
    return .fileDescriptorResponse(response)
  }

  private func extensions(of type: String) -> ServerReflectionResponse.MessageResponse {
    guard catalog.file(declaring: type) != nil else {
      return error(.notFound, "no file of the server declares this type")
    }
    var response = ExtensionNumberResponse()
    response.baseTypeName = type
    response.extensionNumber = catalog.extensionNumbers(of: type)
    return .allExtensionNumbersResponse(response)
  }

  private func error(
    _ code: StatusCode, _ message: String
  ) -> ServerReflectionResponse.MessageResponse {
    var error = ErrorResponse()
    error.errorCode = Int32(code.rawValue)
    error.errorMessage = message
    return .errorResponse(error)
  }
}
