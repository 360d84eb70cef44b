"""Proxies: every door goes through the one that the environment names, what is for this machine never does, and one
that refuses is named without its password."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3

from netcfg.azure.arm import ResourceManager
from netcfg.azure.credentials import ConstantToken, EnvironmentCredential
from netcfg.azure.dataplane.secrets import Secrets
from netcfg.azure.endpoints import PUBLIC
from netcfg.core.errors import BadProxy, InsecureTokenService, NetcfgError
from netcfg.core.verification import Failure, Fault
from netcfg.devops.answer import Question
from netcfg.devops.credential import Credential
from netcfg.devops.session import Session
from netcfg.sources.addresses import Addresses
from netcfg.sources.fetch import ANYTHING, Fetcher
from netcfg.web.proxy import Proxy, proxy_for
from tests.devops.loopback import loopback, shows
from tests.web.proxy import SIGN_IN, proxy
from tests.web.slow import silent, slow

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def _no_proxy_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setattr("netcfg.web.http.TRIES", 0)
    monkeypatch.setattr("azure.core.pipeline.policies.RetryPolicy.increment", lambda *_, **__: False)


def ask_azure(url: str) -> None:
    ResourceManager(url, "scope", ConstantToken("x"), 5).get("/subscriptions/s", "1", "the thing")


def ask_devops(url: str) -> None:
    session = Session(lambda: Credential.bearer("x", "y"), url, url, 5)
    session.ask(Question("contoso", f"{url}/contoso", "the thing", "a scope"), None)


def ask_a_publisher(url: str) -> None:
    Fetcher(5).fetch(f"{url}/page", ANYTHING)


def ask_for_the_address(url: str) -> None:
    Addresses([f"{url}/a", f"{url}/b"]).ask()


def sign_in(_: str) -> None:
    EnvironmentCredential({}).get_token_info("scope")


DOORS = (ask_azure, ask_devops, ask_a_publisher, ask_for_the_address)
Door = Callable[[str], None]


@pytest.mark.parametrize("ask", DOORS)
def test_every_door_goes_through_the_proxy(ask: Door, monkeypatch: pytest.MonkeyPatch):
    with proxy() as there:
        monkeypatch.setenv("HTTPS_PROXY", there.url("ann:s3cret@"))
        with pytest.raises(NetcfgError):
            ask("https://far.invalid")
    assert set(there.asked) == {"far.invalid:443"}
    assert set(there.signed) == {"ann:s3cret"}


def test_signing_in_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch):
    for name, value in {"AZURE_TENANT_ID": "contoso", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s"}.items():
        monkeypatch.setenv(name, value)
    with proxy() as there:
        monkeypatch.setenv("HTTPS_PROXY", there.url())
        monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
        with pytest.raises(NetcfgError):
            sign_in("")
    assert set(there.asked) == {"login.microsoftonline.com:443"}


def test_a_vault_is_looked_at_through_the_proxy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("socket.getaddrinfo", _only_this_machine)
    with proxy() as there:
        monkeypatch.setenv("HTTPS_PROXY", there.url("ann:s3cret@"))
        seen = Secrets(ConstantToken("x"), PUBLIC, 5).look("kv-x")
    assert there.asked == ["kv-x.vault.azure.net:443"]
    assert seen.said == Failure(Fault.PROXY, "tunnel connection failed: 403 forbidden")
    assert seen.proxy == f"127.0.0.1:{there.port}"


def _only_this_machine(host: str, *rest: object, **options: object) -> object:
    import _socket

    if host != "127.0.0.1":
        raise OSError("no name is looked up here")
    return _socket.getaddrinfo(host, *rest, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("ask", DOORS[:3])
def test_a_proxy_that_refuses_is_named_without_its_password(ask: Door, monkeypatch: pytest.MonkeyPatch):
    with proxy(SIGN_IN) as there:
        monkeypatch.setenv("HTTPS_PROXY", there.url("ann:s3cret@"))
        with pytest.raises(NetcfgError) as found:
            ask("https://far.invalid")
    said = f"the proxy http://127.0.0.1:{there.port} (HTTPS_PROXY) did not let the request through"
    assert said in str(found.value)
    assert "407 proxy authentication required" in str(found.value)
    assert "s3cret" not in f"{found.value!r} {found.value}"


@pytest.mark.parametrize("ask", DOORS[:3])
def test_a_proxy_that_is_not_there_is_named(ask: Door, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("https_proxy", "127.0.0.1:9")
    with pytest.raises(NetcfgError, match=r"the proxy http://127\.0\.0\.1:9 \(https_proxy\) did not .*refused"):
        ask("https://far.invalid")


def test_a_proxy_that_never_answers_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.web.http.CONNECT_TIMEOUT", 0.2)
    with slow(silent) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        with pytest.raises(NetcfgError, match=r"no whole answer within 0\.2 seconds"):
            ask_a_publisher("https://far.invalid")


@pytest.mark.parametrize("address", ["http://proxy:port", "ftp://proxy:21", "http://[::1", "socks5://proxy:1080"])
@pytest.mark.parametrize("ask", DOORS[:3])
def test_what_is_no_proxy_is_said_so(ask: Door, address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(BadProxy, match=r"the proxy that HTTPS_PROXY or ALL_PROXY names for far\.invalid"):
        ask("https://far.invalid")


@pytest.mark.parametrize(
    "address", ["http://bob:12#s3cret@proxy:3128", "http://bob:12/s3cret@proxy:3128", "http://s3cret?@proxy:1"]
)
def test_of_a_password_that_ends_the_host_nothing_is_shown(address: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", address)
    assert proxy_for("https://far.invalid") == Proxy("of HTTPS_PROXY")
    with pytest.raises(BadProxy, match="in a password write # as %23") as found:
        ask_a_publisher("https://far.invalid")
    assert not {"s3cret", "bob", "12"} & set(str(found.value).replace(":", " ").split())


@pytest.mark.parametrize("ask", DOORS[:3])
def test_what_is_for_this_machine_goes_past_every_proxy(ask: Door, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with loopback(shows({"value": []})) as server:
        ask(server.url)
    assert len(server.asked) == 1


def test_signing_in_on_this_machine_goes_past_every_proxy(monkeypatch: pytest.MonkeyPatch):
    """A pipeline's agent, and the sandbox, give tokens on loopback."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    token = {"access_token": "a.b.c", "expires_on": "4000000000", "resource": "r", "token_type": "Bearer"}
    with loopback(shows(token)) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "x")
        assert EnvironmentCredential({}).get_token_info("https://r/.default").token == "a.b.c"


TOKEN = {"access_token": "a.b.c", "expires_on": "4000000000", "expires_in": "3600", "resource": "r"}


def test_a_machine_asks_past_every_proxy_for_its_own_token(monkeypatch: pytest.MonkeyPatch):
    """A proxy would read it, or answer with another."""
    asked: list[tuple[str, int]] = []
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    connect = urllib3.util.connection.create_connection
    with loopback(shows(TOKEN)) as server, proxy() as there:

        def connected(address: tuple[str, int], *arguments: Any, **options: Any) -> Any:
            asked.append(address)
            return connect((urlsplit(server.url).hostname, urlsplit(server.url).port), *arguments, **options)

        monkeypatch.setattr("urllib3.util.connection.create_connection", connected)
        for name in VARIABLES:
            monkeypatch.setenv(name, "" if name == "NO_PROXY" else there.url())
        assert EnvironmentCredential({}).get_token_info("https://r/.default").token == "a.b.c"
    assert set(asked) == {("169.254.169.254", 80)}
    assert there.asked == []


@pytest.mark.parametrize(
    ("host", "proxied"), [("169.254.0.1", False), ("[fe80::1]", False), ("169.255.0.1", True), ("[fd00::1]", True)]
)
def test_nothing_on_its_own_link_is_asked_through_a_proxy(host: str, proxied: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    assert bool(proxy_for(f"http://{host}/x")) is proxied


@pytest.mark.parametrize("variable", ["IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"])
@pytest.mark.parametrize(
    ("url", "may_be_asked"),
    [
        ("http://10.1.2.3/msi/token", False),
        ("http://evil.example\\@127.0.0.1", False),
        ("http://169.254.1.1.evil.example/", False),
        ("not an address", False),
        ("http://169.254.129.2:8081/msi/token", True),
        ("http://localhost:42356/msi/token", True),
        ("https://10.0.0.4:2377/metadata/identity/oauth2/token", True),
    ],
)
def test_the_secret_of_a_machine_leaves_it_by_tls_alone(variable: str, url: str, may_be_asked: bool):
    credential = EnvironmentCredential({variable: url})
    if may_be_asked:
        assert credential._choice()
        return
    with pytest.raises(InsecureTokenService) as refused:
        credential.get_token_info("https://r/.default")
    assert str(refused.value) == (
        f"{variable} names a service that cannot be asked for a token: one beyond this machine and its own link "
        "(127.0.0.1, 169.254.0.0/16) needs an https address; correct the variable, or take it out"
    )


def test_no_proxy_is_heeded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert proxy_for("https://far.invalid") == Proxy("http://proxy:3128", "HTTPS_PROXY")
    monkeypatch.setenv("NO_PROXY", "far.invalid")
    assert proxy_for("https://far.invalid") is None


def test_the_sandbox_works_with_a_dead_proxy(netcfg_with_dead_proxy):
    ran = netcfg_with_dead_proxy("plan", "kv-orders", "--organization", "contoso", "--format", "json")
    assert json.loads(ran.out)["organizations"][0]["name"] == "contoso"


@pytest.fixture
def netcfg_with_dead_proxy(tmp_path, monkeypatch: pytest.MonkeyPatch):
    from netcfg.sandbox.server import serve
    from tests.cli.conftest import Program

    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serve(world="contoso") as sandbox:
        yield Program(sandbox, tmp_path)
