"""Who may call: tokens that are made, listed, revoked and end, by linkctl and a real linkd."""

import json

import grpc
import pytest
from conftest import BIN, complete_request, details_of, run, start_request


def tokens(linkd, *arguments, **options):
    return linkd.linkctl("tokens", *arguments, **options)


def listed(linkd, *arguments):
    return json.loads(tokens(linkd, "list", *arguments, "--output", "json").stdout)["tokens"]


def code_of(linkd, token, method="ListAccounts"):
    """What a call with this token ends with."""
    from link.v1 import link_service_pb2, link_service_pb2_grpc

    with grpc.insecure_channel(linkd.address) as channel:
        stub = link_service_pb2_grpc.LinkServiceStub(channel)
        request = link_service_pb2.ListAccountsRequest(parent="profiles/-")
        try:
            getattr(stub, method)(
                request, timeout=20, metadata=[("authorization", f"Bearer {token}")])
            return grpc.StatusCode.OK
        except grpc.RpcError as error:
            details_of(error)
            return error.code()


def test_a_token_is_shown_once_works_and_is_refused_once_revoked(linkd):
    made = tokens(linkd, "create", "--tenant", "shop", "--scopes", "read,sign", "--days", "30")
    token = made.stdout.strip()
    assert token.startswith("linkd_") and token not in made.stderr
    (shown,) = listed(linkd, "--tenant", "shop")
    assert shown["scopes"] == ["read", "sign"] and shown["expireTime"] > shown["createTime"]
    assert len(listed(linkd)) == 2
    assert code_of(linkd, token) == grpc.StatusCode.OK

    table = tokens(linkd, "list").stdout
    assert shown["name"] in table and token.split("_")[2] not in table
    assert tokens(linkd, "revoke", shown["name"]).stdout == f"revoked: {shown['name']}\n"
    assert code_of(linkd, token) == grpc.StatusCode.UNAUTHENTICATED
    assert "no token of this name" in tokens(linkd, "revoke", shown["name"], status=3).stderr
    tokens(linkd, "revoke", shown["name"], "--allow-missing")


def test_revocation_and_tokens_survive_a_crash(linkd):
    first = tokens(linkd, "create", "--tenant", "shop", "--scopes", "read").stdout.strip()
    second = tokens(linkd, "create", "--tenant", "shop", "--scopes", "read").stdout.strip()
    name = f"tenants/shop/tokens/{first.split('_')[1]}"
    tokens(linkd, "revoke", name)
    linkd.process.kill()
    linkd.serve()
    assert code_of(linkd, first) == grpc.StatusCode.UNAUTHENTICATED
    assert code_of(linkd, second) == grpc.StatusCode.OK


def test_only_an_administrator_may_make_tokens_and_none_can_lock_itself_out(linkd, tmp_path):
    (own,) = listed(linkd)
    assert "nobody can end the credential that he calls with" in tokens(linkd, "revoke", own["name"], status=3).stderr
    other = tmp_path / "other"
    other.write_text(tokens(linkd, "create", "--tenant", "shop", "--scopes", "read,link,sign").stdout)
    refused = run(
        BIN / "linkctl", "tokens", "create", "--tenant", "shop", "--scopes", "admin", "--server",
        linkd.url, "--token-file", other, "--output", "json", status=77)
    answer = json.loads(refused.stderr)["error"]["answer"]
    assert (answer["reason"], answer["metadata"]) == ("SCOPE_MISSING", {"scope": "admin"})


@pytest.mark.parametrize("arguments", [
    ["create", "--tenant", "shop"], ["create", "--tenant", "shop", "--scopes", "all"],
    ["create", "--tenant", "shop", "--scopes", "read", "--days", "0"], ["revoke"]])
def test_a_wrong_command_line_makes_nothing(linkd, arguments):
    tokens(linkd, *arguments, status=64)
    assert len(listed(linkd)) == 1


def test_a_token_given_where_its_name_is_asked_for_goes_nowhere_and_is_not_repeated(linkd):
    refused = tokens(linkd, "revoke", linkd.token, status=64)
    assert linkd.token not in refused.stdout + refused.stderr


def test_a_tenant_is_deleted_with_all_that_it_has(linkd, fakex):
    from link.v1 import link_service_pb2 as schema

    admin = linkd.token
    linkd.token = tokens(linkd, "create", "--tenant", "shop", "--scopes", "read,link").stdout.strip()
    started = linkd.call("StartLink", start_request((fakex.key, fakex.secret)))
    linkd.call("CompleteLink", complete_request(started, fakex.visit(started.authorize_url)))
    deleted = linkd.linkctl("tenants", "delete", "shop").stdout
    assert deleted == "deleted: tenants/shop, 1 account\n"
    assert code_of(linkd, linkd.token) == grpc.StatusCode.UNAUTHENTICATED
    assert listed(linkd, "--tenant", "shop") == []
    assert "nothing of this tenant" in linkd.linkctl("tenants", "delete", "shop", status=3).stderr
    # Who comes by that name again finds nothing.
    linkd.token = tokens(linkd, "create", "--tenant", "shop", "--scopes", "read").stdout.strip()
    assert not linkd.call("ListAccounts", schema.ListAccountsRequest(parent="profiles/-")).accounts
    linkd.token = admin
    linkd.linkctl("tenants", "delete", "tenants/default", status=3)
