"""What servers answer, good and bad, and what a client has to make of it.

Rewritten from those suites of connectrpc/conformance that have a server send raw HTTP: as rows of what
is sent and what comes of it. Where they allow two codes, one is ours.
"""

import gzip
import json
import struct
from dataclasses import dataclass, field

from call_cases import DATA

FOO, BING = {"x-custom-header": ["foo"]}, {"x-custom-trailer": ["bing"]}
MANY = {"x-custom-header": ["foo", "bar", "baz"]}, {"x-custom-trailer": ["bing", "quuz"]}
FAILED = {"grpc-status": ["9"], "grpc-message": ["error"]}
OK = {"grpc-status": ["0"]}
# HTTP statuses that say for themselves what has happened. 431 is told apart by gRPC's own table only
# (http-grpc-status-mapping.md, newer than the suite): there it is INTERNAL.
HTTP = {400: "internal", 401: "unauthenticated", 403: "permission_denied", 404: "unimplemented",
        409: "unknown", 412: "unknown", 413: "unknown", 415: "unknown", 418: "unknown",
        429: "unavailable", 431: "unknown", 502: "unavailable", 503: "unavailable",
        504: "unavailable", 505: "unknown", 800: "unknown"}
STREAMS = ("Unary", "ClientStream", "ServerStream", "Bidi")


@dataclass
class Case:
    """An answer, and what it comes to."""

    name: str
    kind: str = "Unary"
    # What is sent.
    type: str | None = None
    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    trailers: dict | None = None
    # What is seen of it; nothing is said of metadata and message that are left out.
    code: str | None = None
    message: str | None = None
    replies: tuple = ()
    seen_headers: dict = field(default_factory=dict)
    seen_trailers: dict = field(default_factory=dict)
    details: list = field(default_factory=list)


def frame(payload=b"", flags=0):
    return struct.pack(">BI", flags, len(payload)) + payload


REPLY = b"\x0a" + bytes([len(DATA)]) + DATA
ONE = frame(REPLY)


def from_http(grpc):
    """Whatever is in an answer of another status, it is not that of a call."""
    for status, code in HTTP.items():
        yield Case(f"http/{status}", status=status,
                   code="internal" if grpc and status == 431 else code)


def grpc():
    """The suites for gRPC."""
    plain, proto = "application/grpc", "application/grpc+proto"
    yield Case("trailers/at-end", type=plain, headers=FOO, trailers=FAILED | BING,
               code="failed_precondition", message="error", seen_headers=FOO, seen_trailers=BING)
    yield Case("trailers/at-end/duplicates", type=plain, headers=MANY[0], trailers=FAILED | MANY[1],
               code="failed_precondition", message="error", seen_headers=MANY[0],
               seen_trailers=MANY[1])
    for name, trailers in (("only", BING), ("only/duplicates", MANY[1])):
        yield Case(f"trailers/{name}", type=plain, headers=FAILED | trailers,
                   code="failed_precondition", message="error", seen_trailers=trailers)
    for kind in STREAMS:
        yield Case(f"empty/{kind}", kind, proto, headers=FOO, body=frame(), trailers=OK | BING,
                   replies=(b"",), seen_headers=FOO, seen_trailers=BING)
    for type in (proto, plain):
        yield Case(f"subformat/{type}", type=type, body=ONE, trailers=OK, replies=(DATA,))
    yield Case("unexpected/missing-status", type=plain, body=frame(b"grpc-message: error\r\n", 0x80),
               trailers={"grpc-message": ["error"]}, code="internal")
    yield Case("unexpected/missing-status/no-body", type=plain,
               trailers={"grpc-message": ["error"]}, code="internal")
    for kind in ("Unary", "ClientStream"):
        yield Case(f"unexpected/{kind}/no-reply", kind, plain, trailers=OK, code="unimplemented")
        yield Case(f"unexpected/{kind}/two-replies", kind, plain, body=ONE + ONE, trailers=OK,
                   code="unimplemented")
    yield Case("unexpected/trailers-only/body", type=plain, headers={"grpc-status": ["9"]}, body=ONE,
               code="internal")
    yield Case("unexpected/trailers-only/trailers", type=plain, headers={"grpc-status": ["8"]},
               trailers={"foo": ["bar"], "grpc-status": ["9"]}, code="failed_precondition")
    yield Case("unexpected/codec", type="application/grpc+json", body=frame(b"{}"), trailers=OK,
               code="internal")
    yield Case("unexpected/compression", type=proto, headers={"grpc-encoding": ["foo"]},
               body=frame(b"", 1), trailers=OK, code="internal")
    yield Case("unexpected/compressed", type=proto, headers={"grpc-encoding": ["identity"]},
               body=frame(b"", 1), trailers=OK, code="internal")
    yield Case("unexpected/type", type="image/jpeg", body=ONE, trailers=OK, code="unknown")
    for kind in STREAMS:
        # Of a stream what has come is given out first.
        yield Case(f"unexpected/{kind}/no-trailers", kind, plain, body=ONE, code="internal",
                   replies=(DATA,) if kind in ("ServerStream", "Bidi") else ())
    for name, body in (("message", ONE[:-1]), ("prefix", ONE[:3])):
        yield Case(f"unexpected/cut-{name}", type=plain, body=body, trailers=OK, code="internal")


def grpcweb():
    """The suites for gRPC-Web."""
    plain, proto = "application/grpc-web", "application/grpc-web+proto"

    def end(text, flags=0x80):
        return frame(text.encode(), flags)

    good, none = end("grpc-status: 0\r\n"), end("grpc-message: error\r\n")
    failed = "grpc-status: 9\r\ngrpc-message: error\r\n"
    mixed = "Grpc-Status: 9\r\ngRPC-Message: error\r\nx-Custom-Trailer: bing\r\n"
    error = {"code": "failed_precondition", "message": "error"}
    for name, text in (("body", failed + "x-custom-trailer: bing\r\n"), ("mixed-case", mixed)):
        yield Case(f"trailers/{name}", type=plain, headers=FOO, body=end(text), seen_headers=FOO,
                   seen_trailers=BING, **error)
    yield Case("trailers/duplicates", type=plain, headers=MANY[0], body=end(
        failed + "x-custom-trailer: bing\r\nx-custom-trailer: quuz\r\n"), seen_headers=MANY[0],
        seen_trailers=MANY[1], **error)
    for name, (headers, trailers) in (("only", (FOO, BING)), ("only/duplicates", MANY)):
        yield Case(f"trailers/{name}", type=plain, headers=FAILED | headers | trailers,
                   seen_headers=headers, seen_trailers=trailers, **error)
    yield Case("trailers/compressed", type=plain, headers=FOO | {"grpc-encoding": ["gzip"]},
               body=frame(gzip.compress((failed + "x-custom-trailer: bing\r\n").encode()), 0x81),
               seen_headers=FOO, seen_trailers=BING, **error)
    for kind in STREAMS:
        yield Case(f"empty/{kind}", kind, proto, headers=FOO, body=frame() + end(
            "grpc-status: 0\r\nx-custom-trailer: bing\r\n"), replies=(b"",), seen_headers=FOO,
            seen_trailers=BING)
    for type in (proto, plain):
        yield Case(f"subformat/{type}", type=type, body=ONE + good, replies=(DATA,))
    yield Case("unexpected/missing-status", type=plain, body=none, code="internal")
    yield Case("unexpected/only/missing-status", type=plain, headers={"grpc-message": ["error"]},
               code="internal")
    for kind in ("Unary", "ClientStream"):
        for name, body, headers in (
                ("no-reply", good, {}), ("two-replies", ONE + ONE + good, {}),
                ("only/no-reply", b"", OK)):
            yield Case(f"unexpected/{kind}/{name}", kind, plain, body=body, headers=headers,
                       code="unimplemented")
    yield Case("unexpected/only/body", type=plain, headers={"grpc-status": ["8"]},
               body=end("grpc-status: 9\r\n"), code="failed_precondition")
    yield Case("unexpected/type", type="image/jpeg", code="unknown")
    yield Case("unexpected/codec", type="application/grpc-web+json", body=frame(b"{}") + good,
               code="internal")
    yield Case("unexpected/compression", type=proto, headers={"grpc-encoding": ["foo"]},
               body=frame(b"", 1) + good, code="internal")
    yield Case("unexpected/compressed", type=proto, headers={"grpc-encoding": ["identity"]},
               body=frame(b"", 1) + good, code="internal")


# An error with something that its reader does not know, and a detail.
DETAIL = {"type": "google.protobuf.FileDescriptorProto", "value": "Cgp0ZXN0LnByb3Rv",
          "frob": "nitz", "debug": {"name": "test.proto", "foobar": True}}
ERROR = {"code": "out_of_range", "message": "oops", "foobar": "baz", "details": [DETAIL]}
DETAILS = [("google.protobuf.FileDescriptorProto", b"\x0a\x0atest.proto")]


def connect():
    """The suites for Connect."""
    yield from connect_errors()
    proto, stream = "application/proto", "application/connect+proto"
    end, message = frame(b"{}", 2), {"replies": (b"",)}
    yield Case("empty/Unary", type=proto, headers=FOO | {"trailer-x-custom-trailer": ["bing"]},
               seen_headers=FOO, seen_trailers=BING, **message)
    for kind in STREAMS[1:]:
        yield Case(f"empty/{kind}", kind, stream, headers=FOO, body=frame() + frame(
            json.dumps({"metadata": BING}).encode(), 2), seen_headers=FOO, seen_trailers=BING,
            **message)
        kept = {} if kind == "ClientStream" else message
        yield Case(f"unexpected/{kind}/no-end", kind, stream, body=frame(), code="internal", **kept)
    body = frame(json.dumps({"code": "out_of_range", "message": "oops"}).encode(), 2)
    for name, start in (("no-reply", b""), ("two-replies", ONE + ONE)):
        yield Case(f"unexpected/ClientStream/{name}", "ClientStream", stream, body=start + body,
                   code="unimplemented")
    yield Case("unexpected/error-body", type=proto, status=403, body=REPLY, code="permission_denied")
    yield Case("unexpected/type", type="image/jpeg", code="unknown")
    yield Case("unexpected/codec", type="application/json", body=b"{}", code="internal")
    yield Case("unexpected/stream-codec", "ServerStream", "application/connect+json",
               body=frame(b"{}") + end, code="internal")
    yield Case("unexpected/compression", type=proto, headers={"content-encoding": ["foo"]},
               body=REPLY, code="internal")
    yield Case("unexpected/compressed", "ServerStream", stream,
               headers={"connect-content-encoding": ["identity"]}, body=frame(b"", 1) + end,
               code="internal")
    yield Case("unexpected/cut-message", "ServerStream", stream, code="internal",
               body=frame() + frame(bytes(10))[:8], **message)
    yield Case("unexpected/cut-prefix", "ServerStream", stream, code="internal",
               body=frame() + bytes(3), **message)


def connect_errors():
    """Errors, and how streams end."""
    kind = "application/json"
    oops = {"message": "oops"}
    for name, status, error, code in (
            ("null", 401, None, "unauthenticated"),
            ("null-code", 401, {"code": None} | oops, "unauthenticated"),
            ("no-code", 401, oops, "unauthenticated"),
            ("unknown-code", 429, {"code": "foobar"} | oops, "unavailable"),
            ("unknown-members", 422, ERROR, "out_of_range")):
        yield Case(f"errors/{name}", type=kind, status=status, body=json.dumps(error).encode(),
                   code=code, message=error and "oops", details=DETAILS if error is ERROR else [])
    yield Case("errors/compressed", type=kind, status=422, headers={"content-encoding": ["gzip"]},
               body=gzip.compress(json.dumps(ERROR).encode()), code="out_of_range", message="oops",
               details=DETAILS)
    for name, error, code in (
            ("null-error", None, None), ("null-code", {"code": None} | oops, "unknown"),
            ("no-code", oops, "unknown"), ("unknown-code", {"code": "foobar"} | oops, "unknown"),
            ("unknown-members", ERROR, "out_of_range")):
        yield Case(f"ends/{name}", "ServerStream", "application/connect+proto",
                   body=frame(json.dumps({"error": error}).encode(), 2), code=code,
                   message=error and "oops", details=DETAILS if error is ERROR else [])
    yield Case("ends/compressed", "ServerStream", "application/connect+proto",
               headers={"connect-content-encoding": ["gzip"]}, code="out_of_range", message="oops",
               body=frame(gzip.compress(json.dumps({"error": ERROR}).encode()), 3), details=DETAILS)


TABLES = {"grpc": [*from_http(True), *grpc()], "grpcweb": [*from_http(True), *grpcweb()],
          "connect": [*from_http(False), *connect()]}
