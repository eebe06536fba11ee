"""Makes the calls of a table by connectrpc, a client that is not ours, in each of its protocols."""

import threading
from dataclasses import dataclass, field

from connectrpc.client import ConnectClientSync, ResponseMetadata
from connectrpc.compat import google_protobuf_binary_codec, google_protobuf_json_codec
from connectrpc.compression.gzip import GzipCompression
from connectrpc.errors import ConnectError
from connectrpc.method import IdempotencyLevel, MethodInfo, StreamType
from connectrpc.protocol import ProtocolType
from connectrpc.request import Headers
from pyqwest import HTTPVersion, SyncClient, SyncHTTPTransport

SERVICE = "testing.calls.Calls"
PROTOCOLS = {
    "connect": ProtocolType.CONNECT, "grpc": ProtocolType.GRPC, "grpcweb": ProtocolType.GRPC_WEB}
STREAMS = {"ClientStream": StreamType.CLIENT_STREAM, "ServerStream": StreamType.SERVER_STREAM,
           "Bidi": StreamType.BIDI_STREAM}


@dataclass
class Outcome:
    """What came of a call."""

    replies: list = field(default_factory=list)
    code: str | None = None
    message: str = ""
    details: list = field(default_factory=list)
    status: int | None = None
    headers: dict = field(default_factory=dict)
    trailers: dict = field(default_factory=dict)


def lists(headers):
    """The values of each name."""
    values = {}
    for name, value in headers.allitems():
        values.setdefault(name, []).extend(part.strip() for part in value.split(","))
    return values


class Client:
    """A client of one server in one protocol."""

    def __init__(self, url, schema, protocol, codec="proto", compression="identity", ca=None):
        self.schema, self.protocol = schema, protocol
        transport = SyncHTTPTransport(
            http_version=HTTPVersion.HTTP2, tls_ca_cert=ca.read_bytes() if ca else None)
        self.client = ConnectClientSync(
            url, protocol=PROTOCOLS[protocol],
            codec=google_protobuf_json_codec() if codec == "json" else google_protobuf_binary_codec(),
            send_compression=GzipCompression() if compression == "gzip" else None,
            accept_compression=(GzipCompression(),) if compression == "gzip" else (),
            http_client=SyncClient(transport))

    def method(self, name):
        level = "NO_SIDE_EFFECTS" if name == "Read" else "UNKNOWN"
        return MethodInfo(
            name=name, service_name=SERVICE, input=self.schema.Script, output=self.schema.Reply,
            idempotency_level=IdempotencyLevel[level],
            stream_type=STREAMS.get(name, StreamType.UNARY))

    def run(self, case):
        """Makes the call of a case."""
        outcome = Outcome()
        headers = Headers()
        for name, values in case.sent.items():
            for value in values:
                headers.add(name, value)
        options = {"method": self.method(case.kind), "headers": headers,
                   "timeout_ms": case.timeout_ms}
        with ResponseMetadata() as metadata:
            try:
                self._call(case, outcome, options)
            except ConnectError as error:
                outcome.code, outcome.message = error.code.value, error.message
                outcome.details = [(d.type_name, d.message_bytes) for d in error.details]
        outcome.status = metadata.http_status
        outcome.headers, outcome.trailers = lists(metadata.headers), lists(metadata.trailers)
        return outcome

    def _call(self, case, outcome, options):
        messages = case.messages(self.schema)
        if case.kind in STREAMS:
            self._stream(case, messages, outcome, options)
        else:
            outcome.replies.append(self.client.execute_unary(
                request=messages[0], use_get=case.kind == "Read", **options))

    def _stream(self, case, messages, outcome, options):
        if case.kind == "ServerStream":
            for reply in self.client.execute_server_stream(request=messages[0], **options):
                outcome.replies.append(reply)
        elif case.kind == "ClientStream":
            outcome.replies.append(
                self.client.execute_client_stream(request=iter(messages), **options))
        else:
            turn = threading.Semaphore(0)

            def requests():
                for message in messages:
                    yield message
                    # A reply comes before the next request, where there is one at all.
                    if case.script.get("full_duplex") and case.script.get("replies"):
                        turn.acquire(timeout=30)
            try:
                for reply in self.client.execute_bidi_stream(request=requests(), **options):
                    outcome.replies.append(reply)
                    turn.release()
            finally:
                turn.release(len(messages) + 1)

    @staticmethod
    def http_status(code):
        """What HTTP says of a unary call of Connect that failed with this code."""
        return {
            "canceled": 499, "invalid_argument": 400, "deadline_exceeded": 504, "not_found": 404,
            "already_exists": 409, "permission_denied": 403, "resource_exhausted": 429,
            "failed_precondition": 400, "aborted": 409, "out_of_range": 400, "unimplemented": 501,
            "unavailable": 503, "unauthenticated": 401}.get(code, 500)
