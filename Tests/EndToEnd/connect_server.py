"""connectrpc as a server, for our client: `connect_server.py STUBS [CHAIN KEY [CLIENT-CA]]`.

Prints where it listens, for HTTP/2, in all three protocols; with a certificate over TLS.
"""

import asyncio
import socket
import ssl
import sys

sys.path.insert(0, sys.argv[1])

import calls_connect  # noqa: E402
import h2.events  # noqa: E402
import hypercorn.protocol  # noqa: E402
import interop_connect  # noqa: E402
from connectrpc.compat import google_protobuf_codecs  # noqa: E402
from connectrpc.server import ConnectASGIApplication  # noqa: E402
from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from hypercorn.protocol.h2 import H2Protocol  # noqa: E402


class ForgivingProtocol(H2Protocol):
    """Hypercorn's own, except that what comes on a stream that has just ended is no KeyError."""

    async def _handle_events(self, events):
        for event in events:
            stream = getattr(event, "stream_id", 0) or 0
            if isinstance(event, h2.events.RequestReceived) or not stream or stream in self.streams:
                await super()._handle_events([event])
            elif isinstance(event, h2.events.DataReceived):
                self.connection.acknowledge_received_data(event.flow_controlled_length, stream)


hypercorn.protocol.H2Protocol = ForgivingProtocol


def serving(service):
    """The application that serves one service."""
    class Application(ConnectASGIApplication):
        path = f"/{service.SERVICE}"

    return Application(
        service=None, codecs=google_protobuf_codecs(), endpoints=lambda _: {
            f"{Application.path}/{endpoint.method.name}": endpoint
            for endpoint in service.ENDPOINTS})


SERVICES = [serving(calls_connect), serving(interop_connect)]


async def application(scope, receive, send):
    """The service that the path names; the last one also answers for those that there are not."""
    path = scope.get("path", "")
    chosen = [service for service in SERVICES if path.startswith(service.path + "/")]
    await (chosen or SERVICES)[0 if chosen else -1](scope, receive, send)


async def main(chain=None, key=None, client_ca=None):
    listener = socket.create_server(("127.0.0.1", 0))
    config = Config()
    config.bind, config.accesslog, config.errorlog = [f"fd://{listener.fileno()}"], None, "-"
    config.certfile, config.keyfile, config.ca_certs = chain, key, client_ca
    if client_ca:
        config.verify_mode = ssl.CERT_REQUIRED
    print(f"listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await serve(application, config)


asyncio.run(main(*sys.argv[2:]))
