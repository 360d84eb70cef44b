"""The way to a vault: who is at the other end, to whom the token goes, and what of an answer is believed."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.credentials import AccessTokenInfo, TokenRequestOptions

from netcfg.azure.credentials import ConstantToken, Identity
from netcfg.azure.dataplane.secrets import Secrets
from netcfg.azure.endpoints import CLOUDS, PUBLIC
from netcfg.core.errors import BadProxy, SignInFailed
from netcfg.core.verdict import judge
from netcfg.core.verification import Answer, Failure, Fault, Observation, Resolution
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.loopback import Loopback, Reply, loopback
from tests.pace import PATIENCE

HOST = "kv-x.vault.azure.net"
HOME, OTHER = "00000000-0000-4000-8000-000000000010", "00000000-0000-4000-8000-000000000020"


def token(tenant: str, name: str = "token") -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"tid": tenant, "oid": "o-1", "name": name}).encode()).decode()
    return f"e30.{claims.rstrip('=')}.s"


def challenge(tenant: str = HOME, resource: str = "https://vault.azure.net") -> Reply:
    header = f'Bearer authorization="https://login.microsoftonline.com/{tenant}", resource="{resource}"'
    return Reply(401, b'{"error":{"code":"Unauthorized","message":"AKV10000"}}', (("WWW-Authenticate", header),))


NAMES = Reply(body=b'{"value":[{"id":"https://kv-x.vault.azure.net/secrets/one"}],"nextLink":null}')


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def context(authority: trustme.CA, host: str = HOST, **more: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, **more).configure_cert(made)
    return made


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this machine trusts."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return authority


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Callable[[Loopback], None]:
    """A hosts file in which every name is that server."""

    def write(server: Loopback) -> None:
        place = ("127.0.0.1", int(server.url.rpartition(":")[2]))
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    return write


def look(credential: Any = None, vault: str = "kv-x", timeout: float = 5) -> Observation:
    return Secrets(credential or ConstantToken(token(HOME)), PUBLIC, timeout).look(vault)


def test_the_first_request_has_no_token_and_the_second_one_the_tenant_s(trusted, hosts):
    with loopback(challenge(), NAMES, tls=context(trusted)) as server:
        hosts(server)
        seen = look()
    assert seen.said == Answer(200, has_names=True)
    assert [each.headers["Authorization"] for each in server.asked] == [None, f"Bearer {token(HOME)}"]
    assert [each.path for each in server.asked] == ["/secrets?maxresults=1&api-version=7.4"] * 2
    assert (seen.address, seen.lookup.resolution) == ("127.0.0.1", Resolution.PRIVATE)
    assert judge(seen).message.endswith("shows its secret names to this machine, at 127.0.0.1")


def test_the_address_that_counts_is_the_one_that_the_connection_went_to(trusted, monkeypatch):
    monkeypatch.setattr("http.server.BaseHTTPRequestHandler.protocol_version", "HTTP/1.1")  # as a vault speaks
    with loopback(NAMES) as gone:
        pass
    with loopback(challenge(), NAMES, tls=context(trusted)) as server:
        ports = [int(each.url.rpartition(":")[2]) for each in (gone, server)]
        places = [("127.0.0.2", ports[0]), ("127.0.0.1", ports[1])]
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", each) for each in places]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        seen = look()
    assert (seen.address, seen.lookup.addresses) == ("127.0.0.1", ("127.0.0.1", "127.0.0.2"))


def test_the_id_of_the_request_is_kept_for_azure_s_support(trusted, hosts):
    with loopback(challenge(), Reply(403, b"{}", (("x-ms-request-id", "r-1"),)), tls=context(trusted)) as server:
        hosts(server)
        said = look().said
    assert isinstance(said, Answer)
    assert said.request_id == "r-1"


def test_an_authority_that_nobody_trusts_gets_no_token(authority, hosts):
    with loopback(challenge(), NAMES, tls=context(authority)) as server:
        hosts(server)
        seen = look()
    assert isinstance(seen.said, Failure)
    assert seen.said.fault is Fault.UNTRUSTED
    assert server.asked == []


def test_another_host_s_certificate_gets_no_token(trusted, hosts):
    with loopback(challenge(), NAMES, tls=context(trusted, "kv-y.vault.azure.net")) as server:
        hosts(server)
        seen = look()
    assert isinstance(seen.said, Failure)
    assert (seen.said.fault, server.asked) == (Fault.WRONG_HOST, [])


def test_a_certificate_of_yesterday_gets_no_token(trusted, hosts):
    with loopback(NAMES, tls=context(trusted, not_after=datetime(2020, 1, 1, tzinfo=UTC))) as server:
        hosts(server)
        seen = look()
    assert isinstance(seen.said, Failure)
    assert (seen.said.fault, server.asked) == (Fault.OUTDATED, [])


def test_what_speaks_no_tls_gets_no_token(trusted, hosts):
    with loopback(NAMES) as server:
        hosts(server)
        seen = look()
    assert isinstance(seen.said, Failure)
    assert (seen.said.fault, server.asked) == (Fault.NO_TLS, [])


def test_nobody_listens(trusted, hosts):
    with loopback(NAMES) as server:
        pass
    hosts(server)
    assert look().said == Failure(Fault.CONNECTION, "connection refused")


def test_a_redirect_is_not_followed_and_its_body_no_answer(trusted, hosts):
    away = Reply(302, b'{"value":[]}', (("Location", "https://kv-x.vault.azure.net/elsewhere"),))
    with loopback(challenge(), away, tls=context(trusted)) as server:
        hosts(server)
        seen = look()
    assert len(server.asked) == 2
    assert judge(seen).open is None


@pytest.mark.parametrize(
    "reply",
    [
        challenge(resource="https://vault.azure.net.example"),
        challenge(resource="https://vault.usgovcloudapi.net"),
        challenge(resource=""),
        challenge(tenant=""),
        challenge(tenant="[::"),
        Reply(401, b"", ()),
        Reply(401, b"", (("WWW-Authenticate", "Negotiate"),)),
    ],
)
def test_who_wants_another_token_gets_none(trusted, hosts, reply):
    with loopback(reply, NAMES, tls=context(trusted)) as server:
        hosts(server)
        seen = look()
    assert isinstance(seen.said, Failure)
    assert seen.said.fault is Fault.SIGN_IN
    assert [each.headers["Authorization"] for each in server.asked] == [None]


class Guest:
    """Somebody with a token in each of these tenants; without one asked for, of the first."""

    def __init__(self, *tenants: str) -> None:
        self._tenants = tenants

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        assert scopes == ("https://vault.azure.net/.default",)
        wanted = (options or {}).get("tenant_id", self._tenants[0])
        if wanted not in self._tenants:
            raise SignInFailed("Guest", f"AADSTS90072: no account in {wanted}")
        return AccessTokenInfo(token(wanted), 1 << 40)

    def identity(self, scope: str) -> Identity:
        return Identity("Guest", self._tenants[0], "ann")


def test_the_tenant_of_the_vault_is_honoured_and_told(trusted, hosts):
    with loopback(challenge(OTHER), NAMES, tls=context(trusted)) as server:
        hosts(server)
        seen = look(Guest(HOME, OTHER))
    assert server.asked[1].headers["Authorization"] == f"Bearer {token(OTHER)}"
    assert f"the vault belongs to the tenant {OTHER}, so the token is for it and not {HOME}" in judge(seen).notes


@pytest.mark.parametrize("who", [Guest(HOME), ConstantToken(token(HOME))])
def test_a_token_of_a_tenant_that_the_vault_does_not_trust_is_not_sent(trusted, hosts, who):
    with loopback(challenge(OTHER), NAMES, tls=context(trusted)) as server:
        hosts(server)
        seen = look(who)
    assert [each.headers["Authorization"] for each in server.asked] == [None]
    assert isinstance(seen.said, Failure)
    assert seen.said.fault is Fault.SIGN_IN
    assert OTHER in seen.said.reason


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sign in to the network</html>",
        b"",
        b"[]",
        b"null",
        b'"value"',
        b'{"value":null}',
        b'{"value":{}}',
        b'{"value":["one"]}',
        b'{"value":[{"id":"https://example.org/one"}]}',
        b'{"value":[{"id":null}]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"value":[]}' + b" " * 300_000,
    ],
)
def test_what_is_no_page_of_names_proves_nothing(trusted, hosts, body):
    with loopback(challenge(), Reply(body=body), tls=context(trusted)) as server:
        hosts(server)
        found = judge(look())
    assert (found.open, found.status) == (None, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"error":null}',
        b'{"error":"no"}',
        b'{"error":{"innererror":"x","message":3,"code":[]}}',
    ],
)
def test_a_refusal_that_cannot_be_read_proves_nothing(trusted, hosts, body):
    with loopback(challenge(), Reply(403, body), tls=context(trusted)) as server:
        hosts(server)
        found = judge(look())
    assert (found.open, found.status) == (None, 1)


def test_a_vault_without_secrets_is_read_as_well(trusted, hosts):
    with loopback(challenge(), Reply(body=b'{"value":[],"nextLink":null}'), tls=context(trusted)) as server:
        hosts(server)
        assert judge(look()).open is True


@pytest.mark.parametrize(
    ("header", "wait"), [("7", 7.0), ("0.5", 0.5), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-3", None)]
)
def test_retry_after_is_read(trusted, hosts, header, wait):
    busy = Reply(429, b"{}", (("Retry-After", header),))
    with loopback(challenge(), busy, tls=context(trusted)) as server:
        hosts(server)
        assert judge(look()).wait == (wait or 0.0)
        assert len(server.asked) == 2


# A proxy


@contextmanager
def proxy(target: Loopback, status: str = "200 Connection established") -> Iterator[str]:
    """A proxy whose tunnels all end at `target`."""

    def tunnel(client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            heads.append(head.partition(b"\r\n")[0].decode())
            client.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
            if not status.startswith("200"):
                return
            with socket.create_connection(("127.0.0.1", int(target.url.rpartition(":")[2]))) as server:
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join(PATIENCE)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def accept() -> None:
        while True:
            client, _ = listener.accept()
            if stop.is_set():
                client.close()
                return
            threading.Thread(target=tunnel, args=(client,), daemon=True).start()

    heads: list[str] = []
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = listener.getsockname()
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://ann:secret@127.0.0.1:{place[1]}"
        stop.set()
        socket.create_connection(place).close()
        thread.join(PATIENCE)
    assert set(heads) <= {f"CONNECT {HOST}:443 HTTP/1.1", f"CONNECT {HOST}:443 HTTP/1.0"}


@pytest.fixture
def nowhere() -> Iterator[tuple[str, int]]:
    """A DNS server to which no such vault is known."""
    with serve("contoso") as sandbox:
        yield sandbox.dns


def test_a_proxy_resolves_the_name_itself_and_is_told_without_its_password(trusted, nowhere, monkeypatch):
    with loopback(challenge(), NAMES, tls=context(trusted)) as server, proxy(server) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        seen = Secrets(ConstantToken(token(HOME)), PUBLIC, 5, server=nowhere).look("kv-x")
    found = judge(seen)
    assert (found.open, seen.lookup.resolution, seen.address) == (True, Resolution.ABSENT, "")
    assert found.message.endswith(f"through the proxy {url.rpartition('@')[2]}")
    assert "secret@" not in found.message
    assert found.notes == ("the proxy resolves the name itself, so what it is here does not matter",)


def test_a_proxy_that_opens_tls_gets_no_token(authority, nowhere, monkeypatch):
    with loopback(challenge(), NAMES, tls=context(authority)) as server, proxy(server) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        seen = Secrets(ConstantToken(token(HOME)), PUBLIC, 5, server=nowhere).look("kv-x")
    assert isinstance(seen.said, Failure)
    assert (seen.said.fault, server.asked) == (Fault.UNTRUSTED, [])


def test_a_proxy_that_says_no(trusted, nowhere, monkeypatch):
    with loopback(NAMES) as server, proxy(server, "403 Forbidden") as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        seen = Secrets(ConstantToken(token(HOME)), PUBLIC, 5, server=nowhere).look("kv-x")
    assert seen.said == Failure(Fault.PROXY, "tunnel connection failed: 403 forbidden")
    assert judge(seen).status == 1


@pytest.mark.parametrize("url", ["http://host:port", "http://[::", "socks5://127.0.0.1:1080", "http://:8080"])
def test_an_address_that_is_no_proxy_s_is_a_usage_error_and_not_quoted(nowhere, monkeypatch, url):
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(BadProxy) as raised:
        Secrets(ConstantToken("t"), PUBLIC, 5, server=nowhere).look("kv-x")
    assert raised.value.status == 2
    assert url not in str(raised.value)


# The clouds, and the sandbox


@pytest.mark.parametrize(
    ("cloud", "host", "zone"),
    [
        ("public", "kv-x.vault.azure.net", "privatelink.vaultcore.azure.net"),
        ("usgov", "kv-x.vault.usgovcloudapi.net", "privatelink.vaultcore.usgovcloudapi.net"),
        ("china", "kv-x.vault.azure.cn", "privatelink.vaultcore.azure.cn"),
    ],
)
def test_each_cloud_has_its_own_names(nowhere, monkeypatch, cloud, host, zone):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    found = next(each for each in CLOUDS if each.name == cloud)
    seen = Secrets(ConstantToken("t"), found, 5, server=nowhere).look("kv-x")
    assert (seen.host, seen.zone, seen.lookup.resolution) == (host, zone, Resolution.ABSENT)


def read(sandbox: Sandbox, vault: str, credential: Any = None) -> Observation:
    secrets = Secrets(credential or ConstantToken(sandbox.token), PUBLIC, 5, at=sandbox.url, server=sandbox.dns)
    return secrets.look(vault)


def test_the_sandbox_s_other_tenant_wants_its_own_token():
    with serve({"extends": "private"}) as sandbox:
        assert (
            judge(read(sandbox, "kv-partner", ConstantToken(sandbox.token, sandbox.token_for))).client.address
            == "191.10.60.9"
        )
        refused = judge(read(sandbox, "kv-partner"))
    assert refused.status == 1
    assert OTHER in refused.message


def test_no_request_goes_anywhere_for_a_name_without_address():
    with serve("contoso") as sandbox:
        assert read(sandbox, "kv-none").said is None
        assert sandbox.requests == []
