"""What a connection costs a server that has nothing to do for it."""

import contextlib
import resource
import socket
import ssl
import time

COUNT = 1000
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, ACKNOWLEDGED = b"\0\0\0\4\0\0\0\0\0", b"\0\0\0\4\1\0\0\0\0"


def connect(port, context):
    """A connection that has exchanged settings, as every client does before its first call."""
    connection = socket.create_connection(("127.0.0.1", port), 60)
    if context:
        connection = context.wrap_socket(connection, server_hostname="localhost")
    connection.sendall(PREFACE + SETTINGS)
    received = b""
    while ACKNOWLEDGED not in received:
        part = connection.recv(4096)
        if not part:
            raise RuntimeError("the server hung up")
        received += part
    connection.sendall(ACKNOWLEDGED)
    return connection


def kilobytes(server, certificate=None):
    """KB of resident memory that each of a thousand idle connections takes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2 * COUNT + 100), most))
    context = None
    if certificate:
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
    with contextlib.ExitStack() as stack:
        # What the first ones make for all is not theirs.
        for _ in range(10):
            stack.enter_context(connect(server.port, context))
        time.sleep(0.5)
        before = server.memory_kb("VmRSS")
        for _ in range(COUNT):
            stack.enter_context(connect(server.port, context))
        time.sleep(0.5)
        return (server.memory_kb("VmRSS") - before) / COUNT
