"""The greeter of these tests as grpcio has it: `greeter.py serve` and `greeter.py call`.

The names that are greeted say what is to happen; TestGreeter.swift does the same.
"""

import sys
import tempfile
import threading
from concurrent import futures
from pathlib import Path

import grpc
from grpc_tools import protoc

root = Path(__file__).resolve().parents[3]
stubs = tempfile.TemporaryDirectory()
assert protoc.main([
    "protoc", f"-I{root}/Protos/testing/helloworld", f"--python_out={stubs.name}",
    f"--grpc_python_out={stubs.name}", "helloworld.proto",
]) == 0
sys.path.insert(0, stubs.name)
import helloworld_pb2 as messages  # noqa: E402
import helloworld_pb2_grpc as services  # noqa: E402

DETAILS = bytes.fromhex("0809") + b"\x12\x0bspecial \xe2\x98\xba" + (
    # One google.protobuf.Any with an ErrorInfo: reason WHY, domain test.
    b"\x1a\x3b\x0a\x28type.googleapis.com/google.rpc.ErrorInfo\x12\x0f\x0a\x03WHY\x12\x04test"
    b"\x1a\x02\x0a\x00"
)


class Greeter(services.GreeterServicer):
    def SayHello(self, request, context):
        metadata = dict(context.invocation_metadata())
        if request.name == "fail":
            context.set_trailing_metadata((
                ("grpc-status-details-bin", DETAILS), ("x-why", "because")))
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "special ☺")
        if request.name == "crash":
            raise RuntimeError("secret")
        if request.name == "sleep":
            gone = threading.Event()
            context.add_callback(gone.set)
            gone.wait(30)
        if request.name == "metadata":
            context.send_initial_metadata((("x-echo", metadata["x-echo"]),))
            context.set_trailing_metadata((("x-echo-bin", metadata["x-echo-bin"]),))
        if request.name == "deadline":
            return messages.HelloReply(message=f"{context.time_remaining():.0f}")
        return messages.HelloReply(message="Hello " + request.name)


def serve(certificate=None, key=None, client_ca=None):
    server = grpc.server(
        futures.ThreadPoolExecutor(4), compression=grpc.Compression.Gzip,
        options=[("grpc.max_receive_message_length", 64 << 20)])
    services.add_GreeterServicer_to_server(Greeter(), server)
    if certificate:
        pair = (Path(key).read_bytes(), Path(certificate).read_bytes())
        roots = Path(client_ca).read_bytes() if client_ca else None
        credentials = grpc.ssl_server_credentials([pair], roots, bool(roots))
        port = server.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"listening on 127.0.0.1:{port}", flush=True)
    sys.stdin.read()  # until the test closes it
    server.stop(None)


def failure(call):
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


def call(port, trust=None):
    target = f"127.0.0.1:{port}"
    if trust:
        credentials = grpc.ssl_channel_credentials(Path(trust).read_bytes())
        channel = grpc.secure_channel(target, credentials)
    else:
        channel = grpc.insecure_channel(target)
    say_hello = services.GreeterStub(channel).SayHello

    def hello(name, **options):
        options.setdefault("timeout", 10)
        return say_hello(messages.HelloRequest(name=name), **options)

    assert hello("world").message == "Hello world"
    assert hello("").message == "Hello "
    long = "x" * 300_000
    for compression in grpc.Compression:
        assert hello(long, compression=compression).message == "Hello " + long

    error = failure(lambda: hello("fail"))
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
    assert error.details() == "special ☺", error
    trailing = dict(error.trailing_metadata())
    assert trailing["x-why"] == "because", trailing
    assert b"google.rpc.ErrorInfo\x12\x0b\x0a\x03WHY\x12\x04test" in trailing[
        "grpc-status-details-bin"], trailing

    error = failure(lambda: hello("crash"))
    assert error.code() == grpc.StatusCode.UNKNOWN, error
    assert "secret" not in error.details(), error

    error = failure(lambda: hello("sleep", timeout=0.05))
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    assert hello("deadline", timeout=100).message in ("100", "99")

    request = say_hello.future(messages.HelloRequest(name="sleep"), timeout=10)
    request.cancel()
    assert request.code() == grpc.StatusCode.CANCELLED, request.code()

    every_byte = bytes(range(256))
    response, done = say_hello.with_call(
        messages.HelloRequest(name="metadata"),
        metadata=(("x-echo", "there"), ("x-echo-bin", every_byte)), timeout=10)
    assert dict(done.initial_metadata())["x-echo"] == "there"
    assert dict(done.trailing_metadata())["x-echo-bin"] == every_byte

    error = failure(lambda: hello("x" * (5 << 20)))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, error
    unknown = channel.unary_unary("/helloworld.Greeter/SayGoodbye")
    error = failure(lambda: unknown(b"", timeout=10))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error

    with futures.ThreadPoolExecutor(8) as pool:
        names = [f"number {n}" for n in range(400)]
        replies = list(pool.map(lambda name: hello(name).message, names))
    assert replies == ["Hello " + name for name in names]
    print("every call went as it should")


if __name__ == "__main__":
    {"serve": serve, "call": call}[sys.argv[1]](*sys.argv[2:])
