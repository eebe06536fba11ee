"""linkctl against a server of grpcio: what it sends, what it prints, how it ends."""

import json
import os
import pty
import random
import re
import select
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

import grpc
import pytest
from conftest import BIN, run
from service import Service, failure, serving

LINKCTL = BIN / "linkctl"
TOKEN = "linkd_MARKERTOKEN_0123456789abcdef"
KEY = "MARKERCONSUMERKEY0001"
SECRET = "MARKERCONSUMERSECRET/+=0002"
LINK_SECRET = "MARKERLINKSECRET0003"
CALLBACK = "https://app.example/x/callback"


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def files(tmp_path):
    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "keys").write_text(f"consumer_key = {KEY}\nconsumer_secret = {SECRET}\n")
    return tmp_path


@pytest.fixture
def ctl(service, files, monkeypatch):
    """Runs linkctl against the service; whatever it prints, it prints no secret."""
    monkeypatch.delenv("DISPLAY", raising=False)
    with serving(service) as url:
        monkeypatch.setenv("LINKD_SERVER", url)
        monkeypatch.setenv("LINKD_TOKEN_FILE", str(files / "token"))

        def call(*arguments, **options):
            done = run(LINKCTL, *arguments, **options)
            for secret in (TOKEN, KEY, SECRET):
                assert secret not in done.stdout + done.stderr
            return done

        yield call


def account(**fields):
    from link.v1 import account_pb2, provider_pb2

    values = dict(
        name="profiles/alice/accounts/a1", provider=provider_pb2.PROVIDER_X,
        provider_account_id="18446744073709551615", screen_name="alice",
        state=account_pb2.ACCOUNT_STATE_ACTIVE, access_level=account_pb2.ACCESS_LEVEL_WRITE)
    made = account_pb2.Account(**(values | fields))
    made.create_time.FromJsonString("2026-01-02T03:04:05Z")
    return made


def verdict(name, *findings):
    from link.v1 import link_service_pb2 as schema

    return schema.ValidateKeysResponse(
        verdict=schema.KeyVerdict.Value("KEY_VERDICT_" + name), findings=findings)


def finding(check, outcome, **fields):
    from link.v1 import link_service_pb2 as schema

    return schema.KeyFinding(
        check=schema.KeyCheck.Value("KEY_CHECK_" + check),
        outcome=schema.KeyOutcome.Value("KEY_OUTCOME_" + outcome), **fields)


def link_failure(code, message, reason, actor, *details, **metadata):
    from google.rpc import error_details_pb2

    info = error_details_pb2.ErrorInfo(
        reason=reason, domain="link.v1", metadata={"actor": actor, **metadata})
    return failure(code, message, info, *details)


# What is sent


def test_every_call_carries_the_token_and_a_deadline(ctl, service):
    from link.v1 import link_service_pb2 as schema

    left = []

    def answer(request, context):
        left.append(context.time_remaining())
        return schema.ListAccountsResponse()

    service.answers["ListAccounts"] = answer
    ctl("accounts", "list", "--timeout", "7")
    assert service.metadata("ListAccounts")[0]["authorization"] == f"Bearer {TOKEN}"
    assert 0 < left[0] <= 7


def test_keys_travel_in_the_message_and_come_from_a_file_or_standard_input(ctl, service, files):
    service.answers["ValidateKeys"] = verdict("USABLE")
    ctl("keys", "validate", "--keys", files / "keys", "--callback", CALLBACK)
    ctl("keys", "validate", "--keys", "-", "--pin", stdin=(files / "keys").read_text())
    first, second = service.requests("ValidateKeys")
    assert (first.keys.consumer_key, first.keys.consumer_secret) == (KEY, SECRET)
    assert first.callback_url == CALLBACK
    assert second.keys == first.keys
    assert second.WhichOneof("return_method") == "pin"


def test_all_pages_are_fetched_with_the_same_filter(ctl, service):
    from link.v1 import account_pb2, link_service_pb2 as schema, provider_pb2

    def answer(request, context):
        number = int(request.page_token or "0")
        return schema.ListAccountsResponse(
            accounts=[account(name=f"profiles/alice/accounts/a{number}")],
            next_page_token="" if number == 4 else str(number + 1))

    service.answers["ListAccounts"] = answer
    done = ctl(
        "accounts", "list", "--profile", "alice", "--provider", "x", "--state", "active,locked",
        "--output", "json")
    assert [a["name"] for a in json.loads(done.stdout)["accounts"]] == [
        f"profiles/alice/accounts/a{n}" for n in range(5)]
    for request in service.requests("ListAccounts"):
        assert request.parent == "profiles/alice"
        assert request.provider == provider_pb2.PROVIDER_X
        assert list(request.states) == [
            account_pb2.ACCOUNT_STATE_ACTIVE, account_pb2.ACCOUNT_STATE_LOCKED]


def test_tls_with_a_ca_file_works_and_without_it_does_not(service, files, certificate):
    from link.v1 import link_service_pb2 as schema

    service.answers["ListAccounts"] = schema.ListAccountsResponse(accounts=[account()])
    with serving(service, certificate) as url:
        options = ["--server", url, "--token-file", files / "token"]
        done = run(LINKCTL, "accounts", "list", *options, "--ca-file", certificate.ca)
        assert "@alice" in done.stdout
        before = len(service.calls)
        run(LINKCTL, "accounts", "list", *options, status=69)
        assert len(service.calls) == before


# What is printed


def test_the_verdict_is_the_exit_status(ctl, service, files):
    for name, status in (("USABLE", 0), ("NOT_USABLE", 1), ("UNDECIDED", 2)):
        service.answers["ValidateKeys"] = verdict(name)
        ctl("keys", "validate", "--keys", files / "keys", "--pin", status=status)


def test_a_failed_finding_says_who_must_do_what_with_the_text_to_paste(ctl, service, files):
    from link.v1 import error_pb2

    service.answers["ValidateKeys"] = verdict(
        "NOT_USABLE",
        finding("KEY_PAIR", "PASSED", summary="Key and secret belong together."),
        finding(
            "CALLBACK", "FAILED", summary="The callback URL is not in the app's settings.",
            reason=error_pb2.ERROR_REASON_X_CALLBACK_NOT_APPROVED,
            actor=error_pb2.ACTOR_DEVELOPER, action="Add it.", paste=CALLBACK,
            help_url="https://developer.x.example/"),
        finding("CLOCK", "UNKNOWN", summary="Not known."),
        finding("ENROLMENT", "NOT_APPLICABLE", summary="Not asked."))
    arguments = ["keys", "validate", "--keys", files / "keys", "--callback", CALLBACK]
    assert ctl(*arguments, status=1).stdout == f"""\
keys: not usable
✓ key pair     Key and secret belong together.
✗ callback     The callback URL is not in the app's settings.
               the app's developer must act: Add it.
               paste exactly: {CALLBACK}
               see: https://developer.x.example/
? clock        Not known.
– enrolment    Not asked.
"""
    report = json.loads(ctl(*arguments, "--output", "json", status=1).stdout)
    assert report["verdict"] == "not_usable"
    assert report["findings"][1] == {
        "check": "callback", "outcome": "failed", "reason": "X_CALLBACK_NOT_APPROVED",
        "actor": "developer", "summary": "The callback URL is not in the app's settings.",
        "action": "Add it.", "paste": CALLBACK, "helpUrl": "https://developer.x.example/"}


def test_accounts_are_a_table_or_json(ctl, service):
    from link.v1 import link_service_pb2 as schema

    service.answers["ListAccounts"] = schema.ListAccountsResponse(
        accounts=[account(), account(name="profiles/b/accounts/c", screen_name="bob", state=7)])
    lines = ctl("accounts", "list").stdout.splitlines()
    assert [line.split() for line in lines] == [
        ["ACCOUNT", "PROVIDER", "HANDLE", "ID", "STATE", "ACCESS"],
        ["profiles/alice/accounts/a1", "x", "@alice", "18446744073709551615", "active", "write"],
        ["profiles/b/accounts/c", "x", "@bob", "18446744073709551615", "7", "write"]]
    accounts = json.loads(ctl("accounts", "list", "--output", "json").stdout)["accounts"]
    assert accounts[0]["createTime"] == "2026-01-02T03:04:05Z"


def test_nothing_is_an_empty_output_or_an_empty_list(ctl, service):
    from link.v1 import link_service_pb2 as schema

    service.answers["ListAccounts"] = schema.ListAccountsResponse()
    assert ctl("accounts", "list").stdout == ""
    assert json.loads(ctl("accounts", "list", "--output", "json").stdout) == {"accounts": []}


def test_text_from_outside_cannot_move_the_cursor(ctl, service):
    from link.v1 import link_service_pb2 as schema

    service.answers["ListAccounts"] = schema.ListAccountsResponse(
        accounts=[account(screen_name="\x1b[2Jevil\r\n")])
    done = ctl("accounts", "list")
    assert "\x1b" not in done.stdout and len(done.stdout.splitlines()) == 2


# Errors


@pytest.mark.parametrize("code, status", [
    (grpc.StatusCode.UNAUTHENTICATED, 77), (grpc.StatusCode.PERMISSION_DENIED, 77),
    (grpc.StatusCode.UNAVAILABLE, 69), (grpc.StatusCode.DEADLINE_EXCEEDED, 75),
    (grpc.StatusCode.RESOURCE_EXHAUSTED, 75), (grpc.StatusCode.INVALID_ARGUMENT, 3),
    (grpc.StatusCode.FAILED_PRECONDITION, 3), (grpc.StatusCode.NOT_FOUND, 3),
    (grpc.StatusCode.INTERNAL, 70), (grpc.StatusCode.UNIMPLEMENTED, 70),
    (grpc.StatusCode.UNKNOWN, 70), (grpc.StatusCode.DATA_LOSS, 70)])
def test_a_status_code_is_an_exit_status(ctl, service, code, status):
    service.answers["ListAccounts"] = code
    done = ctl("accounts", "list", status=status)
    assert done.stdout == ""
    assert done.stderr.startswith("linkctl: error: ")
    assert all(re.match(r"linkctl: (error|hint): .*[^.]$", line)
               for line in done.stderr.splitlines()), done.stderr


def test_error_details_become_sentences(ctl, service, files):
    from google.rpc import error_details_pb2 as details

    service.answers["StartLink"] = link_failure(
        grpc.StatusCode.FAILED_PRECONDITION, "X does not know this callback URL.",
        "X_CALLBACK_NOT_APPROVED", "DEVELOPER",
        details.Help(links=[details.Help.Link(description="Console", url="https://console.x/")]),
        callback_url=CALLBACK)
    arguments = ["link", "x", "--profile", "alice", "--keys", files / "keys", "--start"]
    done = ctl(*arguments, status=3)
    assert done.stderr == f"""\
linkctl: error: X does not know this callback URL
linkctl: hint: the app's developer must add exactly this callback URL to the app: {CALLBACK}
linkctl: hint: see https://console.x/
"""
    error = json.loads(ctl(*arguments, "--output", "json", status=3).stderr)["error"]
    assert error["answer"] == {
        "code": "FAILED_PRECONDITION", "reason": "X_CALLBACK_NOT_APPROVED", "actor": "developer",
        "metadata": {"callback_url": CALLBACK}, "fields": [],
        "links": [{"description": "Console", "url": "https://console.x/"}]}
    assert error["exitStatus"] == 3


def test_wrong_fields_and_pauses_are_named(ctl, service):
    from google.rpc import error_details_pb2 as details

    fields = details.BadRequest()
    fields.field_violations.add(field="parent", description="Must be profiles/{profile}.")
    service.answers["ListAccounts"] = link_failure(
        grpc.StatusCode.INVALID_ARGUMENT, "The request is wrong.", "INVALID_REQUEST", "DEVELOPER",
        fields)
    assert "hint: parent: must be profiles/{profile}\n" in ctl(
        "accounts", "list", "--profile", "a b", status=3).stderr
    pause = details.RetryInfo()
    pause.retry_delay.FromSeconds(90)
    service.answers["ListAccounts"] = link_failure(
        grpc.StatusCode.RESOURCE_EXHAUSTED, "X asks for a pause.", "X_RATE_LIMITED", "PROVIDER",
        pause)
    assert "hint: try again in 90 seconds\n" in ctl("accounts", "list", status=75).stderr


def test_a_slow_server_is_left_in_time(ctl, service):
    service.answers["ListAccounts"] = lambda request, context: time.sleep(3)
    start = time.monotonic()
    ctl("accounts", "list", "--timeout", "0.3", status=75)
    assert time.monotonic() - start < 2.5


def test_ctrl_c_ends_a_call_at_once(ctl, service):
    begun = threading.Event()

    def answer(request, context):
        begun.set()
        time.sleep(3)

    service.answers["ListAccounts"] = answer
    process = subprocess.Popen(
        [LINKCTL, "accounts", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert begun.wait(20)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=2) == (b"", b"")
    assert process.returncode == -signal.SIGINT


def test_a_server_that_is_not_there_is_named(files):
    done = run(
        LINKCTL, "accounts", "list", "--server", "http://127.0.0.1:1", "--token-file",
        files / "token", status=69)
    assert "cannot reach linkd at http://127.0.0.1:1" in done.stderr


@pytest.mark.parametrize("arguments, status", [
    (["bogus"], 64), (["--bogus"], 64), (["keys", "validate"], 64),
    (["keys", "validate", "--pin", "--callback", "https://a/"], 64),
    (["link", "x"], 64), (["link", "x", "--complete", "--profile", "a"], 64),
    (["accounts", "list", "--state", "bogus"], 64), (["accounts", "list", "--timeout", "0"], 64),
    (["accounts", "list", "--server", "linkd.example:1"], 64),
    (["accounts", "list", "--server", "http://linkd.example"], 64),
    (["accounts", "list", "--token-file", "/nonexistent"], 66),
    (["accounts", "list", "--token-file", "/dev/null"], 65),
    (["keys", "validate", "--pin", "--keys", "/nonexistent"], 66),
    (["keys", "validate", "--pin", "--keys", "/dev/null"], 65),
    (["keys", "validate", "--pin", "--keys", "/dev/zero"], 65),
    (["link", "x", "--complete"], 65)])
def test_a_wrong_command_line_has_its_own_exit_status(ctl, service, arguments, status):
    done = ctl(*arguments, status=status, stdin="")
    assert done.stdout == "" and done.stderr.startswith("linkctl: error: ")
    assert not service.calls
    if "--output" not in arguments and status == 64:
        error = json.loads(ctl(*arguments, "--output", "json", status=64, stdin="").stderr)
        assert error["error"]["exitStatus"] == 64


@pytest.mark.parametrize("arguments", [
    [], ["keys"], ["keys", "validate"], ["link"], ["link", "x"], ["accounts"],
    ["accounts", "list"], ["accounts", "get"], ["accounts", "check"], ["accounts", "unlink"],
    ["keys", "put"], ["keys", "list"], ["keys", "delete"], ["sign", "GET"],
    ["tokens"], ["tokens", "create"], ["tokens", "list"], ["tokens", "revoke"]])
def test_help_goes_to_standard_output_and_has_examples(ctl, arguments):
    done = ctl(*arguments, "--help")
    assert done.stderr == ""
    assert len(arguments) == 1 or "EXAMPLES" in done.stdout


def test_without_a_token_nothing_is_sent(ctl, service, monkeypatch):
    monkeypatch.delenv("LINKD_TOKEN_FILE")
    assert "no token" in ctl("accounts", "list", status=64).stderr
    assert not service.calls


def test_a_secret_on_the_command_line_is_not_repeated(ctl, files):
    for arguments in (
        ["keys", "validate", "--pin", SECRET], ["keys", "validate", f"--consumer-secret={SECRET}"],
        ["keys", "validate", "--pin", "--keys", SECRET], [f"--{SECRET}{SECRET}"],
        ["accounts", "list", "--token-file", TOKEN], ["accounts", "list", "--state", SECRET],
        ["accounts", "list", "--server", f"http://u:{SECRET}@127.0.0.1:1"], [TOKEN]):
        done = subprocess.run(
            [str(a) for a in (LINKCTL, *arguments)], capture_output=True, text=True, timeout=60)
        assert done.returncode in (64, 66)
        assert SECRET not in done.stdout + done.stderr and TOKEN not in done.stdout + done.stderr


def test_a_malformed_key_file_is_not_repeated(ctl):
    for text in (f"{SECRET}\n", f"consumer_key = {KEY}\nconsumer_secret = {SECRET} {SECRET}\n",
                 f"{SECRET} = {KEY}\n", f"consumer_key = {KEY}\n", "consumer_key = \xff\n"):
        assert "key file" in ctl("keys", "validate", "--pin", "--keys", "-", stdin=text,
                                 status=65).stderr


def test_random_command_lines_end_with_a_documented_status(ctl, service):
    from link.v1 import link_service_pb2 as schema

    service.answers = {
        "ListAccounts": schema.ListAccountsResponse(), "ValidateKeys": verdict("USABLE"),
        "StartLink": grpc.StatusCode.INTERNAL, "CompleteLink": grpc.StatusCode.INTERNAL}
    words = ["keys", "validate", "link", "x", "accounts", "list", "--keys", "-", "--pin", "--help",
             "--output", "json", "--state", "active", "--profile", "", "é", "\x01", "--", "--x=",
             "-", "--timeout", "1e400", "nan", "--port", "99999999999", "--start", "--complete"]
    seed = random.randrange(2**32)
    print("seed", seed)
    source = random.Random(seed)
    documented = {int(line.split()[0]) for line in ctl("--help").stdout.splitlines()
                  if re.match(r" +\d+  ", line)}
    for _ in range(100):
        arguments = source.choices(words, k=source.randrange(8))
        done = subprocess.run(
            [LINKCTL, *arguments], input="", capture_output=True, text=True, timeout=60,
            start_new_session=True)
        assert done.returncode in documented, (seed, arguments, done)


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
