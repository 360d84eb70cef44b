import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from time import sleep

import pytest
from azure.core.credentials import AccessTokenInfo

from netcfg import __version__
from netcfg.azure.arm import ResourceManager
from netcfg.azure.connection import connect
from netcfg.azure.credentials import FOREVER, ConstantToken
from netcfg.azure.errors import SDK_ERRORS, Unsettled, unsettled
from netcfg.core.errors import (
    AskedToWait,
    AzureAnswer,
    AzureRefused,
    AzureThrottled,
    AzureUnreachable,
    InsecureEndpoint,
    ProviderNotRegistered,
)
from tests.azure.scripted import Answer, refusal, scripted

SLOW = refusal(429, "TooManyRequests", "Slow down.", {"Retry-After": "0.01"})


def arm(url: str, timeout: float = 5.0) -> ResourceManager:
    return ResourceManager(url, "scope", ConstantToken("t-1"), timeout)


def test_a_request_carries_the_token_the_version_and_our_name():
    with scripted(Answer({"it": "works"})) as script:
        assert arm(script.url).get("/a b", "2020-01-01", "it", {"$filter": "name eq 'x'"}) == {"it": "works"}
    (asked,) = script.asked
    assert asked.path == "/a%20b?$filter=name%20eq%20%27x%27&api-version=2020-01-01"
    assert asked.headers["Authorization"] == "Bearer t-1"
    assert asked.headers["User-Agent"] == f"netcfg/{__version__}"
    assert asked.headers["x-ms-client-request-id"]


@pytest.mark.parametrize("answer", [SLOW, refusal(503, "ServiceUnavailable", "Busy."), Answer(status=0)])
def test_questions_are_asked_again(answer):
    with scripted(answer, Answer({"it": "works"})) as script:
        assert arm(script.url).get("/a", "v", "it") == {"it": "works"}
        assert len(script.asked) == 2
    with scripted(answer, Answer({"it": "works"})) as script:
        assert arm(script.url).query("/a", "v", "it", {"query": "q"}) == {"it": "works"}
        assert [each.body for each in script.asked] == [{"query": "q"}, {"query": "q"}]


@pytest.mark.parametrize("path", ["x", "", "evil.example/subscriptions", "@evil.example/", "subscriptions/1"])
def test_an_id_out_of_an_answer_that_is_no_path_is_never_asked(path: str):
    with scripted(Answer({"it": "works"})) as script:
        azure = arm(script.url)
        for ask in (
            lambda: azure.get(path, "v", "it"),
            lambda: list(azure.items(path, "v", "it")),
            lambda: azure.put(path, "v", "it", {}, {}),
            lambda: azure.delete(path, "v", "it"),
        ):
            with pytest.raises(AzureAnswer, match="no id of a resource where one was expected"):
                ask()
    assert script.asked == []


def test_but_not_for_ever():
    with scripted(SLOW) as script:
        with pytest.raises(AzureThrottled, match="Azure still asks to slow down after several tries"):
            arm(script.url).get("/a", "v", "it")
        assert len(script.asked) == 4


# What no clock and no calendar knows. Some of it makes the SDK raise, each in a way of its own.
UNREADABLE = ["soon", "²", "0x10", "2026-01-01T00:00:00Z", "Fri, 99 Dec 2100 23:59:59 GMT", "Fri, 31 Dec 99999999999 1"]


@pytest.mark.parametrize("name", ["Retry-After", "retry-after-ms", "x-ms-retry-after-ms"])
@pytest.mark.parametrize("wait", [*UNREADABLE, "nan", "-5", "Fri, 31 Dec 1999 23:59:59 GMT"])
def test_a_wait_that_cannot_be_read_is_one_that_azure_did_not_tell(name: str, wait: str):
    slow = refusal(429, "TooManyRequests", "Slow down.", {name: wait})
    with scripted(slow, Answer({"it": "works"})) as script:
        assert arm(script.url).get("/a", "v", "it") == {"it": "works"}
        assert len(script.asked) == 2


@pytest.mark.parametrize("wait", UNREADABLE)
def test_an_operation_is_awaited_though_azure_does_not_say_in_words_how_long(wait: str, monkeypatch):
    monkeypatch.setattr("netcfg.azure.arm.POLL", 0.01)
    with scripted(Answer({}), by={}) as script:
        operation = {"Azure-AsyncOperation": f"{script.url}/operations/1", "Retry-After": wait}
        script.answers[:] = [
            Answer({}, 202, operation),
            Answer({"status": "InProgress"}, 200, {"Retry-After": wait}),
            Answer({"status": "Succeeded"}),
        ]
        arm(script.url).put("/a", "v", "it", {}, {})
    assert [each.path.partition("?")[0] for each in script.asked] == ["/a", "/operations/1", "/operations/1"]


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        ("600", "10 minutes"),
        ("3600", "60 minutes"),
        ("36000", "10 hours"),
        ("1e9", "more than a day"),
        ("inf", "more than a day"),
        ("Fri, 31 Dec 2100 23:59:59 GMT", "more than a day"),
    ],
)
def test_who_is_asked_to_wait_too_long_learns_for_what_and_how_long(wait: str, words: str):
    with scripted(refusal(503, "ServerBusy", "Busy.", {"Retry-After": wait})) as script:
        with pytest.raises(AskedToWait) as raised:
            arm(script.url).get("/a", "v", "vault kv-1")
        assert len(script.asked) == 1
    assert str(raised.value) == (
        f"Azure asks to leave vault kv-1 alone for {words}, which is too long to wait here; "
        "run the same command again after that"
    )


def test_a_write_whose_operation_is_to_be_awaited_too_long_is_not_settled():
    with scripted(Answer({})) as script:
        operation = {"Azure-AsyncOperation": f"{script.url}/operations/1"}
        script.answers[:] = [
            Answer({}, 202, operation),
            Answer({"status": "InProgress"}, 200, {"Retry-After": "3600"}),
        ]
        with pytest.raises(SDK_ERRORS) as raised:
            arm(script.url).put("/a", "v", "it", {}, {})
    assert unsettled(raised.value, "it") == Unsettled("Azure asks to wait for 60 minutes", 3600.0)


def test_no_provider_is_registered_behind_a_persons_back():
    no = refusal(409, "MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'X'.")
    with scripted(no) as script:
        with pytest.raises(ProviderNotRegistered, match="az provider register --namespace X"):
            arm(script.url).get("/subscriptions/1/x", "v", "it")
        assert [each.method for each in script.asked] == ["GET"]


def test_a_list_is_read_over_all_its_pages_and_the_last_one_is_empty():
    with scripted(Answer(None)) as script:
        script.answers[:] = [
            Answer({"value": [{"n": 1}, {"n": 2}], "nextLink": f"{script.url}/next?token=a%2Bb"}),
            Answer({"value": [{"n": 3}], "nextLink": f"{script.url}/last"}),
            Answer({"value": []}),
        ]
        assert list(arm(script.url).items("/a", "v", "it")) == [{"n": 1}, {"n": 2}, {"n": 3}]
        assert [each.path for each in script.asked] == ["/a?api-version=v", "/next?token=a%2Bb", "/last"]


@pytest.mark.parametrize("body", [{"value": 7}, {"value": [7]}, {"value": None}, {}, []])
def test_what_is_no_list_is_no_empty_list(body):
    with scripted(Answer(body)) as script, pytest.raises(AzureAnswer):
        list(arm(script.url).items("/a", "v", "it"))


@pytest.mark.parametrize("next_link", [5, True, ["/next"], {"next": 1}])
def test_a_next_page_that_is_no_address_is_an_error(next_link):
    with scripted(Answer({"value": [], "nextLink": next_link})) as script, pytest.raises(AzureAnswer):
        list(arm(script.url).items("/a", "v", "it"))


def test_pages_that_lead_in_a_circle_are_an_error():
    with scripted(Answer(None)) as script:
        first, second = ({"value": [], "nextLink": f"{script.url}/{name}"} for name in ("one", "two"))
        script.answers[:] = [Answer(first), Answer(second), Answer(first), Answer(second)]
        with pytest.raises(AzureAnswer, match="whose next page is no new address"):
            list(arm(script.url).items("/a", "v", "it"))


def test_a_page_instead_of_an_answer_is_an_error():
    with (
        scripted(Answer("<html>welcome</html>", type="text/html")) as script,
        pytest.raises(AzureAnswer, match="look for a proxy that answers in Azure's place"),
    ):
        arm(script.url).get("/a", "v", "it")


def test_many_threads_that_start_together_fetch_one_token():
    class Slow:
        fetched = 0
        lock = Lock()

        def get_token_info(self, *scopes, options=None):
            with self.lock:
                self.fetched += 1
            sleep(0.05)
            return AccessTokenInfo("t", FOREVER)

    credential = Slow()
    with scripted(Answer({})) as script, ThreadPoolExecutor(8) as pool:
        shared = ResourceManager(script.url, "scope", credential, 5.0)
        list(pool.map(lambda n: shared.get(f"/{n}", "v", "it"), range(24)))
        assert len(script.asked) == 24
    assert credential.fetched == 1


def test_what_is_asked_on_this_machine_goes_past_every_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with scripted(Answer({"it": "works"})) as script:
        assert arm(script.url).get("/a", "v", "it") == {"it": "works"}


def test_a_netrc_file_does_not_replace_the_token(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(Answer({})) as script:
        arm(script.url).get("/a", "v", "it")
        assert script.asked[0].headers["Authorization"] == "Bearer t-1"


def test_nobody_home():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(AzureUnreachable) as raised:
        arm(url).get("/a", "v", "it")
    assert str(raised.value) == (
        f"Azure did not answer at {url}: the connection was refused; "
        "check the network and HTTPS_PROXY, then run it again"
    )


def test_somebody_home_who_does_not_speak():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(AzureUnreachable, match=r"there was no whole answer within 0\.05 seconds"):
            arm(url, timeout=0.05).get("/a", "v", "it")


def test_a_name_that_does_not_exist():
    with pytest.raises(AzureUnreachable, match="its name could not be resolved"):
        arm("https://nowhere.invalid").get("/a", "v", "it")


def test_tls_with_somebody_who_does_not_have_it():
    with scripted(Answer({})) as script, pytest.raises(AzureUnreachable, match="its TLS certificate was not accepted"):
        arm(script.url.replace("http:", "https:")).get("/a", "v", "it")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_its_body_is_no_answer(status: int):
    with scripted(Answer({"it": "works"})) as other:
        away = Answer({}, status, {"Location": other.url.replace("127.0.0.1", "localhost") + "/there"})
        with scripted(away) as script, pytest.raises(AzureRefused):
            arm(script.url).get("/a", "v", "it")
        assert other.asked == []


def test_plain_http_elsewhere_is_refused_before_anything_is_sent():
    with pytest.raises(InsecureEndpoint):
        connect("t", resource_manager="http://management.azure.com")


def test_azures_own_words_are_one_line():
    with (
        scripted(refusal(418, "Teapot", "Short.\r\nAnd stout. Here is\tmy handle.")) as script,
        pytest.raises(AzureRefused, match=r"^Azure said no to it: Short \(Teapot, HTTP 418\);"),
    ):
        arm(script.url).get("/a", "v", "it")


SLOW_IMPORTS = """
import sys
from netcfg.azure.connection import connect
from netcfg.azure.credentials import EnvironmentCredential
EnvironmentCredential({})
with connect("t", resource_manager="http://127.0.0.1:1"):
    slow = ("azure.mgmt.keyvault", "azure.mgmt.network", "azure.identity", "msal", "cryptography")
print([name for name in slow if name in sys.modules])
"""


def test_what_only_some_runs_need_is_imported_by_those_only():
    ran = subprocess.run([sys.executable, "-c", SLOW_IMPORTS], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
