"""linkctl between a terminal, a browser and a server of grpcio: how an account is linked."""

import json
import os
import pty
import select
import subprocess
import time
import urllib.error
import urllib.request

import grpc
import pytest
from linkctl_calls import (
    account, CALLBACK, ctl, files, KEY, link_failure, LINK_SECRET, LINKCTL, SECRET, service,
    verdict)

# Terminals and pipes


def test_output_that_cannot_be_written_is_an_error(ctl, service, files, monkeypatch):
    from link.v1 import link_service_pb2 as schema

    service.answers["ListAccounts"] = schema.ListAccountsResponse(accounts=[account()])
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [LINKCTL, "accounts", "list"], stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=60)
    assert (done.returncode, done.stderr) == (
        74, "linkctl: error: cannot write to standard output\n")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [LINKCTL, "accounts", "list"], stdout=writing, stderr=subprocess.PIPE, text=True,
        timeout=60)
    os.close(writing)
    assert done.returncode == 74


def test_without_a_terminal_nobody_is_asked(ctl, service):
    done = subprocess.run(
        [LINKCTL, "keys", "validate", "--pin"], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60, start_new_session=True)
    assert done.returncode == 66
    assert "there is no terminal to ask on" in done.stderr
    assert not service.calls


class Terminal:
    """linkctl on a terminal of its own."""

    def __init__(self, *arguments):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execv(LINKCTL, [str(a) for a in (LINKCTL, *arguments)])
        self.shown = ""

    def wait_for(self, text):
        deadline = time.monotonic() + 20
        while text not in self.shown:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.master], [], [], left)[0], self.shown
            self.shown += self._read()

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        while part := self._read():
            self.shown += part
        os.close(self.master)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self):
        try:
            return os.read(self.master, 4096).decode()
        except OSError:
            return ""


def test_keys_can_be_typed_and_are_not_shown(ctl, service):
    service.answers["ValidateKeys"] = verdict("USABLE")
    terminal = Terminal("keys", "validate", "--pin")
    terminal.wait_for("Consumer key (API key): ")
    terminal.type(KEY + "\n")
    terminal.wait_for("Consumer secret (API key secret): ")
    terminal.type(SECRET + "x\x7f\n")
    assert terminal.end() == 0
    assert KEY not in terminal.shown and SECRET not in terminal.shown
    assert service.requests("ValidateKeys")[0].keys.consumer_secret == SECRET


def test_ctrl_c_at_a_prompt_leaves_a_terminal_that_echoes(ctl, service):
    import termios

    terminal = Terminal("keys", "validate", "--pin")
    terminal.wait_for("Consumer key (API key): ")
    terminal.type("abc\x03")
    terminal.wait_for("interrupted")
    assert termios.tcgetattr(terminal.master)[3] & termios.ECHO
    assert terminal.end() == 130
    assert not service.calls


def test_the_link_secret_is_not_printed_on_a_terminal(ctl, service, files):
    terminal = Terminal("link", "x", "--profile", "a", "--keys", files / "keys", "--start")
    assert terminal.end() == 64
    assert not service.calls


# Linking


def started(token="rt-1"):
    from link.v1 import link_service_pb2 as schema

    response = schema.StartLinkResponse(
        link="links/l1", link_secret=LINK_SECRET,
        authorize_url=f"https://api.x.example/oauth/authorize?oauth_token={token}")
    response.expire_time.FromSeconds(int(time.time()) + 600)
    return response


@pytest.fixture
def linking(service):
    from link.v1 import link_service_pb2 as schema

    service.answers["StartLink"] = started()
    service.answers["CompleteLink"] = schema.CompleteLinkResponse(account=account())
    return service


def test_two_steps_for_scripts(ctl, linking, files):
    from link.v1 import account_pb2, link_service_pb2 as schema

    ticket = json.loads(ctl(
        "link", "x", "--profile", "alice", "--keys", files / "keys", "--start", "--callback",
        CALLBACK, "--access", "write", "--force-login", "--screen-name", "al",
        "--allow-sharing").stdout)
    request = linking.requests("StartLink")[0]
    assert (request.parent, request.callback_url) == ("profiles/alice", CALLBACK)
    assert request.access_level == account_pb2.ACCESS_LEVEL_WRITE
    assert (request.force_login, request.screen_name) == (True, "al")
    assert request.account_sharing == schema.ACCOUNT_SHARING_ALLOW
    assert ticket["linkSecret"] == LINK_SECRET
    ticket["callback"] = CALLBACK + "?oauth_token=rt-1&oauth_verifier=v%2B1"
    done = ctl("link", "x", "--complete", stdin=json.dumps(ticket))
    assert "@alice" in done.stdout and LINK_SECRET not in done.stdout + done.stderr
    ctl("link", "x", "--complete", stdin=json.dumps(ticket))
    first, second = linking.requests("CompleteLink")
    assert first == second, "the same ticket is the same request, so that it can be repeated"
    assert first.parent == "profiles/alice" and first.link_secret == LINK_SECRET
    assert (first.grant.oauth_token, first.grant.oauth_verifier) == ("rt-1", "v+1")
    assert len(first.request_id) == 36 and first.request_id != request.request_id


def test_a_pin_and_a_denial_complete_in_two_steps_too(ctl, linking, files):
    arguments = ["link", "x", "--profile", "alice", "--keys", files / "keys", "--start"]
    ticket = json.loads(ctl(*arguments, "--pin").stdout)
    ctl("link", "x", "--complete", stdin=json.dumps(ticket | {"pin": "1234567"}))
    assert linking.requests("StartLink")[0].WhichOneof("return_method") == "pin"
    assert linking.requests("CompleteLink")[0].pin == "1234567"
    linking.answers["CompleteLink"] = link_failure(
        grpc.StatusCode.FAILED_PRECONDITION, "The user said no.", "USER_DENIED", "END_USER")
    done = ctl("link", "x", "--complete", status=4,
               stdin=json.dumps(ticket | {"callback": CALLBACK + "?denied=rt-1"}))
    assert linking.requests("CompleteLink")[1].denial.denied == "rt-1"
    assert done.stderr.startswith("linkctl: error: the user said no\n")


@pytest.mark.parametrize("change", [
    {}, {"callback": CALLBACK}, {"callback": CALLBACK + "?oauth_token=x"}, {"callback": 7},
    {"pin": "1", "callback": CALLBACK + "?denied=x"}])
def test_an_incomplete_ticket_is_refused_without_showing_it(ctl, linking, files, change):
    ticket = json.loads(ctl(
        "link", "x", "--profile", "alice", "--keys", files / "keys", "--start").stdout)
    done = ctl("link", "x", "--complete", stdin=json.dumps(ticket | change), status=65)
    assert LINK_SECRET not in done.stderr
    assert not linking.requests("CompleteLink")


def free_port():
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def browse(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


@pytest.fixture
def waiting(ctl, linking, files):
    """linkctl that waits for the browser, and the callback that it waits at."""
    port = free_port()
    process = subprocess.Popen(
        [LINKCTL, "link", "x", "--profile", "alice", "--keys", files / "keys", "--port",
         str(port), "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "oauth_token=rt-1" in line:
            break
    yield process, f"http://127.0.0.1:{port}/callback"
    process.kill()
    process.communicate()


def test_the_browser_comes_back_and_the_link_completes(waiting, linking):
    process, callback = waiting
    assert linking.requests("StartLink")[0].callback_url == callback
    for stray, status in ((callback, 400), (callback + "?denied=other", 400),
                          (callback + "?oauth_token=other&oauth_verifier=v", 400),
                          (callback.replace("callback", "favicon.ico"), 404)):
        assert browse(stray)[0] == status
    code, page, headers = browse(callback + "?oauth_token=rt-1&oauth_verifier=MARKERVERIFIER")
    assert code == 200 and "close this window" in page
    assert "MARKER" not in page and headers["Cache-Control"] == "no-store"
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "@alice" in out and "MARKER" not in out + err
    assert linking.requests("CompleteLink")[0].grant.oauth_verifier == "MARKERVERIFIER"


def test_a_completion_that_cannot_be_delivered_is_repeated_and_not_asked_for_twice(
        waiting, linking):
    from link.v1 import link_service_pb2 as schema

    process, callback = waiting
    answers = [grpc.StatusCode.UNAVAILABLE, schema.CompleteLinkResponse(account=account())]

    def answer(request, context):
        following = answers.pop(0)
        if isinstance(following, grpc.StatusCode):
            context.abort(following, "Going down.")
        return following

    linking.answers["CompleteLink"] = answer
    assert browse(callback + "?oauth_token=rt-1&oauth_verifier=v")[0] == 200
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    first, second = linking.requests("CompleteLink")
    assert first == second and first.request_id


def test_saying_no_in_the_browser_ends_with_its_own_status(waiting, linking):
    process, callback = waiting
    linking.answers["CompleteLink"] = link_failure(
        grpc.StatusCode.FAILED_PRECONDITION, "The user said no.", "USER_DENIED", "END_USER")
    assert "you said no" in browse(callback + "?denied=rt-1")[1]
    process.communicate(timeout=20)
    assert process.returncode == 4
    assert linking.requests("CompleteLink")[0].denial.denied == "rt-1"


def test_a_port_that_is_taken_is_found_before_the_link_begins(ctl, linking, files):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = ctl("link", "x", "--profile", "a", "--keys", files / "keys", "--port",
                   str(taken.getsockname()[1]), status=74)
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert not linking.calls


def test_nobody_comes_back_before_the_link_expires(ctl, linking, files):
    response = started()
    response.expire_time.FromSeconds(int(time.time()) + 1)
    linking.answers["StartLink"] = response
    done = ctl("link", "x", "--profile", "a", "--keys", files / "keys", "--port",
               str(free_port()), "--no-browser", status=75)
    assert "nobody came back in time" in done.stderr


def test_a_pin_is_asked_for_and_not_shown(ctl, linking, files):
    terminal = Terminal("link", "x", "--profile", "a", "--keys", files / "keys", "--pin")
    terminal.wait_for("PIN that X shows: ")
    terminal.type("7654321\n")
    assert terminal.end() == 0
    assert "7654321" not in terminal.shown and LINK_SECRET not in terminal.shown
    assert linking.requests("CompleteLink")[0].pin == "7654321"
