"""The audit log of a real linkd: complete, private, one line an event, and without secrets."""

import json
import os
import pathlib
import stat

import grpc
import pytest
from conftest import complete_request, start_request


def lines(linkd):
    text = (linkd.data / "audit.log").read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def linked(linkd, fakex):
    """The name of an account, after a link from beginning to end."""
    started = linkd.call("StartLink", start_request((fakex.key, fakex.secret)))
    back = fakex.visit(started.authorize_url)
    request = complete_request(started, back)
    account = linkd.call("CompleteLink", request).account.name
    text = (linkd.data / "audit.log").read_text()
    for secret in (
            fakex.key, fakex.secret, linkd.token, started.link_secret, request.grant.oauth_token,
            request.grant.oauth_verifier):
        assert secret not in text
    return account


def test_a_link_and_a_signature_can_be_read_off_it(linkd, fakex, linked):
    linkd.linkctl("sign", "GET", f"{fakex.url}/2/users/me?q=private", "--account", linked)
    linkd.linkctl("accounts", "list")
    found = lines(linkd)
    assert [line["action"] for line in found] == [
        "start_link", "end_call", "complete_link", "end_call", "sign_request", "end_call"]
    assert {line["tenant"] for line in found} == {"default"}
    assert {line["token"] for line in found} == {linkd.token.split("_")[1]}
    for before, after in zip(found[::2], found[1::2]):
        assert before["call"] == after["call"] and after["detail"] == "OK"
    assert len({line["call"] for line in found}) == 3
    assert found[4]["resource"] == linked
    assert found[4]["detail"] == f"GET {fakex.url}/2/users/me"


def test_it_is_private_and_only_ever_added_to(linkd, linked):
    path = linkd.data / "audit.log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    linkd.process.kill()
    # What a crash in the middle of a line leaves.
    with path.open("ab") as file:
        file.write(b'{"action":"sign_requ')
    linkd.serve()
    linkd.linkctl("accounts", "unlink", linked)
    after = path.read_bytes()
    assert after.startswith(before)
    whole = [json.loads(line) for line in after.splitlines() if line.endswith(b"}")]
    assert [line["action"] for line in whole[-2:]] == ["unlink_account", "end_call"]


@pytest.mark.parametrize("profile", ["a\r\nb", "a\x1b[2Jb", "a\x00b", "a\u2028b", "a\u202eb"])
def test_a_name_cannot_begin_a_line_of_its_own(linkd, fakex, profile):
    # T111
    with pytest.raises(grpc.RpcError):
        linkd.call("StartLink", start_request((fakex.key, fakex.secret), profile=profile))
    (line,) = lines(linkd)
    assert line["detail"] == "INVALID_ARGUMENT INVALID_REQUEST"
    assert (linkd.data / "audit.log").read_text().isascii()


def test_where_it_cannot_be_written_nothing_is_served(linkd):
    linkd.process.stop()
    path = pathlib.Path(linkd.data / "audit.log")
    path.unlink(missing_ok=True)
    os.symlink("/dev/null", path)
    with pytest.raises(AssertionError):
        linkd.serve()
    assert linkd.process.process.wait(20) == 74
    assert "audit log cannot be written" in linkd.process.log.read_text()


def test_many_bad_tokens_are_slowed_down_and_a_good_one_is_not(linkd):
    # T124
    from link.v1 import link_service_pb2 as schema, link_service_pb2_grpc

    request = schema.ListAccountsRequest(parent="profiles/-")
    codes = []
    with grpc.insecure_channel(linkd.address) as channel:
        stub = link_service_pb2_grpc.LinkServiceStub(channel)
        for _ in range(200):
            with pytest.raises(grpc.RpcError) as refused:
                stub.ListAccounts(
                    request, timeout=20, metadata=[("authorization", "Bearer linkd_no")])
            codes.append(refused.value.code())
    assert codes[:20] == [grpc.StatusCode.UNAUTHENTICATED] * 20
    assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) > 100
    linkd.call("ListAccounts", request)
