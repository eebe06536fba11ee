import LinkAPI
import LinkService
import Protobuf
import RPC
import Testing

/// What a call comes with, and what must become of it.
private enum Credential: CaseIterable {
  case none, unknown, revoked, expired, otherScopes, rightScope
}

/// T114: every method of every schema, called with every kind of token.
@Suite struct `Authorization matrix` {
  /// All methods as their schemas declare them: nothing here names one.
  private static var methods: [MethodDescriptor<Empty, Empty>] {
    get throws {
      var methods: [MethodDescriptor<Empty, Empty>] = []
      for file in [LinkServiceMethods.file, AdminServiceMethods.file] {
        let file = try FileDescriptorProto(serialized: file.serialized)
        for service in file.service {
          methods += service.method.map { method in
            MethodDescriptor<Empty, Empty>(
              service: "\(file.package ?? "").\(service.name ?? "")", method: method.name ?? "",
              kind: method.serverStreaming == true ? .serverStreaming : .unary)
          }
        }
      }
      return methods
    }
  }

  private static let scopes = LinkServiceMethods.scopes.merging(AdminServiceMethods.scopes) { $1 }

  @Test func `every method that is declared has a scope`() throws {
    let paths = try Self.methods.map(\.path)
    #expect(Set(paths) == Set(Self.scopes.keys))
    #expect(Self.scopes.values.allSatisfy { $0 != .unspecified })
  }

  @Test(arguments: Credential.allCases)
  private func `a call gets in with its method's scope and no other way`(
    _ credential: Credential
  ) async throws {
    for method in try Self.methods {
      let world = World()
      let token = try await world.token(credential, for: method.path)
      let error = await world.refusal(of: method, token)
      switch credential {
      case .none, .unknown, .revoked, .expired:
        #expect(error?.code == .unauthenticated, "\(method.path)")
        #expect(error?.reason == "UNAUTHENTICATED", "\(method.path)")
      case .otherScopes:
        #expect(error?.code == .permissionDenied, "\(method.path)")
        #expect(error?.reason == "SCOPE_MISSING", "\(method.path)")
      case .rightScope:
        // An empty request cannot be meant, but somebody has read it.
        #expect(error == nil || error?.code == .invalidArgument, "\(method.path)")
      }
    }
  }

  @Test func `an expired token gets the same answer as an unknown one`() async throws {
    let world = World()
    let method = MethodDescriptor<Empty, Empty>(
      service: "link.v1.LinkService", method: "ListAccounts", kind: .unary)
    let expired = try await world.token(.expired, for: method.path)
    let unknown = try await world.token(.unknown, for: method.path)
    let (first, second) = (
      await world.refusal(of: method, expired), await world.refusal(of: method, unknown)
    )
    #expect(first?.message == second?.message)
    #expect(first?.details == second?.details)
  }
}

extension World {
  fileprivate func token(_ credential: Credential, for path: String) async throws -> String? {
    let scope =
      LinkServiceMethods.scopes[path] ?? AdminServiceMethods.scopes[path] ?? .unspecified
    let right = TokenScope.allCases.filter { "\($0)" == scope.word }
    switch credential {
    case .none: return nil
    case .unknown: return try AccessToken.random().text
    case .otherScopes:
      return try await issue(Set(TokenScope.allCases).subtracting(right))
    case .rightScope: return try await issue(Set(right))
    case .revoked:
      let made = try await make(scope, expiring: nil)
      try await revoke(made.token?.name ?? "")
      return made.text
    case .expired:
      let made = try await make(scope, expiring: time.now + 60)
      time.advance(by: 60)
      return made.text
    }
  }

  fileprivate func refusal(
    of method: MethodDescriptor<Empty, Empty>, _ token: String?
  ) async -> RPCError? {
    var metadata = Metadata()
    if let token { metadata.append("Bearer \(token)", for: "authorization") }
    do throws(RPCError) {
      let options = CallOptions(metadata: metadata)
      if method.kind == .unary {
        _ = try await channel.unary(method, Empty(), options)
      } else {
        for try await _ in try await channel.serverStreaming(method, Empty(), options) {}
      }
      return nil
    } catch { return error }
  }
}

extension Scope {
  /// `read` for `SCOPE_READ`.
  fileprivate var word: String { description.lowercased().replacing("scope_", with: "") }
}
