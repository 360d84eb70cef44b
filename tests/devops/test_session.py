import socket
import ssl
import time

import pytest
import trustme

from netcfg.core.errors import BadServiceUrl, DevOpsAnswer, DevOpsUnreachable
from netcfg.devops.answer import Question
from netcfg.devops.credential import Credential
from netcfg.devops.session import Session, check_url
from tests.devops.loopback import Reply, loopback, redirects, shows

CREDENTIAL = Credential.basic("the PAT in AZURE_DEVOPS_EXT_PAT", "planted")
BUSY = Reply(429, b"{}", (("Retry-After", "0"),))
BROKEN = Reply(503, b"{}", (("Retry-After", "0"),))


@pytest.fixture(autouse=True)
def _a_machine_of_its_own(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def session_for(url: str, timeout: float = 5) -> Session:
    return Session(lambda: CREDENTIAL, devops=url, identity=url, timeout=timeout)


def question_for(url: str, body: bytes | None = None) -> Question:
    return Question("contoso", f"{url}/contoso/_apis/thing", "the thing", "a scope", body=body)


def test_a_request_carries_the_credential_and_says_who_asks():
    with loopback(shows({"a": 1})) as server:
        answer = session_for(server.url).ask(question_for(server.url), CREDENTIAL)
    assert (answer.status, answer.body) == (200, b'{"a": 1}')
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("GET", "/contoso/_apis/thing")
    assert asked.headers["Authorization"] == "Basic OnBsYW50ZWQ="
    assert asked.headers["X-VSS-ForceMsaPassThrough"] == "true"
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["User-Agent"].startswith("netcfg/")


def test_a_question_with_a_body_is_a_post():
    with loopback(shows({})) as server:
        session_for(server.url).ask(question_for(server.url, b'{"x": 1}'), CREDENTIAL)
    assert (server.asked[0].method, server.asked[0].body) == ("POST", b'{"x": 1}')


def test_nobody_is_really_nobody(tmp_path, monkeypatch):
    """A .netrc and the cookies of an earlier answer would both sign in the request that is meant not to be."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password planted-in-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    cookie = Reply(headers=(("Set-Cookie", "UserAuthentication=planted; Path=/"),))
    with loopback(cookie) as server:
        session = session_for(server.url)
        session.ask(question_for(server.url), CREDENTIAL)
        session.ask(question_for(server.url), None)
    assert server.asked[0].headers["Authorization"] == "Basic OnBsYW50ZWQ="
    assert not {"authorization", "cookie", "x-vss-forcemsapassthrough"} & {
        each.lower() for each in server.asked[1].headers
    }


def test_a_redirection_is_never_followed():
    with loopback(shows({})) as elsewhere, loopback(redirects(f"{elsewhere.url}/_signin")) as server:
        for body in (None, b"{}"):
            assert session_for(server.url).ask(question_for(server.url, body), CREDENTIAL).status == 302
    assert elsewhere.asked == []
    assert len(server.asked) == 2


@pytest.mark.parametrize("body", [None, b"{}"])
@pytest.mark.parametrize("trouble", [BUSY, BROKEN])
def test_trouble_that_passes_is_not_noticed(trouble, body):
    with loopback(trouble, trouble, shows({"a": 1})) as server:
        assert session_for(server.url).ask(question_for(server.url, body), CREDENTIAL).status == 200
    assert len(server.asked) == 3


def test_trouble_that_stays_is_answered_after_a_few_tries():
    with loopback(BUSY) as server:
        assert session_for(server.url).ask(question_for(server.url), CREDENTIAL).status == 429
    assert len(server.asked) == 4


def test_a_wait_that_azure_devops_asks_for_is_honoured():
    with loopback(Reply(429, b"{}", (("Retry-After", "1"),)), shows({})) as server:
        start = time.monotonic()
        session_for(server.url).ask(question_for(server.url), CREDENTIAL)
    assert time.monotonic() - start >= 1


def test_an_answer_that_breaks_off_is_not_half_an_answer():
    with loopback(Reply(body=b'{"a": 1}', missing=10)) as server, pytest.raises(DevOpsAnswer) as caught:
        session_for(server.url).ask(question_for(server.url), CREDENTIAL)
    assert "with an answer that broke off where the thing was expected" in str(caught.value)


def test_no_answer_in_time_says_how_long_it_waited():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(DevOpsUnreachable, match=r"there was no whole answer within 0\.2 seconds"):
            session_for(url, timeout=0.2).ask(question_for(url), CREDENTIAL)


def test_a_refused_connection_is_said_so():
    with loopback(shows({})) as server:
        pass
    with pytest.raises(DevOpsUnreachable) as caught:
        session_for(server.url).ask(question_for(server.url), CREDENTIAL)
    assert str(caught.value) == (
        f"Azure DevOps did not answer at {server.url}/contoso/_apis/thing: connection refused; "
        "check the network and HTTPS_PROXY, then run it again"
    )


def test_an_unknown_host_is_said_so():
    with pytest.raises(DevOpsUnreachable) as caught:
        session_for("https://devops.invalid").ask(question_for("https://devops.invalid"), CREDENTIAL)
    assert "the name of the host is not known here" in str(caught.value)


def test_a_proxy_that_is_down_is_not_blamed_on_azure_devops(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:planted-in-proxy@127.0.0.1:9")
    with pytest.raises(DevOpsUnreachable) as caught:
        session_for("https://devops.invalid").ask(question_for("https://devops.invalid"), CREDENTIAL)
    assert "the proxy http://127.0.0.1:9 (HTTPS_PROXY) did not let the request through (connection refused)" in str(
        caught.value
    )
    assert "planted" not in str(caught.value)


def test_what_is_meant_for_this_machine_takes_no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with loopback(shows({})) as server:
        assert session_for(server.url).ask(question_for(server.url), CREDENTIAL).status == 200


def test_a_certificate_that_nobody_vouches_for_is_not_accepted():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    with loopback(shows({}), tls=tls) as server, pytest.raises(DevOpsUnreachable) as caught:
        session_for(server.url).ask(question_for(server.url), CREDENTIAL)
    assert "its certificate is not trusted (" in str(caught.value)
    assert server.asked == []


def test_the_credential_is_asked_for_once_and_only_when_it_is_needed():
    asked = []

    def find() -> Credential:
        asked.append("once")
        return CREDENTIAL

    session = Session(find)
    assert asked == []
    assert session.credential is session.credential
    assert asked == ["once"]


@pytest.mark.parametrize(
    "url",
    ["https://dev.azure.com/", "https://proxy.example.com:8443/devops", "http://127.0.0.1:1", "http://[::1]:1/x"],
)
def test_a_service_is_reached_by_https_or_on_this_machine(url):
    assert check_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://dev.azure.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "ftp://127.0.0.1",
        "dev.azure.com",
        "https://",
        "https://dev.azure.com?x=1",
        "https://dev.azure.com:port",
        "https://[dev.azure.com",
        "",
    ],
)
def test_any_other_address_of_a_service_is_a_usage_error(url):
    with pytest.raises(BadServiceUrl) as caught:
        check_url(url)
    assert caught.value.status == 2


def test_a_credential_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(BadServiceUrl) as caught:
        check_url("https://someone:planted@dev.azure.com")
    assert str(caught.value) == (
        "'https://…@dev.azure.com' cannot stand for Azure DevOps: no credential is ever part of an address"
    )


def test_the_token_is_in_nothing_that_can_be_printed():
    with loopback(shows({})) as server:
        session = session_for(server.url)
        answer = session.ask(question_for(server.url), CREDENTIAL)
    assert "planted" not in repr(vars(session))
    assert "OnBsYW50ZWQ" not in repr((answer, vars(session), session.credential))
