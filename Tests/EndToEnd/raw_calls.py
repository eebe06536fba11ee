"""Requests as no library sends them, over one connection of h2, and their answers taken apart."""

import base64
import json
import socket
import struct
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

PATH = "/testing.calls.Calls/"
CODES = (
    None, "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found",
    "already_exists", "permission_denied", "resource_exhausted", "failed_precondition", "aborted",
    "out_of_range", "unimplemented", "internal", "unavailable", "data_loss", "unauthenticated")
# connectrpc.com/docs/protocol, "HTTP to Error Code".
FROM_HTTP = {400: "internal", 401: "unauthenticated", 403: "permission_denied",
             404: "unimplemented", 429: "unavailable", 502: "unavailable", 503: "unavailable",
             504: "unavailable"}


def frame(payload=b"", flags=0):
    """A message in its frame."""
    return struct.pack(">BI", flags, len(payload)) + payload


def frames(body):
    """The flags and payloads in a body of frames."""
    found = []
    while body:
        flags, length = struct.unpack_from(">BI", body)
        found.append((flags, body[5:5 + length]))
        assert len(body) >= 5 + length, body
        body = body[5 + length:]
    return found


@dataclass
class Answer:
    """What came back on a stream."""

    status: int = 0
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    trailers: dict = field(default_factory=dict)
    reset: int | None = None

    @property
    def code(self):
        """What a client of the protocol takes for the code; None if the call succeeded."""
        type = self.headers.get("content-type", "")
        if type.startswith("application/grpc-web"):
            body = self.body
            if "-text" in type:
                # Every part has its own padding.
                parts = body.replace(b"=", b"=|").split(b"|")
                body = b"".join(base64.b64decode(part + b"=" * (-len(part) % 4)) for part in parts)
            last, text = frames(body)[-1]
            assert last == 0x80
            lines = dict(line.split(": ", 1) for line in text.decode().splitlines())
            return CODES[int(lines["grpc-status"])]
        if type.startswith("application/grpc"):
            return CODES[int((self.trailers or self.headers)["grpc-status"])]
        if type.startswith("application/connect+"):
            last, text = frames(self.body)[-1]
            assert last == 2
            return json.loads(text).get("error", {}).get("code")
        if self.status == 200:
            return None
        if type == "application/json":
            return json.loads(self.body)["code"]
        return FROM_HTTP.get(self.status, "unknown")


class Connection:
    """A connection in plaintext that is used for one request after the other."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            header_encoding="utf-8", validate_outbound_headers=False))
        self.h2.initiate_connection()
        self._send()

    def _send(self):
        self.socket.sendall(self.h2.data_to_send())

    def request(self, path, headers, body=b"", verb="POST", padding=None):
        """Sends a request, its body whole or in pieces, and waits until its stream is over."""
        stream = self.h2.get_next_available_stream_id()
        fields = [(":method", verb), (":scheme", "http"), (":authority", "test"), (":path", path)]
        self.h2.send_headers(stream, fields + list(headers), end_stream=not body)
        pieces = [body] if isinstance(body, bytes) and body else list(body)
        for number, piece in enumerate(pieces, 1):
            self.h2.send_data(
                stream, piece, end_stream=number == len(pieces), pad_length=padding)
        self._send()
        answer = Answer()
        while not self._read(stream, answer):
            pass
        return answer

    def _read(self, stream, answer):
        data = self.socket.recv(65_536)
        assert data, "the connection was closed"
        is_over = False
        for event in self.h2.receive_data(data):
            if getattr(event, "stream_id", None) != stream:
                continue
            if isinstance(event, h2.events.ResponseReceived):
                answer.headers = dict(event.headers)
                answer.status = int(answer.headers.pop(":status"))
            elif isinstance(event, h2.events.DataReceived):
                answer.body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, stream)
            elif isinstance(event, h2.events.TrailersReceived):
                answer.trailers = dict(event.headers)
            elif isinstance(event, h2.events.StreamReset):
                answer.reset, is_over = event.error_code, True
            elif isinstance(event, h2.events.StreamEnded):
                is_over = True
        self._send()
        return is_over

    def close(self):
        self.socket.close()
