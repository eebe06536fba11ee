"""T37: gRPC's 18 interoperability cases that need no cloud, in three pairs, in plaintext and over TLS."""

import grpc
import interop_grpcio
import interop_h2
import pytest

from conftest import BIN, run

TRANSPORTS = ("plaintext", "tls")
# What grpcio's servers cannot see, and one over h2 does.
UNSEEN = ("client_compressed_unary", "client_compressed_streaming")


@pytest.fixture(scope="module", params=TRANSPORTS)
def transport(request, certificate):
    return certificate if request.param == "tls" else None


@pytest.fixture(scope="module")
def our_port(transport, tmp_path_factory):
    from conftest import Process

    files = ["--tls-cert", transport.chain, "--tls-key", transport.key] if transport else []
    log = tmp_path_factory.mktemp("interop") / "server.log"
    server = Process([BIN / "interop-server", "--port", "0", *files], log)
    yield int(server.wait_for("listening on 127.0.0.1:"))
    server.kill()


@pytest.fixture(scope="module")
def their_port(transport):
    with interop_grpcio.serving(transport) as port:
        yield port


@pytest.fixture(scope="module")
def seeing_port(transport):
    with interop_h2.serving(transport) as port:
        yield port


@pytest.fixture(scope="module")
def channel(transport, our_port):
    target = f"127.0.0.1:{our_port}"
    options = [("grpc.enable_http_proxy", 0)]
    if transport:
        credentials = grpc.ssl_channel_credentials(transport.ca.read_bytes())
        with grpc.secure_channel(target, credentials, options) as channel:
            yield channel
    else:
        with grpc.insecure_channel(target, options) as channel:
            yield channel


def our_client(case, port, transport):
    files = ["--tls-ca", transport.ca] if transport else []
    done = run(BIN / "interop-client", "--port", port, "--test-case", case, *files)
    assert done.stdout == f"{case}: passed\n"


@pytest.mark.parametrize("case", interop_grpcio.NAMES)
def test_grpcio_calls_us(case, channel):
    getattr(interop_grpcio.Cases(channel), case)()


@pytest.mark.parametrize("case", interop_grpcio.NAMES)
def test_we_call_ourselves(case, our_port, transport):
    our_client(case, our_port, transport)


@pytest.mark.parametrize("case", interop_grpcio.NAMES)
def test_we_call_strangers(case, their_port, seeing_port, transport):
    our_client(case, seeing_port if case in UNSEEN else their_port, transport)
