"""A provider of OAuth 1.0a that strangers wrote, the server side of oauthlib, accepts our flow."""

import http.server
import json
import secrets
import threading
import urllib.parse

import pytest
from conftest import CALLBACK, Linkd, complete_request, start_request
from oauthlib.oauth1 import (
    AccessTokenEndpoint, RequestTokenEndpoint, RequestValidator, ResourceEndpoint)

KEYS = ("anothersconsumerkey01", "anothersconsumersecret/+=&%~01")


class Validator(RequestValidator):
    """What oauthlib asks whoever runs a provider; strict wherever it has a choice."""

    allowed_signature_methods = ["HMAC-SHA1"]
    enforce_ssl = False
    client_key_length = request_token_length = access_token_length = (20, 40)
    verifier_length = (20, 40)
    # Ours are 128 bits in hexadecimal.
    nonce_length = (32, 32)
    timestamp_lifetime = 60
    dummy_client = dummy_request_token = dummy_access_token = "d" * 20

    def __init__(self):
        self.requests, self.tokens, self.stamps = {}, {}, set()

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, **tokens):
        stamp = (client_key, timestamp, nonce, *sorted(tokens.items()))
        is_new = stamp not in self.stamps
        self.stamps.add(stamp)
        return is_new

    def validate_client_key(self, client_key, request):
        return client_key == KEYS[0]

    def get_client_secret(self, client_key, request):
        return KEYS[1]

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, *arguments, **options):
        return True

    def get_default_realms(self, client_key, request):
        return []

    def get_realms(self, token, request):
        return []

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return redirect_uri in (CALLBACK, "oob")

    def save_request_token(self, token, request):
        self.requests[token["oauth_token"]] = {
            "secret": token["oauth_token_secret"], "verifier": None}

    def validate_request_token(self, client_key, token, request):
        return token in self.requests

    def get_request_token_secret(self, client_key, token, request):
        return self.requests.get(token, {"secret": "none"})["secret"]

    def validate_verifier(self, client_key, token, verifier, request):
        expected = self.requests.get(token, {}).get("verifier")
        return expected is not None and secrets.compare_digest(expected, verifier)

    def invalidate_request_token(self, client_key, request_token, request):
        del self.requests[request_token]

    def save_access_token(self, token, request):
        self.tokens[token["oauth_token"]] = token["oauth_token_secret"]

    def validate_access_token(self, client_key, token, request):
        return token in self.tokens

    def get_access_token_secret(self, client_key, token, request):
        return self.tokens.get(token, "none")


class Provider:
    """X's addresses, answered by oauthlib."""

    def __init__(self):
        self.validator = Validator()
        self.request_tokens = RequestTokenEndpoint(self.validator)
        self.access_tokens = AccessTokenEndpoint(self.validator)
        self.resources = ResourceEndpoint(self.validator)

    def approve(self, authorize_url):
        """What the browser of a user who agrees comes back with."""
        token = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(authorize_url).query))["oauth_token"]
        verifier = secrets.token_hex(10)
        self.validator.requests[token]["verifier"] = verifier
        query = urllib.parse.urlencode({"oauth_token": token, "oauth_verifier": verifier})
        return f"{CALLBACK}?{query}"

    def answer(self, method, url, body, headers):
        path = urllib.parse.urlsplit(url).path
        if path == "/oauth/request_token":
            _, text, status = self.request_tokens.create_request_token_response(
                url, method, body, headers)
        elif path == "/oauth/access_token":
            _, text, status = self.access_tokens.create_access_token_response(
                url, method, body, headers, credentials={"user_id": "77", "screen_name": "zoe"})
        else:
            text, status = self.answer_for_user(method, url, body, headers)
        return status, text or ""

    def answer_for_user(self, method, url, body, headers):
        valid, request = self.resources.validate_protected_resource_request(
            url, method, body, headers)
        if not valid:
            return json.dumps({"errors": [{"code": 89, "message": "Invalid token."}]}), 401
        if "invalidate_token" in url:
            del self.validator.tokens[request.resource_owner_key]
            return json.dumps({"access_token": request.resource_owner_key}), 200
        return json.dumps({"id": 77, "id_str": "77", "screen_name": "zoe", "name": "Zoe"}), 200


@pytest.fixture
def provider():
    provider = Provider()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            headers = {"Authorization": self.headers["authorization"]}
            if body:
                headers["Content-Type"] = self.headers["content-type"]
            url = f"http://{self.headers['host']}{self.path}"
            status, text = provider.answer(self.command, url, body, headers)
            data = text.encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = respond

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield provider
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def linkd(provider, processes, tmp_path):
    return Linkd(processes, tmp_path, provider.url)


def test_the_whole_flow_is_accepted(linkd, provider):
    from link.v1 import account_methods_pb2 as accounts, account_pb2, link_service_pb2 as schema
    from link.v1 import provider_pb2, signing_pb2

    started = linkd.call("StartLink", start_request(KEYS))
    account = linkd.call(
        "CompleteLink", complete_request(started, provider.approve(started.authorize_url))).account
    assert (account.provider_account_id, account.screen_name) == ("77", "zoe")
    checked = linkd.call("CheckAccount", accounts.CheckAccountRequest(name=account.name)).account
    assert checked.state == account_pb2.ACCOUNT_STATE_ACTIVE

    # A request that linkd has signed, with everything that is hard to encode.
    url = f"{provider.url}/2/tweets?q=caf%C3%A9%20%2B&empty="
    form = {"status": "Ladies + Gentlemen, ☃ & ~*'()!", "a[0]": "1", "tilde~": ""}
    signed = linkd.call("SignRequest", signing_pb2.SignRequestRequest(
        name=account.name, http_method="POST", url=url, form_parameters=[
            signing_pb2.FormParameter(name=name, value=value) for name, value in form.items()]))
    headers = {
        "Authorization": signed.authorization, "Content-Type": "application/x-www-form-urlencoded"}
    body = urllib.parse.urlencode(form)
    assert provider.answer("POST", url, body, headers)[0] == 200
    assert provider.answer("POST", url, body, headers)[0] == 401, "a nonce is good once"

    unlinked = linkd.call("UnlinkAccount", accounts.UnlinkAccountRequest(name=account.name))
    assert unlinked.revocation == accounts.TOKEN_REVOCATION_DONE
    assert not provider.validator.tokens

    good = linkd.call("ValidateKeys", schema.ValidateKeysRequest(
        provider=provider_pb2.PROVIDER_X, callback_url=CALLBACK,
        keys=provider_pb2.ConsumerKeys(consumer_key=KEYS[0], consumer_secret=KEYS[1])))
    assert good.verdict == schema.KEY_VERDICT_USABLE


def test_wrong_keys_are_not(linkd):
    import grpc

    with pytest.raises(grpc.RpcError) as error:
        linkd.call("StartLink", start_request((KEYS[0], "wrong")))
    assert error.value.code() == grpc.StatusCode.FAILED_PRECONDITION
