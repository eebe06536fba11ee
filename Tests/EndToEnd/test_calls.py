"""T38: the cases of call_cases against our server, by connectrpc in its three protocols.

Accepted deviations: none.
"""

import call_cases
import pytest
from conftest import BIN, Process

SERVERS = ("plaintext", "tls")
PROTOCOLS = ("connect", "grpc", "grpcweb")
# Every case in plaintext in both encodings and compressions, and the first ones over TLS.
WAYS = [("plaintext", "proto", "identity"), ("plaintext", "json", "identity"),
        ("plaintext", "proto", "gzip"), ("tls", "proto", "identity")]


def is_run(case, way):
    """Whether a case is run this way: some have nothing to do with the way."""
    where, codec, _ = way
    if where == "tls":
        return case.suite == "basic"
    if case.suite in ("size", "empty"):
        return codec == "proto"
    return case.suite != "timeouts" or way == WAYS[0]


RUNS = [(protocol, way, case) for protocol in PROTOCOLS for way in WAYS
        for case in call_cases.TABLE if is_run(case, way)]
RUNS += [("connect", way, case) for way in WAYS for case in call_cases.by_get()]


@pytest.fixture(scope="module")
def servers(certificate, tmp_path_factory):
    """The URLs of our servers."""
    urls, running = {}, []
    for name in SERVERS:
        files = ["--tls-cert", certificate.chain, "--tls-key", certificate.key]
        log = tmp_path_factory.mktemp("calls") / "server.log"
        arguments = ["--port", "0", "--message-limit", call_cases.LIMIT]
        server = Process(
            [BIN / "interop-server", *arguments, *(files if name == "tls" else [])], log)
        running.append(server)
        address = server.wait_for("listening on ")
        urls[name] = f"{'https' if name == 'tls' else 'http'}://{address}"
    yield urls
    for server in running:
        server.kill()


@pytest.fixture(scope="module")
def clients(servers, certificate):
    """The client of a protocol that goes a way; each is made once."""
    import connect_client
    from testing.calls import calls_pb2

    made = {}

    def client(protocol, way):
        if (protocol, way) not in made:
            where, codec, compression = way
            made[protocol, way] = connect_client.Client(
                servers[where], calls_pb2, protocol, codec, compression, ca=certificate.ca)
        return made[protocol, way]

    return client


@pytest.mark.parametrize(
    "protocol,way,case", RUNS, ids=lambda part: getattr(part, "name", None) or "-".join(
        [part] if isinstance(part, str) else part))
def test_the_server_answers_as_it_is_told(protocol, way, case, clients):
    client = clients(protocol, way)
    call_cases.check(case, client.run(case), client)
