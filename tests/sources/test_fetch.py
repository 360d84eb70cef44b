import gzip
import socket
import ssl
from pathlib import Path

import pytest
import trustme
from urllib3.util import Retry

from netcfg.core.errors import (
    BadSource,
    NetcfgError,
    SourceAnswer,
    SourceMoved,
    SourceTooLong,
    SourceUnreachable,
    SourceUnreadable,
)
from netcfg.sources.fetch import ANYTHING, LONGEST, MARKDOWN, TAG_FILE, WEB_PAGE, Fetcher, Kind, Validators, read_file
from tests.devops.loopback import Reply, loopback, redirects

TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
OK = Reply(body=b"# a page", headers=TEXT)
BROKEN = Reply(503, b"", (("Retry-After", "0"),))


@pytest.fixture(autouse=True)
def _a_machine_of_its_own(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def _impatient(monkeypatch):
    """The waits between tries are urllib3's, and seconds long."""
    monkeypatch.setattr(Retry, "get_backoff_time", lambda _: 0)


def refused(url: str, error: type[NetcfgError], kind: Kind = MARKDOWN, timeout: float = 5) -> str:
    with pytest.raises(error) as caught:
        Fetcher(timeout).fetch(url, kind)
    return str(caught.value)


def test_bytes_come_with_what_recognises_them_again():
    known = (*TEXT, ("ETag", '"a"'), ("Last-Modified", "Tue, 10 Feb 2026 12:00:00 GMT"))
    with loopback(Reply(body=b"# a page", headers=known)) as server:
        found = Fetcher().fetch(f"{server.url}/page.md", MARKDOWN)
    assert (found.where, found.content) == (f"{server.url}/page.md", b"# a page")
    assert found.validators == Validators('"a"', "Tue, 10 Feb 2026 12:00:00 GMT")
    assert server.asked[0].headers["User-Agent"].startswith("netcfg/")
    assert "If-None-Match" not in server.asked[0].headers


def test_what_did_not_change_is_not_sent_again():
    known = Validators('"a"', "Tue, 10 Feb 2026 12:00:00 GMT")
    with loopback(Reply(304, b"", ())) as server:
        assert Fetcher().fetch_if_changed(f"{server.url}/page.md", MARKDOWN, known) is None
    assert server.asked[0].headers["If-None-Match"] == '"a"'
    assert server.asked[0].headers["If-Modified-Since"] == "Tue, 10 Feb 2026 12:00:00 GMT"


def test_what_changed_is_sent():
    with loopback(OK) as server:
        found = Fetcher().fetch_if_changed(f"{server.url}/page.md", MARKDOWN, Validators('"a"'))
    assert found is not None
    assert (found.content, found.validators) == (b"# a page", Validators())


def test_not_modified_is_no_answer_to_who_knows_nothing():
    with loopback(Reply(304, b"", ())) as server:
        assert "answered with 304 Not Modified, though nothing was said to be known," in refused(
            server.url, SourceAnswer
        )


def test_nobody_asks_with_a_credential_or_a_cookie(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password planted-in-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with loopback(Reply(body=b"x", headers=(*TEXT, ("Set-Cookie", "a=planted; Path=/")))) as server:
        fetcher = Fetcher()
        for _ in range(2):
            fetcher.fetch(server.url, MARKDOWN)
    assert not {"authorization", "cookie"} & {name.lower() for each in server.asked for name in each.headers}


# --- who answers --------------------------------------------------------------------------------------------------


def test_a_redirect_within_the_host_is_followed_and_tells_the_name():
    with loopback(redirects("/b/file.md?x=1"), OK) as server:
        found = Fetcher().fetch(f"{server.url}/a", MARKDOWN)
    assert found.where == f"{server.url}/b/file.md?x=1"
    assert [each.path for each in server.asked] == ["/a", "/b/file.md?x=1"]


def test_a_redirect_to_another_host_is_refused_and_names_both():
    with loopback(OK) as other, loopback(redirects(f"{other.url}/page.md")) as server:
        assert refused(f"{server.url}/page.md", SourceMoved) == (
            f"{server.url}/page.md redirects from {server.url} to {other.url}, and only {server.url} was asked; "
            "look at the new address, and give it with --from if it is the publisher's"
        )
        assert other.asked == []


@pytest.mark.parametrize("target", ["//elsewhere.example/x", "https://127.0.0.1/x", "file:///etc/passwd", "ftp://x/y"])
def test_a_redirect_to_another_scheme_or_port_is_one_to_another_host(target):
    with loopback(redirects(target)) as server:
        refused(server.url, SourceMoved)


@pytest.mark.parametrize("target", ["http://[x", "http://127.0.0.1:port/"])
def test_a_redirect_to_nowhere_is_quoted(target):
    with loopback(redirects(target)) as server:
        assert f"answered with a redirect to {target!r} where Markdown was expected" in refused(
            server.url, SourceAnswer
        )


def test_redirects_in_a_circle_end():
    with loopback(redirects("/again")) as server:
        assert "answered with more than 5 redirects" in refused(server.url, SourceAnswer)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://learn.microsoft.com/page", "it has to be https, or plain http to this machine itself"),
        ("ftp://learn.microsoft.com/page", "it has to be https, or plain http to this machine itself"),
        ("file:///etc/passwd", "an address like https://learn.microsoft.com/… is expected, or the path of a file"),
        ("https://", "an address like https://learn.microsoft.com/… is expected, or the path of a file"),
        ("https://[x", "Invalid IPv6 URL"),
    ],
)
def test_an_address_that_may_not_be_asked_is_quoted(url, message):
    assert refused(url, BadSource) == f"nothing can be fetched from {url!r}: {message}"


def test_a_credential_in_an_address_is_not_repeated():
    message = refused("https://someone:planted@example.org/page", BadSource)
    assert message == ("nothing can be fetched from 'https://…@example.org': what is published needs no credential")


def test_a_certificate_that_nobody_vouches_for_is_refused():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with loopback(OK, tls=context) as server:
        assert "its certificate is not trusted" in refused(server.url, SourceUnreachable)


# --- what the answer is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "type_"),
    [(MARKDOWN, "text/html"), (WEB_PAGE, "text/plain"), (TAG_FILE, "text/html"), (ANYTHING, "image/png")],
)
def test_another_content_type_is_quoted(kind, type_):
    with loopback(Reply(body=b"x", headers=(("Content-Type", f"{type_}; charset=utf-8"),))) as server:
        message = refused(server.url, SourceAnswer, kind)
    assert f"answered with the content type '{type_}; charset=utf-8' where {kind.name} was expected" in message


def test_no_content_type_is_no_answer():
    with loopback(Reply(body=b"x", headers=())) as server:
        assert "answered with the content type ''" in refused(server.url, SourceAnswer)


@pytest.mark.parametrize("headers", [(), (("Content-Encoding", "gzip"),)])
def test_an_answer_without_end_is_cut_off(headers):
    """Compressed, 51 MB are a small answer."""
    body = bytes(LONGEST + 1_000_000)
    with loopback(Reply(body=gzip.compress(body, 1) if headers else body, headers=(*TEXT, *headers))) as server:
        assert "is longer than 50,000,000 bytes" in refused(server.url, SourceTooLong)


def test_half_an_answer_is_none():
    with loopback(Reply(body=b"# half", headers=TEXT, missing=10)) as server:
        assert "answered with an answer that broke off where Markdown" in refused(server.url, SourceAnswer)


def test_a_compressed_answer_that_is_damaged_is_none():
    damaged = Reply(body=b"no gzip", headers=(*TEXT, ("Content-Encoding", "gzip")))
    with loopback(damaged) as server:
        assert "answered with an answer that broke off" in refused(server.url, SourceAnswer)


def test_trouble_that_passes_is_not_noticed():
    with loopback(BROKEN, BROKEN, OK) as server:
        assert Fetcher().fetch(server.url, MARKDOWN).content == b"# a page"
    assert len(server.asked) == 3


@pytest.mark.usefixtures("_impatient")
def test_trouble_that_stays_is_told_after_a_few_tries():
    with loopback(BROKEN) as server:
        assert refused(server.url, SourceAnswer) == (
            f"{server.url} answered with 503 Service Unavailable where Markdown was expected; "
            "run it again later, or give --from"
        )
    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [204, 206, 404])
def test_any_other_status_is_no_answer(status):
    with loopback(Reply(status, b"", TEXT)) as server:
        assert f"answered with {status} " in refused(server.url, SourceAnswer)


def test_no_answer_in_time_says_how_long_it_waited():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/page"
        assert refused(url, SourceUnreachable, timeout=0.2) == (
            f"{url} could not be fetched: there was no whole answer within 0.2 seconds; "
            "check the network and HTTPS_PROXY, or give a file with --from"
        )


@pytest.mark.usefixtures("_impatient")
def test_an_unknown_host_is_said_so():
    assert "the name of the host is not known here" in refused("https://learn.invalid/", SourceUnreachable)


# --- files --------------------------------------------------------------------------------------------------------


def test_a_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "page.md"
    path.write_bytes(b"\xff\x00")
    assert (read_file(path).where, read_file(path).content) == (str(path), b"\xff\x00")


@pytest.mark.parametrize(("name", "reason"), [("none", "No such file or directory"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, reason):
    with pytest.raises(SourceUnreadable) as caught:
        read_file(tmp_path / name)
    assert str(caught.value) == f"the file {str(tmp_path / name)!r} cannot be read: {reason}"


def test_a_name_that_no_file_can_have_is_no_traceback():
    with pytest.raises(SourceUnreadable, match="null"):
        read_file(Path("a\0b"))


def test_a_file_without_end_is_cut_off(tmp_path):
    path = tmp_path / "long"
    with path.open("wb") as file:
        file.truncate(LONGEST + 1)
    with pytest.raises(SourceTooLong, match="longer than 50,000,000 bytes"):
        read_file(path)
