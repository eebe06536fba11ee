import Protobuf
import RPC
import Synchronization
import TestAPI

/// Does what the name says that is to be greeted; `Python/greeter.py` does the same.
struct TestGreeter: GreeterProtocol {
  let started = Signal()
  let cancelled = Signal()

  func sayHello(_ request: HelloRequest, context: ServerContext) async throws -> HelloReply {
    var reply = HelloReply()
    reply.message = "Hello " + request.name
    switch request.name {
    case "fail": throw failure
    case "crash": throw Crash()
    case "sleep": try await sleep()
    case "deadline": reply.message = "\(context.timeRemaining?.components.seconds ?? -1)"
    case "metadata":
      context.responseMetadata["x-echo"] = context.metadata["x-echo"]
      context.trailingMetadata[binary: "x-echo-bin"] = context.metadata[binary: "x-echo-bin"]
    default: break
    }
    return reply
  }

  private var failure: RPCError {
    var info = ErrorInfo()
    info.reason = "WHY"
    info.domain = "test"
    return RPCError(.failedPrecondition, "special ☺", metadata: ["x-why": "because"]).adding(info)
  }

  private func sleep() async throws {
    started.fire()
    do { try await Task.sleep(for: .seconds(30)) } catch {
      cancelled.fire()
      throw error
    }
  }

  private struct Crash: Error { let secret = "secret" }
}

/// Something that happens once or more, and can be waited for.
final class Signal: Sendable {
  private let stream = AsyncStream<Void>.makeStream()

  func fire() { stream.continuation.yield() }

  func wait() async {
    for await _ in stream.stream { return }
  }
}
