"""To whom a credential goes: to who was named, over TLS that is verified, and to nobody else on the way."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.exceptions import AzureError

from netcfg.azure.connection import connect
from netcfg.azure.credentials import EnvironmentCredential
from netcfg.azure.endpoints import PUBLIC, parse_endpoint
from netcfg.core.errors import InsecureEndpoint, NetcfgError
from netcfg.devops.answer import Question
from netcfg.devops.credential import Credential
from netcfg.devops.session import Session, check_url
from netcfg.sandbox.server import serve
from netcfg.sources.fetch import check_url as check_source
from tests import leaks
from tests.azure.scripted import refusal, scripted
from tests.cli.conftest import Ran
from tests.devops.loopback import Loopback, Reply, loopback
from tests.security.doors import DOORS, MANAGED_IDENTITY, PAT, TOKEN, Door

through_every_door = pytest.mark.parametrize("door", DOORS, ids=[each.name for each in DOORS])


def sent(server: Loopback) -> list[str]:
    """The headers of every request that have a token in them."""
    return [name for each in server.asked for name, value in each.headers.items() if leaks.shape_in(value)]


# --- redirects ----------------------------------------------------------------------------------------------------


@through_every_door
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_to_another_host(door: Door, status: int):
    with loopback(Reply(body=b'{"value": []}')) as other:
        # By name: another host for whoever compares hosts, and by its port another origin for everybody.
        away = f"{other.url.replace('127.0.0.1', 'localhost')}/there"
        with loopback(Reply(status, b"{}", (("Location", away), ("Content-Type", "application/json")))) as server:
            with pytest.raises((NetcfgError, Exception)):
                door.ask(server.url)
            assert server.asked, "nobody was asked, so nothing is proved"
            assert bool(sent(server)) is door.sends
        assert other.asked == []


@through_every_door
def test_no_redirect_takes_a_credential_to_another_path(door: Door):
    """A publisher may move its page within its host; whoever gets a credential moves nothing."""
    with loopback(Reply(302, b"{}", (("Location", "/elsewhere"),))) as server:
        with pytest.raises(Exception):  # noqa: B017, PT011 - each door has its own
            door.ask(server.url)
        if door.sends:
            assert "/elsewhere" not in {each.path for each in server.asked}


# --- TLS ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is one that this machine trusts."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))


def context(authority: trustme.CA, host: str = "127.0.0.1", **more: Any) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, **more).configure_cert(made)
    return made


@through_every_door
def test_a_bundle_of_authorities_is_trusted_by_every_door(door: Door, authority: trustme.CA, bundle: None):
    with loopback(Reply(418), tls=context(authority)) as server:
        with pytest.raises(Exception):  # noqa: B017, PT011 - what is a teapot's answer to each of them
            door.ask(server.url)
        assert server.asked
        assert bool(sent(server)) is door.sends


YESTERDAY = datetime.now(UTC) - timedelta(days=1)
UNTRUSTED = {
    "another authority": (
        lambda mine: context(trustme.CA()),
        r"its certificate is not trusted \(.+\); is it a proxy's\? then name its authority in REQUESTS_CA_BUNDLE",
    ),
    "out of date": (
        lambda mine: context(mine, not_after=YESTERDAY),
        r"its certificate is out of date, unless the clock of this machine is wrong \(certificate has expired\)",
    ),
    "another host": (
        lambda mine: context(mine, "evil.example"),
        r"its certificate is another host's \(.*127\.0\.0\.1.*\)",
    ),
}


@through_every_door
@pytest.mark.parametrize("kind", UNTRUSTED)
def test_nobody_is_told_anything_whose_certificate_is_not_right(
    door: Door, kind: str, authority: trustme.CA, bundle: None
):
    make, sentence = UNTRUSTED[kind]
    # The SDK's own sign-in has words of its own, which are told as they are.
    kind_of, words = (AzureError, None) if "job" in door.name else (NetcfgError, sentence)
    with loopback(Reply(200), tls=make(authority)) as server:
        with pytest.raises(kind_of, match=words):
            door.ask(server.url)
        assert server.asked == []


def environment(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("RESOURCE_MANAGER", "DEVOPS", "DEVOPS_IDENTITY"):
        monkeypatch.setenv(f"NETCFG_{name}", url)


def run(*words: str) -> Ran:
    from typer.testing import CliRunner

    from netcfg.cli.main import app

    result = CliRunner().invoke(app, list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


BUNDLES = {
    "missing": "that cannot be read (no such file or directory)",
    "no certificate": "it holds no certificate that can be read",
    "empty": "it holds no certificate that can be read",
}


@pytest.mark.parametrize("kind", BUNDLES)
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_that_cannot_be_read_is_a_usage_error_before_anybody_is_asked(
    kind: str, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "authorities.pem"
    if kind != "missing":
        path.write_text("" if kind == "empty" else "no certificate")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, str(path))
    with loopback(Reply()) as server:
        environment(monkeypatch, server.url)
        for words in (["plan", "kv-a", "--geography", "EU"], ["geography", "contoso"], ["ranges", "refresh"]):
            ran = run("--data-dir", str(tmp_path), *words)
            said = " ".join(ran.err.split())
            assert ran.status == 2
            assert said.endswith(
                f"{variable} names {str(path)!r}, and {BUNDLES[kind]}; name a file of PEM certificates, "
                "those of the proxy or the authority to trust among them"
            ), said
        assert server.asked == []


@pytest.mark.parametrize("is_trusted", [True, False])
def test_the_whole_program_speaks_tls(is_trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Signing in, Azure Resource Manager, Resource Graph and Azure DevOps, all at one authority's certificate."""
    for name in leaks.ENVIRONMENT:
        monkeypatch.delenv(name)
    with serve(world="contoso", tls=True, state=tmp_path / "sandbox") as sandbox:
        environment(monkeypatch, sandbox.url)
        monkeypatch.setenv("NETCFG_DEVOPS", sandbox.devops_url)
        monkeypatch.setenv("NETCFG_DEVOPS_IDENTITY", sandbox.identity_url)
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{sandbox.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "sandbox")
        if is_trusted:
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.certificate))
        else:
            monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        monkeypatch.setattr("azure.core.pipeline.policies.RetryPolicy.sleep", lambda *_: None)
        ran = run("--data-dir", str(tmp_path), "plan", "kv-payments", "--organization", "contoso", "--geography", "EU")
        assert ran.status == (5 if is_trusted else 1), ran.err
        assert bool(sandbox.requests) is is_trusted
    if not is_trusted:
        assert (
            "the certificate of who signs people in is not accepted (unable to get local issuer certificate); is it a "
            "proxy's? then name its authority in REQUESTS_CA_BUNDLE"
        ) in " ".join((ran.out + ran.err).split())


# --- plain http ---------------------------------------------------------------------------------------------------

NOT_THIS_MACHINE = [
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://127.0.0.1:80@evil.example",
    "http://evil.example\\@127.0.0.1",
    "http://evil.example\\.127.0.0.1",
    "http://127.0.0.1\\@evil.example",
    "http://evil.example#@127.0.0.1",
    "http://evil.example?@127.0.0.1",
    "http://0x7f000001",
    "http://2130706433",
    "http://127.1",
    "http://0177.0.0.1",
    "http://0.0.0.0",
    "http://[::]",
    "http://[::ffff:10.0.0.1]",
    "http://169.254.169.254",
    "http://10.0.0.1",
    "http://evil.example\t.localhost",
    "http://127.0.0.1\n.evil.example",
    "http:/\n/evil.example",
    " http://127.0.0.1",
    "http://\u2113ocalhost",
    "http://localhost.",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "//127.0.0.1",
    "127.0.0.1",
]
at_every_address = pytest.mark.parametrize(
    "check", [parse_endpoint, check_url, check_source], ids=["resource manager", "devops", "publisher"]
)


@at_every_address
@pytest.mark.parametrize("url", NOT_THIS_MACHINE, ids=ascii)
def test_without_tls_nobody_but_this_machine_is_asked(check: Any, url: str):
    with pytest.raises(NetcfgError) as refused:
        check(url)
    assert refused.value.status == 2


@at_every_address
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://127.9.9.9", "http://localhost:1", "http://[::1]:8080"]
)
def test_this_machine_is_asked_without_tls(check: Any, url: str):
    check(url)


@pytest.mark.parametrize("option", ["--resource-manager", "--devops", "--devops-identity"])
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1.evil.example", "http://evil.example\\@127.0.0.1", "http://0x7f000001"]
)
def test_the_program_asks_nobody_at_such_an_address(option: str, url: str, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("somebody was asked"))
    ran = run("--data-dir", str(tmp_path), option, url, "plan", "kv-a", "--organization", "contoso")
    assert ran.status == 2
    assert ran.out == ""


@pytest.mark.parametrize("url", ["http://127.0.0.1.evil.example", "http://evil.example\\@127.0.0.1"])
def test_a_publisher_at_such_an_address_is_not_asked(url: str, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("somebody was asked"))
    ran = run("--data-dir", str(tmp_path), "ranges", "refresh", "--from", url)
    assert ran.status in (1, 2)
    assert "traceback" not in ran.err.lower()


@at_every_address
def test_a_credential_in_an_address_is_refused_and_not_repeated(check: Any):
    with pytest.raises(NetcfgError) as refused:
        check("https://somebody:hunter2@management.azure.com")
    assert "hunter2" not in str(refused.value)
    assert refused.value.status == 2


def test_the_token_of_a_job_goes_nowhere_without_tls():
    names = ("TENANT_ID", "CLIENT_ID", "SERVICE_CONNECTION_ID")
    job = {f"AZURESUBSCRIPTION_{each}": "00000000-0000-4000-8000-0000000000a1" for each in names}
    job |= {"SYSTEM_OIDCREQUESTURI": "http://oidc.example/token", "SYSTEM_ACCESSTOKEN": TOKEN}
    with pytest.raises(InsecureEndpoint) as refused:
        EnvironmentCredential(job).get_token_info(PUBLIC.scope)
    assert TOKEN not in str(refused.value)


# --- who repeats what was sent ------------------------------------------------------------------------------------


def test_a_token_that_a_refusal_repeats_is_not_repeated_once_more():
    """As the error pages of proxies do that are there to find faults."""
    with scripted(refusal(403, "Forbidden", f"You sent Authorization: Bearer {TOKEN} and may not")) as script:
        with connect(TOKEN, resource_manager=script.url) as azure, pytest.raises(NetcfgError) as refused:
            azure.arm.get("/subscriptions/s-1/x", "v", "it")
        assert "You sent Authorization: Bearer … and may not" in str(refused.value)


@pytest.mark.parametrize("credential", [Credential.basic("PAT", PAT), Credential.bearer("job", TOKEN)])
def test_nor_one_that_azure_devops_repeats(credential: Credential):
    import base64
    import json

    secret = credential.authorization.partition(" ")[2]
    plain = base64.b64decode(secret).decode()[1:] if credential.authorization.startswith("Basic") else secret
    body = json.dumps({"message": f"sent {credential.authorization}, which is {plain}"}).encode()
    with loopback(Reply(403, body)) as server:
        session = Session(lambda: credential, server.url, server.url)
        question = Question("contoso", f"{server.url}/contoso", "it", "a scope")
        answer = session.ask(question, credential)
    assert answer.body == json.dumps({"message": "x"}).encode().replace(
        b"x", f"sent {credential.authorization.partition(' ')[0]} …, which is …".encode()
    )


def test_the_secret_of_a_managed_identity_follows_no_redirect(monkeypatch: pytest.MonkeyPatch):
    with loopback(Reply(body=b"{}")) as other, loopback(Reply(307, b"{}", (("Location", other.url),))) as server:
        with pytest.raises(NetcfgError):
            MANAGED_IDENTITY.ask(server.url)
        assert sent(server)
        assert other.asked == []
