"""T38, the client's side: the cases of call_cases by our client in its three protocols.

The server is connectrpc's. Accepted deviations: none.
"""

import sys

import call_cases
import pytest
from conftest import BIN, ROOT, Process
from our_client import OurClient

PROTOCOLS = ("connect", "grpc", "grpcweb")
# Every case in plaintext, and the first ones with requests compressed and over TLS, too.
WAYS = [("plaintext", "identity"), ("plaintext", "gzip"), ("tls", "identity")]
# What the server reads is its own business, and how long it takes needs asking only once.
CASES = [case for case in call_cases.TABLE if case.suite != "size"] + [*call_cases.cancellation()]


RUNS = [(protocol, way, case) for protocol in PROTOCOLS for way in WAYS for case in CASES
        if way == WAYS[0] or case.suite == "basic"]


@pytest.fixture(scope="module")
def start(stubs, tmp_path_factory):
    """Starts servers of connectrpc; returns their ports."""
    running = []

    def start(*files):
        script = ROOT / "Tests" / "EndToEnd" / "connect_server.py"
        log = tmp_path_factory.mktemp("client-calls") / "server.log"
        running.append(Process([sys.executable, script, stubs, *files], log))
        return running[-1].wait_for("listening on 127.0.0.1:")

    yield start
    for server in running:
        server.kill()


@pytest.fixture(scope="module")
def clients(start, certificate):
    """The client of a protocol that goes a way; each is made once."""
    from testing.calls import calls_pb2

    ports = {"plaintext": start(), "tls": start(certificate.chain, certificate.key)}
    made = {}

    def client(protocol, way):
        if (protocol, way) not in made:
            where, compression = way
            ca = certificate.ca if where == "tls" else None
            made[protocol, way] = OurClient(ports[where], calls_pb2, protocol, compression, ca)
        return made[protocol, way]

    yield client
    for client in made.values():
        client.close()


@pytest.mark.parametrize(
    "protocol,way,case", RUNS, ids=lambda part: getattr(part, "name", None) or "-".join(
        [part] if isinstance(part, str) else part))
def test_our_client_reads_what_the_server_was_told(protocol, way, case, clients):
    client = clients(protocol, way)
    call_cases.check(case, client.run(case), client)


def test_a_client_shows_its_certificate_where_one_is_wanted(start, certificate):
    from testing.calls import calls_pb2

    port = start(certificate.chain, certificate.key, certificate.ca)
    case = next(call_cases.basic())
    identity = ["--tls-cert", certificate.chain, "--tls-key", certificate.key]
    for protocol, options, code in (
            *((protocol, identity, None) for protocol in PROTOCOLS), ("grpc", [], "unavailable")):
        client = OurClient(port, calls_pb2, protocol, ca=certificate.ca, options=options)
        assert client.run(case).code == code
        client.close()
