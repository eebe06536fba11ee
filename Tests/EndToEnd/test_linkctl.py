"""linkctl against a server of grpcio: what it sends, what it prints, how it ends."""

import json
import random
import re
import signal
import subprocess
import threading
import time

import grpc
import pytest
from conftest import SLOWNESS, run
from linkctl_calls import (
    account, CALLBACK, ctl, files, finding, KEY, link_failure, LINKCTL, SECRET, service, TOKEN,
    verdict)
from service import serving

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
    assert time.monotonic() - start < 2.5 * SLOWNESS


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
