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
    check(case, client.run(case), client)


def check(case, outcome, client):
    code, message = case.script.get("failure", (case.code, None))
    assert outcome.code == code, outcome
    if client.protocol == "connect" and case.kind in ("Unary", "Read") and outcome.status:
        assert outcome.status == (client.http_status(code) if code else 200)
    if case.code:
        return
    if message is not None:
        assert outcome.message == message
    for name, values in case.script.get("headers", {}).items():
        assert outcome.headers.get(name) == values, outcome
    for name, values in case.script.get("trailers", {}).items():
        assert outcome.trailers.get(name) == values, outcome
    check_replies(case, outcome, client)


def check_replies(case, outcome, client):
    data = case.script.get("replies", [])
    is_single = case.kind in ("Unary", "Read", "ClientStream")
    if is_single and not outcome.code:
        data = data[:1] or [b""]
    assert [reply.data for reply in outcome.replies] == list(data)
    if outcome.replies:
        seen = [reply.seen for reply in outcome.replies]
    elif outcome.code:
        (name, value), = outcome.details
        assert name == "testing.calls.Seen"
        seen = [client.schema.Seen.FromString(value)]
    else:
        return  # A stream of no replies that succeeds tells nothing.
    check_seen(case, seen, client)


def check_seen(case, seen, client):
    """The server has had every request and what was sent along."""
    headers = {field.name: ",".join(field.values) for field in seen[0].headers}
    for name, values in case.sent.items():
        assert headers[name].replace(" ", "") == ",".join(values)
    assert seen[0].HasField("timeout_ms") == (case.timeout_ms is not None)
    if case.timeout_ms:
        assert 0 < seen[0].timeout_ms <= case.timeout_ms
    assert [request for one in seen for request in one.requests] == case.messages(client.schema)
