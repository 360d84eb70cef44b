"""The server: hooks, dropped connections, faults, latency, TLS."""

import contextlib
import ssl
import time
import urllib.request

import pytest
import requests

from netcfg.sandbox.azure_cli import lines
from netcfg.sandbox.faults import KNOWN
from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import VAULT, Client, rules, world

GONE = requests.exceptions.ConnectionError


def statuses(odds: str, seed: int, count: int = 40) -> list[int]:
    """What so many reads and writes of a new sandbox end with; 0 stands for no answer."""
    with serve(world(), faults=odds, seed=seed) as sandbox:
        client = Client(sandbox)
        with client.session:
            for number in range(count):
                with contextlib.suppress(GONE, requests.exceptions.ChunkedEncodingError):
                    client.patch("kv-open", {}) if number % 2 else client.get(VAULT + "kv-open")
        return [status for _, _, status in sandbox.requests]


def test_requests_are_listed_in_order(sandbox: Sandbox, client: Client):
    client.get(VAULT + "kv-open")
    client.patch("kv-none", {})
    assert sandbox.requests == [("GET", VAULT + "kv-open", 200), ("PATCH", VAULT + "kv-none", 404)]


def test_before_runs_before_and_can_change_the_world(sandbox: Sandbox, client: Client):
    seen = []

    def hook(number: int, method: str, path: str) -> None:
        seen.append((number, method, path))
        with sandbox.edit() as state:
            state["vaults"]["kv-open"]["tags"] = {"changed": str(number)}

    sandbox.before = hook
    assert client.get(VAULT + "kv-open").json()["tags"] == {"changed": "1"}
    assert client.get(VAULT + "kv-open").json()["tags"] == {"changed": "2"}
    assert seen == [(1, "GET", VAULT + "kv-open"), (2, "GET", VAULT + "kv-open")]


def test_a_hook_may_itself_ask_the_sandbox(sandbox: Sandbox, client: Client):
    def colleague(number: int, method: str, _path: str) -> None:
        if (number, method) == (1, "GET"):
            with Client(sandbox).session as session:
                other = Client(sandbox)
                other.session = session
                session.headers["Authorization"] = f"Bearer {sandbox.token}"
                assert other.patch("kv-open", rules("191.10.21.0/24")).status_code == 200

    sandbox.before = colleague
    assert client.acl("kv-open")["ipRules"] == [{"value": "191.10.21.0/24"}]


def drop(_number: int, method: str, _path: str) -> None:
    if method == "PATCH":
        raise ConnectionError


def test_raising_before_drops_the_connection_and_nothing_has_happened(sandbox: Sandbox, client: Client):
    sandbox.before = drop
    with pytest.raises(GONE):
        client.patch("kv-open", rules("191.10.21.0/24"))
    assert sandbox.requests[-1][2] == 0
    assert client.acl("kv-open") is None


def test_raising_after_drops_the_connection_when_it_has_happened(sandbox: Sandbox, client: Client):
    sandbox.after = drop
    with pytest.raises(GONE):
        client.patch("kv-open", rules("191.10.21.0/24"))
    assert client.acl("kv-open")["ipRules"] == [{"value": "191.10.21.0/24"}]


def test_the_same_seed_gives_the_same_faults_and_another_one_others():
    odds = "throttle=0.2,throttle-bare=0.1,conflict=0.2,error=0.2,drop-before=0.1,drop-after=0.1"
    first = statuses(odds, seed=1)
    assert first == statuses(odds, seed=1)
    assert first != statuses(odds, seed=2)
    assert {0, 200, 409, 429} < set(first)


@pytest.mark.parametrize(
    ("odds", "expected"),
    [
        ("throttle=1", {429}),
        ("throttle-bare=1", {429}),
        ("error=1", {503}),
        ("conflict=1", {200, 409}),
        ("drop-before=1", {0}),
        ("drop-after=1", {0}),
    ],
)
def test_each_fault_alone(odds, expected):
    assert set(statuses(odds, seed=0, count=4)) == expected


@pytest.mark.parametrize(("odds", "says_when"), [("throttle=1", True), ("throttle-bare=1", False)])
def test_throttling_says_when_to_come_back_or_not(odds, says_when):
    with serve(world(), faults=odds) as sandbox:
        answer = requests.get(f"{sandbox.url}{VAULT}kv-open", timeout=10)
    assert ("retry-after" in answer.headers) is says_when
    assert answer.json()["error"]["code"] == "TooManyRequests"


def test_a_truncated_answer_is_noticed_and_what_it_answered_has_happened():
    with serve(world(), faults="truncate=1") as sandbox:
        client = Client(sandbox)
        with client.session, pytest.raises(requests.exceptions.ChunkedEncodingError):
            client.patch("kv-open", rules("191.10.21.0/24"))
        assert sandbox.state["vaults"]["kv-open"]["properties"]["networkAcls"]["defaultAction"] == "Deny"


def test_a_network_s_conflict_is_its_own(sandbox: Sandbox):
    with serve(world(), faults="conflict=1") as broken:
        client = Client(broken)
        with client.session:
            path = VAULT.partition("/providers")[0] + "/providers/Microsoft.Network/virtualNetworks/net/subnets/bare"
            assert client.error(client.call("PUT", path, {}))[:2] == (429, "AnotherOperationInProgress")


@pytest.mark.parametrize("odds", ["trottle=0.1", "delay", "delay=much", "delay=2"])
def test_faults_that_make_no_sense(odds):
    with pytest.raises(ValueError, match="fault"), serve(world(), faults=odds):
        pass


def test_an_unknown_fault_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="unknown fault 'x'") as caught, serve(world(), faults="x=1"):
        pass
    assert all(name in str(caught.value) for name in KNOWN)


def test_latency_and_delay_make_answers_late():
    with serve(world(), latency_ms=60) as sandbox:
        start = time.monotonic()
        requests.get(sandbox.url, timeout=10)
        assert time.monotonic() - start >= 0.06
    with serve(world(), faults="delay=1") as sandbox:
        start = time.monotonic()
        requests.get(sandbox.url, timeout=10)
        assert time.monotonic() - start >= 0.5


def test_where_it_is_and_what_day(sandbox: Sandbox):
    assert sandbox.url.startswith("http://127.0.0.1:")
    assert sandbox.devops_url == f"{sandbox.url}/dev.azure.com"
    assert sandbox.identity_url == f"{sandbox.url}/vssps.dev.azure.com"
    assert sandbox.today.isoformat() == "2026-07-01"
    assert sandbox.certificate is None


def test_the_state_is_a_copy(sandbox: Sandbox):
    before = sandbox.state
    before["vaults"].clear()
    assert sandbox.state["vaults"]


def test_a_port_that_is_taken(sandbox: Sandbox):
    port = int(sandbox.url.rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), serve(world(), port=port):
        pass


def test_tls_with_a_certificate_that_stays(tmp_path):
    with serve(world(), state=tmp_path, tls=True) as sandbox:
        assert sandbox.url.startswith("https://localhost:")
        assert sandbox.certificate == tmp_path / "certificate.pem"
        context = ssl.create_default_context(cafile=sandbox.certificate)
        with urllib.request.urlopen(f"{sandbox.url}/metadata/endpoints", context=context, timeout=10) as answer:
            assert answer.status == 200
        pasted = lines(sandbox)
    assert f"export REQUESTS_CA_BUNDLE={tmp_path / 'certificate.pem'}\n" in pasted
    assert f"az cloud register --name sandbox --endpoint-resource-manager {sandbox.url}\n" in pasted
    assert "az login --service-principal --username app --password make-believe --tenant 0000" in pasted
    first = (tmp_path / "certificate.pem").read_bytes()
    assert (tmp_path / "server.pem").stat().st_mode & 0o077 == 0
    with serve(world(), state=tmp_path, tls=True):
        assert (tmp_path / "certificate.pem").read_bytes() == first


def test_a_mistake_of_the_emulator_looks_like_one(sandbox: Sandbox, client: Client, caplog):
    with sandbox.edit() as state:
        del state["vaults"]["kv-open"]["properties"]
    answer = client.get(f"{VAULT}kv-open?api-version=2019-09-01")
    assert answer.status_code == 500
    assert "the sandbox failed on GET" in caplog.text
