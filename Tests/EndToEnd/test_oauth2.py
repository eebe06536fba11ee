"""OAuth 2.0 with PKCE against what strangers wrote: a provider made of oauthlib's server side takes
our whole flow, and the client of requests-oauthlib takes fakex."""

import base64
import http.server
import json
import secrets
import threading
import urllib.parse
import urllib.request

import grpc
import pytest
from conftest import CALLBACK, Linkd, details_of, start_request
from oauthlib.oauth2 import RequestValidator, WebApplicationServer

CLIENT = ("anothersclientid", "anothersclientsecret/+=&%~")


@pytest.fixture(autouse=True)
def insecure(monkeypatch):
    """oauthlib wants to be told that these connections never leave the machine."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


class Validator(RequestValidator):
    """What oauthlib asks whoever runs a provider; PKCE is required, refresh tokens work once."""

    def __init__(self):
        self.codes, self.tokens, self.refresh = {}, {}, {}

    def validate_client_id(self, client_id, request, *arguments, **options):
        request.client = type("Client", (), {"client_id": client_id})()
        return client_id == CLIENT[0]

    def validate_redirect_uri(self, client_id, redirect_uri, request, *arguments, **options):
        return redirect_uri == CALLBACK

    def validate_response_type(self, client_id, response_type, client, request, *_, **__):
        return response_type == "code"

    def validate_scopes(self, client_id, scopes, client, request, *arguments, **options):
        return set(scopes) <= {"tweet.read", "users.read", "tweet.write", "offline.access"}

    def is_pkce_required(self, client_id, request):
        return True

    def save_authorization_code(self, client_id, code, request, *arguments, **options):
        self.codes[code["code"]] = request

    def authenticate_client(self, request, *arguments, **options):
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        pair = base64.b64decode(value).decode().split(":") if scheme == "Basic" else ["", ""]
        request.client = type("Client", (), {"client_id": CLIENT[0]})()
        return tuple(map(urllib.parse.unquote, pair)) == CLIENT

    def client_authentication_required(self, request, *arguments, **options):
        return True

    def validate_code(self, client_id, code, client, request, *arguments, **options):
        known = self.codes.get(code)
        if known is None:
            return False
        request.scopes, request.user = known.scopes, "77"
        return True

    def get_code_challenge(self, code, request):
        return self.codes[code].code_challenge

    def get_code_challenge_method(self, code, request):
        return self.codes[code].code_challenge_method

    def confirm_redirect_uri(self, client_id, code, redirect_uri, client, request, *_, **__):
        return redirect_uri == self.codes[code].redirect_uri

    def validate_grant_type(self, client_id, grant_type, client, request, *arguments, **options):
        return grant_type in ("authorization_code", "refresh_token")

    def invalidate_authorization_code(self, client_id, code, request, *arguments, **options):
        del self.codes[code]

    def save_bearer_token(self, token, request, *arguments, **options):
        self.tokens[token["access_token"]] = token["scope"]
        if "refresh_token" in token:
            self.refresh[token["refresh_token"]] = token["scope"]

    def validate_bearer_token(self, token, scopes, request):
        return token in self.tokens

    def validate_refresh_token(self, refresh_token, client, request, *arguments, **options):
        # Once: what is taken away here is given anew in the answer.
        request.granted = self.refresh.pop(refresh_token, None)
        return request.granted is not None

    def get_original_scopes(self, refresh_token, request, *arguments, **options):
        return request.granted.split()

    def rotate_refresh_token(self, request):
        return True

    def revoke_token(self, token, token_type_hint, request, *arguments, **options):
        self.refresh.pop(token, None)
        self.tokens.clear()


class Provider:
    """X's addresses, answered by oauthlib."""

    def __init__(self):
        self.validator = Validator()
        self.server = WebApplicationServer(self.validator)
        self.seen = []

    def approve(self, authorize_url):
        """What the browser of a user who agrees comes back with."""
        scopes, credentials = self.server.validate_authorization_request(authorize_url)
        headers, _, status = self.server.create_authorization_response(
            authorize_url, scopes=scopes, credentials=credentials)
        assert status == 302
        return headers["Location"]

    def answer(self, method, url, body, headers):
        path = urllib.parse.urlsplit(url).path
        self.seen.append((path, dict(urllib.parse.parse_qsl(body))))
        if path == "/2/oauth2/token":
            _, text, status = self.server.create_token_response(url, method, body, headers)
        elif path == "/2/oauth2/revoke":
            _, text, status = self.server.create_revocation_response(url, method, body, headers)
            text = "{}" if status == 200 else text
        else:
            valid, _ = self.server.verify_request(url, method, body, headers, ["users.read"])
            user = {"id": "77", "username": "zoe", "name": "Zoe"}
            status, text = (200, json.dumps({"data": user})) if valid else (401, "{}")
        return status, text or ""


@pytest.fixture
def provider():
    provider = Provider()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            headers = {
                name: value for name, value in self.headers.items()
                if name in ("Authorization", "Content-Type")}
            status, text = provider.answer(
                self.command, f"http://{self.headers['host']}{self.path}", body, headers)
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

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


def begin(linkd, keys, **fields):
    from link.v1 import provider_pb2

    return linkd.call("StartLink", start_request(
        keys, link_method=provider_pb2.LINK_METHOD_OAUTH2, **fields))


def completion(started, back):
    from link.v1 import link_service_pb2 as schema

    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
    return schema.CompleteLinkRequest(
        parent="profiles/ann", link_secret=started.link_secret,
        code_grant=schema.CodeGrant(state=query["state"], code=query["code"]))


def test_the_whole_flow_is_accepted_by_the_server_of_oauthlib(provider, processes, tmp_path):
    from link.v1 import account_methods_pb2 as accounts, account_pb2, signing_pb2

    linkd = Linkd(processes, tmp_path, provider.url)
    started = begin(linkd, CLIENT)
    account = linkd.call("CompleteLink", completion(started, provider.approve(
        started.authorize_url))).account
    assert (account.provider_account_id, account.screen_name) == ("77", "zoe")
    assert "offline.access" in account.scopes
    first = set(provider.validator.refresh)
    for _ in range(3):
        checked = linkd.call("CheckAccount", accounts.CheckAccountRequest(name=account.name)).account
        assert checked.state == account_pb2.ACCOUNT_STATE_ACTIVE
    # Rotated each time, and the one before is of no use.
    assert len(provider.validator.refresh) == 1 and not first & set(provider.validator.refresh)

    url = f"{provider.url}/2/users/me"
    signed = linkd.call("SignRequest", signing_pb2.SignRequestRequest(
        name=account.name, http_method="GET", url=url)).authorization
    assert provider.answer("GET", url, "", {"Authorization": signed})[0] == 200
    unlinked = linkd.call("UnlinkAccount", accounts.UnlinkAccountRequest(name=account.name))
    assert unlinked.revocation == accounts.TOKEN_REVOCATION_DONE
    assert not provider.validator.refresh and not provider.validator.tokens


def test_a_client_is_examined_by_the_server_of_oauthlib(provider, processes, tmp_path):
    from link.v1 import link_service_pb2 as schema, provider_pb2

    linkd = Linkd(processes, tmp_path, provider.url)

    def verdict(client, secret):
        return linkd.call("ValidateKeys", schema.ValidateKeysRequest(
            provider=provider_pb2.PROVIDER_X, link_method=provider_pb2.LINK_METHOD_OAUTH2,
            keys=provider_pb2.ConsumerKeys(consumer_key=client, consumer_secret=secret),
            callback_url=CALLBACK)).verdict

    assert verdict(*CLIENT) == schema.KEY_VERDICT_USABLE
    assert verdict(CLIENT[0], "wrong") == schema.KEY_VERDICT_NOT_USABLE
    # It was asked about a code that it had never given, and gave nothing for it.
    asked = [form for path, form in provider.seen if path == "/2/oauth2/token"]
    assert len(asked) == 2 and asked[0]["code"] != asked[1]["code"]
    assert not provider.validator.tokens


@pytest.mark.parametrize("spoil", ["verifier", "secret"])
def test_the_server_of_oauthlib_refuses_what_is_not_proven(provider, processes, tmp_path, spoil):
    linkd = Linkd(processes, tmp_path, provider.url)
    started = begin(linkd, CLIENT if spoil == "verifier" else (CLIENT[0], "wrong"))
    back = provider.approve(started.authorize_url)
    for request in provider.validator.codes.values():
        if spoil == "verifier":
            # As if the code had been asked for by somebody else.
            request.code_challenge = secrets.token_urlsafe(32)
    with pytest.raises(grpc.RpcError) as failure:
        linkd.call("CompleteLink", completion(started, back))
    reason = details_of(failure.value)["ErrorInfo"].reason
    assert reason == {"verifier": "X_REFUSED", "secret": "X_BAD_CONSUMER_KEYS"}[spoil]
    assert not provider.validator.tokens


def test_fakex_takes_the_oauth2_client_of_requests_oauthlib(fakex):
    from requests_oauthlib import OAuth2Session

    client, secret = fakex.client
    scope = ["tweet.read", "users.read", "offline.access"]
    session = OAuth2Session(client, redirect_uri=CALLBACK, scope=scope, pkce="S256")
    url, _ = session.authorization_url(f"{fakex.url}/i/oauth2/authorize")
    back = fakex.visit(url, user="bob")
    token = session.fetch_token(
        f"{fakex.url}/2/oauth2/token", authorization_response=back, auth=(client, secret))
    assert token["expires_in"] == 7200 and token["scope"] == scope
    me = session.get(f"{fakex.url}/2/users/me", timeout=10)
    assert me.json()["data"]["username"] == "bob"
    renewed = session.refresh_token(
        f"{fakex.url}/2/oauth2/token", refresh_token=token["refresh_token"], auth=(client, secret))
    assert renewed["access_token"] != token["access_token"]
    with pytest.raises(Exception, match="Value passed for the token was invalid"):
        session.refresh_token(
            f"{fakex.url}/2/oauth2/token", refresh_token=token["refresh_token"],
            auth=(client, secret))
    other = OAuth2Session(client, redirect_uri=CALLBACK, scope=scope, pkce="S256")
    url, _ = other.authorization_url(f"{fakex.url}/i/oauth2/authorize")
    back = fakex.visit(url)
    for spoilt in ({"code_verifier": "a" * 43}, {}):
        with pytest.raises(Exception, match="did not match|was invalid"):
            # The second time without a fault of its own: the code was used up by the first.
            other._code_verifier = spoilt.get("code_verifier", other._code_verifier)
            other.fetch_token(f"{fakex.url}/2/oauth2/token", authorization_response=back,
                              auth=(client, secret))


def test_linkctl_links_by_oauth2_in_two_steps(linkd, fakex, tmp_path):
    client, secret = fakex.client
    keys = tmp_path / "client"
    keys.write_text(f"client_id = {client}\nclient_secret = {secret}\n")
    ticket = json.loads(linkd.linkctl(
        "link", "x", "--profile", "ann", "--keys", keys, "--oauth2", "--access", "read", "--start",
        "--callback", CALLBACK).stdout)
    ticket["callback"] = fakex.visit(ticket["authorizeUrl"], "bob")
    linked = json.loads(linkd.linkctl(
        "link", "x", "--complete", "--output", "json", stdin=json.dumps(ticket)).stdout)["account"]
    assert (linked["screenName"], linked["linkMethod"]) == ("bob", "oauth2")
    assert linked["scopes"] == ["tweet.read", "users.read", "offline.access"]
    line = linkd.linkctl("sign", "GET", f"{fakex.url}/2/users/me", "--account", linked["name"])
    signed = urllib.request.Request(
        f"{fakex.url}/2/users/me", headers=dict([line.stdout.strip().split(": ", 1)]))
    assert json.load(urllib.request.urlopen(signed, timeout=10))["data"]["username"] == "bob"
    checked = linkd.linkctl("accounts", "check", linked["name"], "--details").stdout
    assert "method:   oauth2\n" in checked and "name:     Bob <b>& Sons</b>\n" in checked
    # A refusal.
    ticket = json.loads(linkd.linkctl(
        "link", "x", "--profile", "ann", "--keys", keys, "--oauth2", "--start", "--callback",
        CALLBACK).stdout)
    ticket["callback"] = fakex.visit(ticket["authorizeUrl"], approve=False)
    linkd.linkctl("link", "x", "--complete", stdin=json.dumps(ticket), status=4)
    linkd.linkctl("link", "x", "--profile", "a", "--oauth2", "--pin", "--keys", keys, status=64)
    linkd.linkctl("keys", "put", "two", "--oauth2", "--keys", keys)
    sets = json.loads(linkd.linkctl("keys", "list", "--output", "json").stdout)["keySets"]
    assert sets[0]["linkMethod"] == "oauth2"


def test_linkctl_examines_a_client_and_tells_it_from_the_other_pair(linkd, fakex, tmp_path):
    def examine(pair, status, callback=CALLBACK):
        keys = tmp_path / "client"
        keys.write_text("client_id = %s\nclient_secret = %s\n" % pair)
        return linkd.linkctl(
            "keys", "validate", "--oauth2", "--keys", keys, "--callback", callback,
            status=status).stdout

    good = examine(fakex.client, 0)
    assert good.startswith("keys: usable\n✓ key pair")
    # X does not say whether the callback is approved: here it is, to be compared.
    assert f"paste exactly: {CALLBACK}\n" in good
    assert "which are for OAuth 1.0a" in examine((fakex.key, fakex.secret), 1)
    assert "the client id or the client secret is wrong" in examine((fakex.client[0], "no"), 1)
    linkd.linkctl("keys", "validate", "--oauth2", "--keys", "-", "--pin", stdin="", status=64)


def places_of(linkd, folder):
    """What linkd has written, and where."""
    linkd.process.stop()
    places = {str(path): path.read_bytes() for path in linkd.data.rglob("*") if path.is_file()}
    places |= {log.name: log.read_bytes() for log in folder.glob("*.log")}
    assert len(places) > 3
    return places


def test_no_token_of_oauth2_is_stored_or_logged_in_clear(linkd, fakex, tmp_path):
    # T108
    from link.v1 import account_methods_pb2 as accounts, signing_pb2
    from secrets_search import leaks

    client, secret = fakex.client
    started = begin(linkd, (client, secret))
    request = completion(started, fakex.visit(started.authorize_url))
    name = linkd.call("CompleteLink", request).account.name
    signed = linkd.call("SignRequest", signing_pb2.SignRequestRequest(
        name=name, http_method="GET", url=f"{fakex.url}/2/users/me")).authorization
    linkd.call("CheckAccount", accounts.CheckAccountRequest(name=name))
    secrets_ = {
        "token": signed.split()[1], "client secret": secret, "code": request.code_grant.code,
        "state": request.code_grant.state, "link secret": started.link_secret}
    assert not leaks(secrets_, places_of(linkd, tmp_path))


def test_nor_is_what_renews_a_token_or_what_proves_who_began(provider, processes, tmp_path):
    # T108
    from link.v1 import account_methods_pb2 as accounts
    from secrets_search import leaks

    linkd = Linkd(processes, tmp_path, provider.url)
    started = begin(linkd, CLIENT)
    back = provider.approve(started.authorize_url)
    name = linkd.call("CompleteLink", completion(started, back)).account.name
    linkd.call("CheckAccount", accounts.CheckAccountRequest(name=name))
    asked = [form for path, form in provider.seen if path == "/2/oauth2/token"]
    (renewed,) = provider.validator.refresh
    secrets_ = {
        "code verifier": asked[0]["code_verifier"], "refresh token": asked[1]["refresh_token"],
        "renewed refresh token": renewed}
    secrets_ |= {f"token {number}": token for number, token in enumerate(provider.validator.tokens)}
    assert len(set(secrets_.values())) == 5
    assert not leaks(secrets_, places_of(linkd, tmp_path))
