"""What every test from outside needs: the programs, stubs made by grpcio-tools, processes that end."""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("LINKD_BIN", ROOT / ".build" / "debug"))
START_SECONDS = 20
STOP_SECONDS = 20
TEST_SECONDS = 60


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """No test may run longer, whatever it waits for."""
    def stop(signum, frame):
        raise AssertionError(f"the test ran longer than {limit} seconds")

    marker = item.get_closest_marker("seconds")
    limit = marker.args[0] if marker else TEST_SECONDS
    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(limit)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(limit): how long this test may run")


@pytest.fixture(scope="session", autouse=True)
def stubs(tmp_path_factory):
    """Python classes of the schema, as a stranger would make them."""
    out = tmp_path_factory.mktemp("stubs")
    protos = [str(p) for p in (ROOT / "Protos").rglob("*.proto") if "/codec/" not in str(p)]
    protos = [p for p in protos if "/google/" not in p or "/google/rpc/" in p]
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
            self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.stderr,
            text=True, **options)
        self.stdout = []

    @property
    def pid(self):
        return self.process.pid

    def wait_for(self, prefix):
        """The rest of the first line of standard output that begins so."""
        deadline = time.monotonic() + START_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.process.stdout], [], [], left)[0]:
                break
            line = self.process.stdout.readline()
            if not line:
                break
            self.stdout.append(line)
            if line.startswith(prefix):
                return line[len(prefix):].strip()
        raise AssertionError(
            f"{self.arguments} never said '{prefix}': {self.stdout}\n{self.log.read_text()}")

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
        self.stdout += self.process.stdout.readlines()
        self.process.stdout.close()
        self.stderr.close()
        return status


@pytest.fixture
def processes(tmp_path):
    """Starts programs and stops them when the test ends."""
    running = []

    def start(*arguments, name=None, **options):
        name = name or pathlib.Path(str(arguments[0])).name
        process = Process(arguments, tmp_path / f"{name}-{len(running)}.log", **options)
        running.append(process)
        return process

    yield start
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
