"""T37 in gRPC-Web and Connect: our client's calls, to our server and to that of connectrpc."""

import sys

import interop_grpcio
import pytest
from conftest import BIN, ROOT, Process, run

PROTOCOLS = ("connect", "grpcweb")
# What connectrpc's servers do not see or do not choose: which single messages are compressed.
UNSEEN = ("client_compressed_unary", "client_compressed_streaming", "server_compressed_unary",
          "server_compressed_streaming")
CASES = {"ours": interop_grpcio.NAMES,
         "connectrpc": [name for name in interop_grpcio.NAMES if name not in UNSEEN]}


@pytest.fixture(scope="module", params=("plaintext", "tls"))
def servers(request, certificate, stubs, tmp_path_factory):
    """Where our server and connectrpc's listen, and what our client has to be told."""
    folder = tmp_path_factory.mktemp("interop")
    files = [certificate.chain, certificate.key] if request.param == "tls" else []
    ours = [BIN / "interop-server", "--port", "0"]
    if files:
        ours += ["--tls-cert", files[0], "--tls-key", files[1]]
    script = ROOT / "Tests" / "EndToEnd" / "connect_server.py"
    running = {"ours": Process(ours, folder / "ours.log"),
               "connectrpc": Process([sys.executable, script, stubs, *files], folder / "theirs.log")}
    trust = ["--tls-ca", certificate.ca] if files else []
    yield {name: ["--port", server.wait_for("listening on 127.0.0.1:"), *trust]
           for name, server in running.items()}
    for server in running.values():
        server.kill()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("server", CASES)
def test_our_client_calls(server, protocol, servers):
    cases = [part for name in CASES[server] for part in ("--test-case", name)]
    done = run(BIN / "interop-client", *servers[server], "--protocol", protocol, *cases)
    assert done.stdout.splitlines() == [f"{name}: passed" for name in CASES[server]]
