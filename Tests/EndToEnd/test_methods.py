"""The four methods, called by grpcio with stubs made from Protos/, over plaintext and over TLS."""

import uuid

import grpc
import pytest
from conftest import CALLBACK, Linkd, complete_request, details_of, start_request


@pytest.fixture(params=["plaintext", "tls"])
def linkd(request, processes, tmp_path, fakex, certificate):
    return Linkd(
        processes, tmp_path, fakex.url,
        certificate=certificate if request.param == "tls" else None)


def keys(fakex):
    return fakex.key, fakex.secret


def refused(linkd, method, request, **options):
    with pytest.raises(grpc.RpcError) as failure:
        linkd.call(method, request, **options)
    return failure.value


def listed(linkd, parent="profiles/-", **fields):
    from link.v1 import link_service_pb2 as schema

    return linkd.call("ListAccounts", schema.ListAccountsRequest(parent=parent, **fields))


def test_an_account_is_linked_and_listed_and_linked_again(linkd, fakex):
    from link.v1 import account_pb2, provider_pb2

    accounts = []
    for relinked in (False, True):
        started = linkd.call("StartLink", start_request(keys(fakex)))
        assert started.authorize_url.startswith(f"{fakex.url}/oauth/authorize?oauth_token=")
        back = fakex.visit(started.authorize_url)
        completed = linkd.call("CompleteLink", complete_request(started, back))
        assert completed.relinked == relinked
        accounts.append(completed.account)
    first, second = accounts
    assert first.name == second.name and first.name.startswith("profiles/ann/accounts/")
    assert first.provider == provider_pb2.PROVIDER_X and first.screen_name == "alice"
    assert first.state == account_pb2.ACCOUNT_STATE_ACTIVE
    assert first.create_time == second.create_time
    assert [same.name for same in listed(linkd, "profiles/ann").accounts] == [second.name]
    assert not listed(linkd, "profiles/other").accounts


def test_pages_hold_every_account_once(linkd, fakex):
    from link.v1 import link_service_pb2 as schema

    names = set()
    for profile in ("ann", "ben", "cat"):
        started = linkd.call("StartLink", start_request(keys(fakex), profile))
        back = fakex.visit(started.authorize_url, "bob")
        request = complete_request(started, back, profile)
        names.add(linkd.call("CompleteLink", request).account.name)
    seen, token = [], ""
    for _ in range(10):
        page = linkd.call("ListAccounts", schema.ListAccountsRequest(
            parent="profiles/-", page_size=1, page_token=token))
        seen += [account.name for account in page.accounts]
        token = page.next_page_token
        if not token:
            break
    assert seen == sorted(names) and len(names) == 3


def test_a_pin_completes_a_link(linkd, fakex):
    from link.v1 import link_service_pb2 as schema, provider_pb2

    request = start_request(keys(fakex), pin=provider_pb2.PinEntry())
    started = linkd.call("StartLink", request)
    pin = fakex.visit(started.authorize_url)
    completed = linkd.call("CompleteLink", schema.CompleteLinkRequest(
        parent="profiles/ann", link_secret=started.link_secret, pin=pin))
    assert completed.account.screen_name == "alice"


def test_keys_are_examined(linkd, fakex):
    from link.v1 import link_service_pb2 as schema, provider_pb2

    def examine(key, secret):
        return linkd.call("ValidateKeys", schema.ValidateKeysRequest(
            provider=provider_pb2.PROVIDER_X, callback_url=CALLBACK,
            keys=provider_pb2.ConsumerKeys(consumer_key=key, consumer_secret=secret)))

    good, bad = examine(*keys(fakex)), examine(fakex.key, "wrong")
    assert good.verdict == schema.KEY_VERDICT_USABLE
    assert bad.verdict == schema.KEY_VERDICT_NOT_USABLE
    assert [finding.check for finding in good.findings] == [1, 2, 3, 4, 5, 6, 7]
    failed = [f for f in bad.findings if f.outcome == schema.KEY_OUTCOME_FAILED]
    assert [finding.check for finding in failed] == [schema.KEY_CHECK_KEY_PAIR]
    assert failed[0].summary and failed[0].action


def test_a_failure_names_its_reason_and_who_must_act(linkd, fakex):
    other = "https://app.example/another"
    error = refused(linkd, "StartLink", start_request(keys(fakex), callback_url=other))
    assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
    details = details_of(error)
    info = details["ErrorInfo"]
    assert (info.domain, info.reason) == ("link.v1", "X_CALLBACK_NOT_APPROVED")
    assert info.metadata["actor"] == "DEVELOPER" and info.metadata["callback_url"] == other
    assert details["Help"].links[0].url.startswith("https://")


def test_a_wrong_request_names_the_field(linkd, fakex):
    request = start_request(keys(fakex), profile="not a name")
    error = refused(linkd, "StartLink", request)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    fields = details_of(error)["BadRequest"].field_violations
    assert [violation.field for violation in fields] == ["parent"]


def test_saying_no_ends_the_link(linkd, fakex):
    started = linkd.call("StartLink", start_request(keys(fakex)))
    back = fakex.visit(started.authorize_url, approve=False)
    error = refused(linkd, "CompleteLink", complete_request(started, back))
    assert details_of(error)["ErrorInfo"].reason == "USER_DENIED"
    assert not listed(linkd).accounts


def test_one_user_cannot_finish_the_link_of_another(linkd, fakex):
    started = linkd.call("StartLink", start_request(keys(fakex), "ann"))
    back = fakex.visit(started.authorize_url)
    stolen = refused(linkd, "CompleteLink", complete_request(started, back, "mallory"))
    assert stolen.code() == grpc.StatusCode.NOT_FOUND
    assert details_of(stolen)["ErrorInfo"].reason == "LINK_NOT_FOUND"
    assert linkd.call("CompleteLink", complete_request(started, back)).account


def test_an_account_is_shared_between_profiles_only_if_that_is_asked_for(linkd, fakex):
    from link.v1 import link_service_pb2 as schema

    def link(profile, sharing):
        request = start_request(keys(fakex), profile, account_sharing=sharing)
        started = linkd.call("StartLink", request)
        back = fakex.visit(started.authorize_url)
        return complete_request(started, back, profile)

    linkd.call("CompleteLink", link("ann", schema.ACCOUNT_SHARING_REFUSE))
    error = refused(linkd, "CompleteLink", link("ben", schema.ACCOUNT_SHARING_REFUSE))
    assert details_of(error)["ErrorInfo"].reason == "ACCOUNT_IN_OTHER_PROFILE"
    linkd.call("CompleteLink", link("ben", schema.ACCOUNT_SHARING_ALLOW))
    assert len(listed(linkd).accounts) == 2


def test_the_same_request_id_gives_the_same_answer(linkd, fakex):
    request = start_request(keys(fakex), request_id=str(uuid.uuid4()))
    assert linkd.call("StartLink", request) == linkd.call("StartLink", request)
    request.force_login = True
    error = refused(linkd, "StartLink", request)
    assert details_of(error)["ErrorInfo"].reason == "REQUEST_ID_REUSED"
    assert fakex.control("calls")["request_token"] == 1


@pytest.mark.parametrize("token", ["none", "unknown", "changed"])
def test_without_a_good_token_nothing_is_answered(linkd, fakex, token):
    from google.protobuf import message_factory
    from link.v1 import link_service_pb2 as schema

    wrong = {"unknown": "linkd_" + "0" * 16, "changed": linkd.token[:-1] + "x"}
    linkd.token = wrong.get(token)
    for method in schema.DESCRIPTOR.services_by_name["LinkService"].methods:
        if method.server_streaming:
            continue
        request = message_factory.GetMessageClass(method.input_type)()
        if method.name == "StartLink":
            request = start_request(keys(fakex))
        error = refused(linkd, method.name, request, token=token != "none")
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED
        assert details_of(error)["ErrorInfo"].reason == "UNAUTHENTICATED"
    assert fakex.control("calls")["request_token"] == 0


def test_linkctl_goes_the_same_way(linkd, fakex, tmp_path):
    import json

    (tmp_path / "keys").write_text(
        f"consumer_key = {fakex.key}\nconsumer_secret = {fakex.secret}\n")
    linkd.linkctl("keys", "validate", "--keys", tmp_path / "keys", "--callback", CALLBACK)
    ticket = json.loads(linkd.linkctl(
        "link", "x", "--profile", "ann", "--keys", tmp_path / "keys", "--start", "--callback",
        CALLBACK).stdout)
    ticket["callback"] = fakex.visit(ticket["authorizeUrl"], "bob")
    linked = json.loads(linkd.linkctl(
        "link", "x", "--complete", "--output", "json", stdin=json.dumps(ticket)).stdout)
    listing = json.loads(linkd.linkctl("accounts", "list", "--output", "json").stdout)
    assert listing["accounts"] == [linked["account"]]
    assert linked["account"]["screenName"] == "bob" and not linked["relinked"]
    name = linked["account"]["name"]
    assert json.loads(linkd.linkctl("accounts", "get", name, "--output", "json").stdout) == \
        linked["account"]
    assert "state:    active\n" in linkd.linkctl("accounts", "check", name).stdout
    fakex.control("revoke", screen_name="bob")
    assert "state:    revoked\n" in linkd.linkctl("accounts", "check", name, status=1).stdout
    assert linkd.linkctl("accounts", "unlink", name).stdout.startswith(f"unlinked: {name}")
    assert "linkctl: error: " in linkd.linkctl("accounts", "get", name, status=3).stderr
    linkd.linkctl("accounts", "unlink", name, status=3)
    linkd.linkctl("accounts", "unlink", name, "--allow-missing")
    assert linkd.linkctl("accounts", "list").stdout == ""


def test_linkctl_waits_for_the_browser(linkd, fakex, tmp_path):
    import socket
    import subprocess

    from conftest import BIN

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    fakex.control("app", key=fakex.key, add_callback=f"http://127.0.0.1:{port}/callback")
    (tmp_path / "keys").write_text(
        f"consumer_key = {fakex.key}\nconsumer_secret = {fakex.secret}\n")
    trust = ["--ca-file", linkd.certificate.ca] if linkd.certificate else []
    process = subprocess.Popen(
        [BIN / "linkctl", "link", "x", "--profile", "ann", "--keys", tmp_path / "keys", "--port",
         str(port), "--no-browser", "--server", linkd.url, "--token-file", linkd.token_file,
         *trust],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = next(line.strip() for line in process.stderr if "oauth_token=" in line)
        subprocess.run(
            [BIN / "fakex", "visit", "--approve", "--user", "bob", "--follow", url],
            check=True, capture_output=True, timeout=30)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    assert "@bob" in out and [a.screen_name for a in listed(linkd).accounts] == ["bob"]


def test_linkctl_watches_until_linkd_ends_the_stream(linkd, fakex):
    import json
    import subprocess

    from conftest import BIN, START_SECONDS

    trust = ["--ca-file", linkd.certificate.ca] if linkd.certificate else []
    watch = subprocess.Popen(
        [BIN / "linkctl", "watch", "--output", "json", "--server", linkd.url, "--token-file",
         linkd.token_file, *trust], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        resume = json.loads(watch.stdout.readline())["resumeToken"]
        started = linkd.call("StartLink", start_request((fakex.key, fakex.secret)))
        back = fakex.visit(started.authorize_url)
        name = linkd.call("CompleteLink", complete_request(started, back)).account.name
        event = json.loads(watch.stdout.readline())
        assert (event["kind"], event["account"]["name"]) == ("linked", name)
        assert event["resumeToken"] != resume
        assert linkd.process.stop() == 0
        # Not cut off once the grace for calls under way is over: told at once.
        assert watch.wait(START_SECONDS) == 69
        assert "linkd is shutting down" in watch.stderr.read()
    finally:
        watch.kill()
        watch.communicate()
