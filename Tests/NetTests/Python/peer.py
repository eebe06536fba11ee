"""An HTTP/2 peer made of hyper-h2, which shares no line with nghttp2.

peer.py call PORT      asks an echo server in several ways, says what went wrong
peer.py serve          serves echoes on a port of the kernel's choice, which it prints, until its
                       standard input ends
"""
import socket
import sys
import threading

import h2.config
import h2.connection
import h2.events


class Connection:
    """One connection over a blocking socket, with all events in order."""

    def __init__(self, sock, client):
        self.sock = sock
        sock.settimeout(10)
        config = h2.config.H2Configuration(client_side=client, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config=config)
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def read(self):
        data = self.sock.recv(65536)
        events = self.h2.receive_data(data) if data else []
        self.flush()
        return events if data else None

    def send(self, stream, body, end):
        """Sends what the windows allow; returns the rest."""
        while body:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if room == 0:
                break
            self.h2.send_data(stream, body[:room])
            body = body[room:]
        if end and not body:
            self.h2.end_stream(stream)
        self.flush()
        return body


def ask(connection, stream, body, read_limit=None):
    """One request; returns status, body and trailers, or the code of a reset."""
    headers = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "test")]
    connection.h2.send_headers(stream, headers)
    rest = connection.send(stream, body, True)
    status, answer, trailers = None, b"", None
    while True:
        events = connection.read()
        if events is None:
            return "connection closed"
        for event in events:
            if getattr(event, "stream_id", stream) != stream:
                continue
            if isinstance(event, h2.events.ResponseReceived):
                status = dict(event.headers)[":status"]
            elif isinstance(event, h2.events.DataReceived):
                answer += event.data
                connection.h2.acknowledge_received_data(event.flow_controlled_length, stream)
            elif isinstance(event, h2.events.TrailersReceived):
                trailers = dict(event.headers)
            elif isinstance(event, h2.events.StreamReset):
                return f"reset {int(event.error_code)}"
            elif isinstance(event, h2.events.StreamEnded):
                return status, answer, trailers
        if rest:
            rest = connection.send(stream, rest, True)
        connection.flush()


def call(port):
    connection = Connection(socket.create_connection(("127.0.0.1", port)), True)
    stream = 1
    for size in (0, 1, 16384, 16385, 65535, 65536, 1000000):
        body = bytes(i * 7 & 255 for i in range(size))
        answer = ask(connection, stream, body)
        expected = ("200", body, {"echo-status": "0"})
        assert answer == expected, f"{size} bytes: {str(answer)[:200]}"
        stream += 2
    connection.h2.ping(b"12345678")
    connection.flush()
    while not any(isinstance(e, h2.events.PingAckReceived) for e in connection.read()):
        pass
    connection.h2.close_connection()
    connection.flush()
    while connection.read() is not None:
        pass


def serve():
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    sys.stdin.read()


def accept(listener):
    while True:
        threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()


def echo(sock):
    connection = Connection(sock, False)
    waiting, ended = {}, set()
    while (events := connection.read()) is not None:
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                connection.h2.send_headers(event.stream_id, [(":status", "200")])
                waiting[event.stream_id] = b""
            elif isinstance(event, h2.events.DataReceived):
                waiting[event.stream_id] += event.data
                connection.h2.acknowledge_received_data(
                    event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                ended.add(event.stream_id)
        for stream in list(waiting):
            waiting[stream] = connection.send(stream, waiting[stream], False)
            if stream in ended and not waiting[stream]:
                connection.h2.send_headers(stream, [("echo-status", "0")], end_stream=True)
                del waiting[stream]
        connection.flush()


if __name__ == "__main__":
    call(int(sys.argv[2])) if sys.argv[1] == "call" else serve()
