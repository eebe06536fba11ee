"""The server of the two interoperability tests that look at how requests are compressed, over h2.

grpcio's servers are told neither the grpc-encoding of a call nor the flag of a message.
"""

import contextlib
import gzip
import socket
import ssl
import struct
import threading

import h2.config
import h2.connection
import h2.events

INVALID_ARGUMENT, UNIMPLEMENTED = 3, 12


class Failure(Exception):
    """A call that ends with another status than OK."""


def frames(body, encoding):
    """Whether each message was compressed, and what it is."""
    while body:
        flag, size = struct.unpack_from(">BI", body)
        payload, body = body[5:5 + size], body[5 + size:]
        assert len(payload) == size and flag in (0, 1) and (not flag or encoding == "gzip")
        yield bool(flag), gzip.decompress(payload) if flag else payload


def check(request, was_compressed):
    """What the probes of a client are about."""
    if request.HasField("expect_compressed") and request.expect_compressed.value != was_compressed:
        raise Failure(INVALID_ARGUMENT)


def unary_call(messages, requests):
    (was_compressed, data), = requests
    request = messages.SimpleRequest.FromString(data)
    check(request, was_compressed)
    return messages.SimpleResponse(payload=messages.Payload(body=bytes(request.response_size)))


def streaming_input_call(messages, requests):
    total = 0
    for was_compressed, data in requests:
        request = messages.StreamingInputCallRequest.FromString(data)
        check(request, was_compressed)
        total += len(request.payload.body)
    return messages.StreamingInputCallResponse(aggregated_payload_size=total)


METHODS = {
    "/grpc.testing.TestService/UnaryCall": unary_call,
    "/grpc.testing.TestService/StreamingInputCall": streaming_input_call,
}


class Connection:
    """One client, until it goes."""

    def __init__(self, peer):
        self.peer = peer
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.headers, self.bodies, self.unsent = {}, {}, {}

    def run(self):
        self.h2.initiate_connection()
        with contextlib.suppress(OSError), self.peer:
            while True:
                self.peer.sendall(self.h2.data_to_send())
                data = self.peer.recv(65536)
                if not data:
                    return
                for event in self.h2.receive_data(data):
                    self.take(event)
                self.send_on()

    def take(self, event):
        match event:
            case h2.events.RequestReceived():
                self.headers[event.stream_id] = dict(event.headers)
                self.bodies[event.stream_id] = b""
            case h2.events.DataReceived():
                self.bodies[event.stream_id] += event.data
                self.h2.acknowledge_received_data(
                    event.flow_controlled_length, event.stream_id)
            case h2.events.StreamEnded():
                self.answer(event.stream_id)
            case h2.events.StreamReset():
                self.unsent.pop(event.stream_id, None)

    def answer(self, stream):
        from testing.grpc import testing_pb2
        headers, body = self.headers.pop(stream), self.bodies.pop(stream)
        start = [(":status", "200"), ("content-type", "application/grpc")]
        try:
            if headers[":path"] not in METHODS:
                raise Failure(UNIMPLEMENTED)
            requests = frames(body, headers.get("grpc-encoding"))
            reply = METHODS[headers[":path"]](testing_pb2, requests).SerializeToString()
        except Failure as failure:
            status = ("grpc-status", str(failure.args[0]))
            self.h2.send_headers(stream, [*start, status], end_stream=True)
        else:
            self.h2.send_headers(stream, start)
            self.unsent[stream] = struct.pack(">BI", 0, len(reply)) + reply

    def send_on(self):
        """Sends as much as the windows let through."""
        for stream, data in list(self.unsent.items()):
            while data and (room := self.h2.local_flow_control_window(stream)) > 0:
                size = min(room, self.h2.max_outbound_frame_size, len(data))
                self.h2.send_data(stream, data[:size])
                data = data[size:]
            self.unsent[stream] = data
            if not data:
                del self.unsent[stream]
                self.h2.send_headers(stream, [("grpc-status", "0")], end_stream=True)


def accept(listener, context, kind):
    """Serves one client after the other."""
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        peer.settimeout(60)
        with contextlib.suppress(OSError):
            kind(context.wrap_socket(peer, server_side=True) if context else peer).run()


@contextlib.contextmanager
def serving(certificate=None, kind=Connection):
    """The service on a port of the kernel's choice."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)
        context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener, context, kind), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        # Closing alone would leave the thread waiting.
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(60)
