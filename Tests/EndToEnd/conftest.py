"""What every test from outside needs: the programs, stubs made by grpcio-tools, processes that end."""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("LINKD_BIN", ROOT / ".build" / "debug"))
# By how much a program is slower than usual: one with a sanitizer in it is.
SLOWNESS = int(os.environ.get("LINKD_SLOWNESS", 1))
START_SECONDS = 20 * SLOWNESS
STOP_SECONDS = 20 * SLOWNESS
TEST_SECONDS = 60

# A shell starts what it runs in the background with SIGINT ignored, and every program that the tests
# start would inherit that; what is handled here is not ignored there.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """No test may run longer, whatever it waits for."""
    def stop(signum, frame):
        raise AssertionError(f"the test ran longer than {limit} seconds")

    marker = item.get_closest_marker("seconds")
    limit = (marker.args[0] if marker else TEST_SECONDS) * SLOWNESS
    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also the tests marked 'long'")


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(limit): how long this test may run")
    config.addinivalue_line("markers", "long: only by tools/test --long")


def pytest_collection_modifyitems(config, items):
    """Leaves the long runs out unless they were asked for."""
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(f"linkd store verify: {Linkd.intact} stores, all intact")


@pytest.fixture(scope="session", autouse=True)
def stubs(tmp_path_factory):
    """Python classes of the schema, as a stranger would make them."""
    out = tmp_path_factory.mktemp("stubs")
    protos = [str(p) for p in (ROOT / "Protos").rglob("*.proto") if p.parent.name != "codec"]
    protos = [p for p in protos if "/google/" not in p or "/google/rpc/" in p]
    # Not the services of gRPC itself: their package would be that of grpcio.
    protos = [p for p in protos if "/Protos/grpc/" not in p]
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'Protos'}", f"--python_out={out}",
         f"--grpc_python_out={out}", *protos],
        check=True)
    sys.path.insert(0, str(out))
    return out


class Certificate:
    """Files of a server certificate for 127.0.0.1 and localhost, and of who signed it."""

    def __init__(self, folder):
        self.ca, self.chain, self.key = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
        ca_key = folder / "ca.key"
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        self._openssl(*new_key, "-subj", "/CN=test CA", "-keyout", ca_key, "-out", self.ca)
        self._openssl(
            *new_key, "-subj", "/CN=localhost", "-keyout", self.key, "-out", self.chain,
            "-CA", self.ca, "-CAkey", ca_key,
            "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
            "-addext", "basicConstraints=critical,CA:FALSE")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(
            ["openssl", "req", "-x509", "-days", "2", *[str(a) for a in arguments]],
            check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that only this run trusts."""
    return Certificate(tmp_path_factory.mktemp("tls"))


class Process:
    """A program that runs until the test ends, and whose output is kept."""

    def __init__(self, arguments, log, **options):
        self.log = log
        self.arguments = [str(a) for a in arguments]
        self.stderr = open(log, "ab")
        self.process = subprocess.Popen(
            self.arguments, stdout=subprocess.PIPE, stderr=self.stderr,
            **{"stdin": subprocess.DEVNULL, **options})
        self.stdout = []
        self._unread = b""

    @property
    def pid(self):
        return self.process.pid

    def wait_for(self, prefix):
        """The rest of the next line of standard output that begins so."""
        deadline = time.monotonic() + START_SECONDS
        while (line := self._line(deadline)) is not None:
            self.stdout.append(line)
            if line.startswith(prefix):
                return line[len(prefix):].strip()
        raise AssertionError(
            f"{self.arguments} never said '{prefix}': {self.stdout}\n{self.log.read_text()}")

    def last(self, prefix):
        """The same of the newest such line; waits only if there is none."""
        rest = self.wait_for(prefix)
        while (line := self._line(0)) is not None:
            self.stdout.append(line)
            if line.startswith(prefix):
                rest = line[len(prefix):].strip()
        return rest

    def _line(self, deadline):
        """The next line, or None if there is none in time."""
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            # Not through the buffer of the file object, which select knows nothing of.
            part = os.read(self.process.stdout.fileno(), 65536)
            if not part:
                return None
            self._unread += part
        line, self._unread = self._unread.split(b"\n", 1)
        return line.decode() + "\n"

    def kill(self):
        """kill -9."""
        self.process.kill()
        self._reap()

    def stop(self):
        """SIGTERM, and the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def _reap(self):
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.arguments} did not stop:\n{self.log.read_text()}")
        rest = self._unread + self.process.stdout.read()
        self.stdout += rest.decode().splitlines(keepends=True)
        self.process.stdout.close()
        self.stderr.close()
        return status


@pytest.fixture
def processes(tmp_path):
    """Starts programs and stops them when the test ends; then every store must be intact."""
    running, linkds = [], []

    def start(*arguments, name=None, **options):
        name = name or pathlib.Path(str(arguments[0])).name
        process = Process(arguments, tmp_path / f"{name}-{len(running)}.log", **options)
        running.append(process)
        return process

    start.linkds = linkds
    yield start
    kill_all(running)
    try:
        for linkd in linkds:
            linkd.verify()
    finally:
        kill_all(running)


def kill_all(running):
    for process in reversed(running):
        if process.process.poll() is None:
            process.kill()


def run(*arguments, stdin=None, status=0):
    """Runs a program to its end; fails unless it exits with that status."""
    done = subprocess.run(
        [str(a) for a in arguments], input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, (done.args, done.returncode, done.stdout, done.stderr)
    return done


def run_json(*arguments, **options):
    """Runs a program that prints JSON."""
    return json.loads(run(*arguments, **options).stdout)


CALLBACK = "https://app.example/x/callback"


class FakeX:
    """fakex, the offline X: where it is and whose keys it knows."""

    def __init__(self, start):
        self.process = start(BIN / "fakex", "serve", "--port", "0", "--callback", CALLBACK)
        self.url = self.process.wait_for("listening on ")
        self.process.wait_for("app Good App: ")
        words = self.process.stdout[-1].split()
        self.key, self.secret = words[words.index("key") + 1], words[words.index("secret") + 1]
        self.process.wait_for("  client id ")
        words = self.process.stdout[-1].split()
        # What OAuth 2.0 calls the same app, and the secret that goes with it.
        self.client = words[2], words[5]

    def control(self, name, **form):
        """One of the controls under /_fakex/."""
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{self.url}/_fakex/{name}", data or b"a=b", 10) as answer:
            return json.load(answer)

    def visit(self, url, user="alice", approve=True):
        """What the browser of a person comes back with: an address, or a PIN."""
        button = "--approve" if approve else "--deny"
        return run(BIN / "fakex", "visit", button, "--user", user, url).stdout.strip()


class Linkd:
    """linkd with a data directory of its own, and its first token."""

    # How many data directories were verified when their tests had ended.
    intact = 0

    def __init__(self, start, folder, x_url, *options, certificate=None, key_command=None):
        self._start, self._x_url, self._options = start, x_url, options
        self.certificate = certificate
        self.key_options = ["--master-key-command", key_command] if key_command else []
        self.data, self.token_file = folder / "data", folder / "token"
        made = run(BIN / "linkd", "init", "--data", self.data, *self.key_options)
        self.token, self.said_by_init = made.stdout.strip(), made.stderr
        start.linkds.append(self)
        self.token_file.write_text(self.token + "\n")
        self.serve()

    def serve(self):
        """Starts it (again)."""
        options = [*self._options, *self.key_options]
        if self.certificate:
            options += ["--tls-cert", self.certificate.chain, "--tls-key", self.certificate.key]
        self.process = self._start(
            BIN / "linkd", "serve", "--data", self.data, "--listen", "127.0.0.1:0",
            "--x-base-url", self._x_url, "--log-level", "debug", *options)
        self.address = self.process.wait_for("listening on ")

    def store(self, command, *arguments, status=0):
        """One 'linkd store' about its data."""
        return run(BIN / "linkd", "store", command, "--data", self.data, *self.key_options,
                   *arguments, status=status)

    def verify(self):
        """However a test has left its data, they are intact."""
        if not self.data.exists():
            return
        said = self.store("verify").stdout
        if said.startswith("torn "):
            # A kill has cut a write short; the next start takes it back.
            self.serve()
            assert self.process.stop() == 0
            said = self.store("verify").stdout
        assert said.startswith("intact: "), said
        Linkd.intact += 1

    @property
    def url(self):
        return f"{'https' if self.certificate else 'http'}://{self.address}"

    def call(self, method, request, token=True, timeout=20):
        """One call by grpcio, over a connection of its own."""
        import grpc
        from link.v1 import link_service_pb2_grpc

        if self.certificate:
            credentials = grpc.ssl_channel_credentials(self.certificate.ca.read_bytes())
            channel = grpc.secure_channel(self.address, credentials)
        else:
            channel = grpc.insecure_channel(self.address)
        metadata = [("authorization", f"Bearer {self.token}")] if token else []
        with channel:
            stub = link_service_pb2_grpc.LinkServiceStub(channel)
            return getattr(stub, method)(request, timeout=timeout, metadata=metadata)

    def linkctl(self, *arguments, **options):
        """One linkctl that asks this linkd."""
        trust = ["--ca-file", self.certificate.ca] if self.certificate else []
        return run(
            BIN / "linkctl", *arguments, "--server", self.url, "--token-file", self.token_file,
            *trust, **options)


@pytest.fixture
def fakex(processes):
    return FakeX(processes)


@pytest.fixture
def linkd(processes, tmp_path, fakex):
    return Linkd(processes, tmp_path, fakex.url)


def details_of(error):
    """The ErrorInfo of a failed call, and everything that is attached beside it, by type."""
    from google.rpc import error_details_pb2, status_pb2

    trailers = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    assert status.code == error.code().value[0] and status.message == error.details()
    found = {}
    for detail in status.details:
        name = detail.type_url.rsplit(".", 1)[-1]
        found[name] = getattr(error_details_pb2, name)()
        assert detail.Unpack(found[name])
    return found


def start_request(keys, profile="ann", **fields):
    """A StartLink of (key, secret) that comes back to CALLBACK and may share the account."""
    from link.v1 import link_service_pb2 as schema, provider_pb2

    fields.setdefault("account_sharing", schema.ACCOUNT_SHARING_ALLOW)
    if "pin" not in fields:
        fields.setdefault("callback_url", CALLBACK)
    return schema.StartLinkRequest(
        parent=f"profiles/{profile}", provider=provider_pb2.PROVIDER_X,
        keys=provider_pb2.ConsumerKeys(consumer_key=keys[0], consumer_secret=keys[1]), **fields)


def complete_request(started, back, profile="ann", **fields):
    """The CompleteLink for what StartLink gave and the address that the browser came back to."""
    from link.v1 import link_service_pb2 as schema

    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query, strict_parsing=True))
    request = schema.CompleteLinkRequest(
        parent=f"profiles/{profile}", link_secret=started.link_secret, **fields)
    if "denied" in query:
        request.denial.denied = query["denied"]
    else:
        request.grant.oauth_token = query["oauth_token"]
        request.grant.oauth_verifier = query["oauth_verifier"]
    return request
