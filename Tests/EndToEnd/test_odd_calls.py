"""T38, T41: requests that break the rules of a protocol, and what the server makes of them.

The first of each protocol's cases are the "unexpected requests" of connectrpc/conformance, rewritten;
the others are what its suites leave out. Accepted deviation: what is not a call is told so by HTTP
alone, so DELETE by gRPC has the status 405 beside its code, as connectrpc's own servers have.
"""

import gzip
import zlib

import pytest
from conftest import BIN, Process
from raw_calls import PATH, Connection, frame

ONE, TWO = frame(), frame() + frame()
UNARY, STREAM, IN = PATH + "Unary", PATH + "ServerStream", PATH + "ClientStream"
NOWHERE = "/testing.calls.Nobody/Knows"
READ = PATH + "Read"

# Name, content-type, path, other fields, body; then the HTTP status and the code.
GRPC = [
    ("no request", "application/grpc+proto", UNARY, {}, b"", 200, "unimplemented"),
    ("two requests", "application/grpc+proto", UNARY, {}, TWO, 200, "unimplemented"),
    ("no request of a stream", "application/grpc+proto", STREAM, {}, b"", 200, "unimplemented"),
    ("two of a stream", "application/grpc+proto", STREAM, {}, TWO, 200, "unimplemented"),
    ("verb", "application/grpc", UNARY, {":method": "DELETE"}, ONE, 405, "unknown"),
    ("path", "application/grpc", NOWHERE, {}, ONE, 200, "unimplemented"),
    ("codec", "application/grpc+foo", UNARY, {}, ONE, 415, "unknown"),
    ("type", "image/jpeg", UNARY, {}, b"12345678", 415, "unknown"),
    ("compression", "application/grpc", UNARY, {"grpc-encoding": "foo"}, ONE, 200, "unimplemented"),
    ("compressed", "application/grpc", UNARY, {"grpc-encoding": "identity"}, frame(b"", 1), 200,
     "internal"),
    ("cut message", "application/grpc", IN, {}, frame(b"0123456789")[:9], 200, "internal"),
    ("cut prefix", "application/grpc", IN, {}, b"\0\0\0", 200, "internal"),
    ("with +proto", "application/grpc+proto", UNARY, {}, ONE, 200, None),
    ("without +proto", "application/grpc", UNARY, {}, ONE, 200, None),
    ("json", "application/grpc+json", UNARY, {}, frame(b"{}"), 200, None),
    ("broken json", "application/grpc+json", UNARY, {}, frame(b"{"), 200, "invalid_argument"),
    ("broken proto", "application/grpc", UNARY, {}, frame(b"\x0a"), 200, "internal"),
]
WEB = [
    ("no request", "application/grpc-web+proto", UNARY, {}, b"", 200, "unimplemented"),
    ("two requests", "application/grpc-web+proto", UNARY, {}, TWO, 200, "unimplemented"),
    ("no request of a stream", "application/grpc-web+proto", STREAM, {}, b"", 200, "unimplemented"),
    ("two of a stream", "application/grpc-web+proto", STREAM, {}, TWO, 200, "unimplemented"),
    ("verb", "application/grpc-web", UNARY, {":method": "DELETE"}, ONE, 405, "unknown"),
    ("path", "application/grpc-web", NOWHERE, {}, ONE, 200, "unimplemented"),
    ("codec", "application/grpc-web+foo", UNARY, {}, ONE, 415, "unknown"),
    ("compression", "application/grpc-web", UNARY, {"grpc-encoding": "foo"}, ONE, 200,
     "unimplemented"),
    ("compressed", "application/grpc-web+proto", UNARY, {"grpc-encoding": "identity"},
     frame(b"", 1), 200, "internal"),
    ("with +proto", "application/grpc-web+proto", UNARY, {}, ONE, 200, None),
    ("without +proto", "application/grpc-web", UNARY, {}, ONE, 200, None),
    ("trailers in a request", "application/grpc-web", UNARY, {}, ONE + frame(b"", 0x80), 200,
     "internal"),
    ("text", "application/grpc-web-text", UNARY, {}, b"AAAAAAA=", 200, None),
    ("text in parts", "application/grpc-web-text", IN, {}, b"AAAAAAA=AAAAAAA=", 200, None),
    ("text that fails", "application/grpc-web-text", NOWHERE, {}, b"AAAAAAA=", 200, "unimplemented"),
    ("no text", "application/grpc-web-text", UNARY, {}, b"AAA*AAA=", 200, "internal"),
    ("cut text", "application/grpc-web-text", UNARY, {}, b"AAAAAAA", 200, "internal"),
    ("json", "application/grpc-web+json", UNARY, {}, frame(b"{}"), 200, None),
    ("deadline", "application/grpc-web", UNARY, {"grpc-timeout": "0m"}, ONE, 200,
     "deadline_exceeded"),
]
CONNECT = [
    ("type", "image/jpeg", UNARY, {}, b"12345678", 415, "unknown"),
    ("no request of a stream", "application/connect+proto", STREAM, {}, b"", 200, "unimplemented"),
    ("two of a stream", "application/connect+proto", STREAM, {}, TWO, 200, "unimplemented"),
    ("verb", "application/proto", UNARY, {":method": "DELETE"}, b"", 405, "unknown"),
    ("path", "application/proto", NOWHERE, {}, b"", 404, "unimplemented"),
    ("codec", "application/foo", UNARY, {}, b"", 415, "unknown"),
    ("compression", "application/proto", UNARY, {"content-encoding": "foo"}, b"", 501,
     "unimplemented"),
    ("compressed", "application/connect+proto", STREAM, {"connect-content-encoding": "identity"},
     frame(b"", 1), 200, "internal"),
    ("compression of a stream", "application/connect+proto", STREAM,
     {"connect-content-encoding": "foo"}, ONE, 200, "unimplemented"),
    ("end in a request", "application/connect+proto", IN, {}, frame(b"{}", 2), 200, "internal"),
    ("unary type, stream", "application/proto", STREAM, {}, b"", 415, "unknown"),
    ("stream type, unary", "application/connect+proto", UNARY, {}, ONE, 415, "unknown"),
    ("no version", "application/json", UNARY, {}, b"{}", 200, None),
    ("version", "application/json", UNARY, {"connect-protocol-version": "1"}, b"{}", 200, None),
    ("other version", "application/json", UNARY, {"connect-protocol-version": "2"}, b"{}", 400,
     "invalid_argument"),
    ("no time", "application/json", UNARY, {"connect-timeout-ms": "0"}, b"{}", 504,
     "deadline_exceeded"),
    ("little time", "application/json", UNARY, {"connect-timeout-ms": "50"},
     b'{"replies":[""],"delayMs":20000}', 504, "deadline_exceeded"),
    ("little time of a stream", "application/connect+json", STREAM, {"connect-timeout-ms": "50"},
     frame(b'{"replies":[""],"delayMs":20000}'), 200, "deadline_exceeded"),
    ("no number", "application/json", UNARY, {"connect-timeout-ms": "1s"}, b"{}", 400,
     "invalid_argument"),
    ("gzip", "application/json", UNARY, {"content-encoding": "gzip"}, gzip.compress(b"{}"), 200,
     None),
    ("deflate", "application/json", UNARY, {"content-encoding": "deflate"}, zlib.compress(b"{}"),
     200, None),
    ("empty gzip", "application/proto", UNARY, {"content-encoding": "gzip"}, b"", 200, None),
    ("no gzip", "application/json", UNARY, {"content-encoding": "gzip"}, b"{}", 500, "internal"),
    ("bomb", "application/proto", UNARY, {"content-encoding": "gzip"},
     gzip.compress(bytes(10 << 20)), 429, "resource_exhausted"),
    ("broken json", "application/json", UNARY, {}, b"{", 400, "invalid_argument"),
    ("broken proto", "application/proto", UNARY, {}, b"\x0a", 400, "invalid_argument"),
    ("get", None, READ + "?encoding=json&message=%7B%7D&connect=v1", {":method": "GET"}, b"", 200,
     None),
    ("get what may change", None, UNARY + "?encoding=json&message=%7B%7D", {":method": "GET"}, b"",
     405, "unknown"),
    ("get of nothing", None, READ, {":method": "GET"}, b"", 415, "unknown"),
    ("get in another codec", None, READ + "?encoding=xml&message=", {":method": "GET"}, b"", 415,
     "unknown"),
    ("get without a message", None, READ + "?encoding=json", {":method": "GET"}, b"", 400,
     "invalid_argument"),
    ("get, compressed", None, READ + "?encoding=json&base64=1&compression=foo&message=e30",
     {":method": "GET"}, b"", 501, "unimplemented"),
    ("get of nobody", None, NOWHERE + "?encoding=json&message=%7B%7D", {":method": "GET"}, b"", 404,
     "unimplemented"),
    ("post with a query", "application/json", UNARY + "?x=1", {}, b"{}", 404, "unimplemented"),
]
TABLE = [pytest.param(*case[1:], id=f"{protocol}-{case[0]}".replace(" ", "_"))
         for protocol, cases in (("grpc", GRPC), ("grpcweb", WEB), ("connect", CONNECT))
         for case in cases]


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    server = Process(
        [BIN / "interop-server", "--port", "0"], tmp_path_factory.mktemp("odd") / "server.log")
    connection = Connection(int(server.wait_for("listening on 127.0.0.1:")))
    yield connection
    connection.close()
    server.kill()


@pytest.mark.parametrize("type,path,fields,body,status,code", TABLE)
def test_the_answer_is_the_protocols(connection, type, path, fields, body, status, code):
    fields = dict(fields)
    verb = fields.pop(":method", "POST")
    headers = ([("content-type", type)] if type else []) + list(fields.items())
    answer = connection.request(path, headers, body, verb)
    assert (answer.status, answer.code) == (status, code), answer
    # What is answered before all of the request has come stops it, and that is no error.
    assert answer.reset in (None, 0)
    if status == 405:
        assert answer.headers["allow"] == "POST"
    if status == 415:
        assert "application/" in answer.headers["accept-post"]
    # And the connection goes on.
    assert connection.request(UNARY, [("content-type", "application/json")], b"{}").status == 200


def test_responses_are_compressed_as_the_client_likes(connection):
    script = b'{"replies":["' + b"A" * 4000 + b'"]}'
    for accepted, encoding in (("gzip", "gzip"), ("br, deflate", "deflate"), ("identity", None)):
        answer = connection.request(
            UNARY, [("content-type", "application/json"), ("accept-encoding", accepted)], script)
        assert answer.headers.get("content-encoding") == encoding
        plain = {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(encoding, bytes)
        assert b"A" * 4000 in plain(answer.body)
