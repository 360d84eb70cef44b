"""Services that say by which address somebody comes, right or wrong."""

import time

import pytest
import requests

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import world


def ask(sandbox: Sandbox, number: int = 0, **options) -> requests.Response:
    return requests.get(sandbox.address_urls[number], timeout=10, allow_redirects=False, **options)


def spoil(sandbox: Sandbox, name: str, fault: str) -> None:
    with sandbox.edit() as state:
        state["addressServices"][name] = fault


@pytest.mark.parametrize("number", [0, 1])
def test_both_say_where_this_machine_is_as_text(sandbox: Sandbox, number):
    answer = ask(sandbox, number)
    assert (answer.status_code, answer.text) == (200, "191.10.60.9\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_they_are_two(sandbox: Sandbox):
    assert sandbox.address_urls == (f"{sandbox.url}/whatismyip", f"{sandbox.url}/myaddress")


def test_it_is_the_address_that_a_vault_sees():
    with serve(world(machine={"address": "191.10.61.20"})) as sandbox:
        assert ask(sandbox).text == "191.10.61.20\n"
        url = f"{sandbox.url}/vault.azure.net/kv-closed/secrets?api-version=7.4"
        refused = requests.get(url, headers={"authorization": f"Bearer {sandbox.token}"}, timeout=10)
        assert "Client address: 191.10.61.20 " in refused.json()["error"]["message"]


@pytest.mark.parametrize(("subnet", "address"), [("agents", "191.10.40.5"), ("scale-set", "191.10.60.9")])
def test_an_agent_is_seen_by_the_address_by_which_it_leaves_its_subnet(subnet, address):
    """Of `scale-set` too, which has the service endpoint: a vault would see its private address."""
    with serve({"extends": "contoso", "name": "agent", "machine": f"vnet-agents/{subnet}"}) as sandbox:
        assert ask(sandbox).text == f"{address}\n"


def test_from_where_no_way_leads_out_nothing_is_heard():
    bare = {"addressPrefix": "10.20.2.0/24", "defaultOutboundAccess": False}
    written = world(machine="net/bare")
    written["virtualNetworks"][0]["subnets"]["bare"] = bare
    with serve(written) as sandbox, pytest.raises(requests.ConnectionError):
        ask(sandbox)


def test_who_says_his_address_is_told_that(sandbox: Sandbox):
    assert ask(sandbox, headers={"x-sandbox-client-address": "191.10.62.1"}).text == "191.10.62.1\n"


@pytest.mark.parametrize("said", ["191.10.77.1", "2001:db8::7", "10.1.2.3"])
def test_one_may_disagree_with_the_other(sandbox: Sandbox, said):
    spoil(sandbox, "myaddress", said)
    assert ask(sandbox, 0).text == "191.10.60.9\n"
    assert ask(sandbox, 1).text == f"{said}\n"


@pytest.mark.parametrize(
    ("fault", "status", "kind", "beginning"),
    [
        ("html", 200, "text/html; charset=utf-8", b"<!DOCTYPE html>"),
        ("garbage", 200, "text/plain; charset=utf-8", b"\xff\xfe\xfd"),
        ("several", 200, "text/plain; charset=utf-8", b"191.10.60.9\n191.10.60.10\n"),
        ("empty", 200, "text/plain; charset=utf-8", b""),
        ("unavailable", 503, "text/plain; charset=utf-8", b"Service Unavailable"),
        ("redirect-elsewhere", 302, None, b""),
    ],
)
def test_one_may_be_broken(sandbox: Sandbox, fault, status, kind, beginning):
    spoil(sandbox, "whatismyip", fault)
    answer = ask(sandbox)
    assert (answer.status_code, answer.headers.get("content-type")) == (status, kind)
    assert answer.content.startswith(beginning)
    assert ask(sandbox, 1).text == "191.10.60.9\n"


def test_one_may_drop_the_connection(sandbox: Sandbox):
    spoil(sandbox, "whatismyip", "drop")
    with pytest.raises(requests.ConnectionError):
        ask(sandbox)


def test_one_may_go_on_for_longer_than_anybody_should_listen(sandbox: Sandbox):
    spoil(sandbox, "whatismyip", "too-long")
    with ask(sandbox, stream=True) as answer:
        assert answer.raw.read(100_000).startswith(b"191.10.60.9\n   ")


def test_one_may_be_slow_without_ever_being_silent(sandbox: Sandbox):
    spoil(sandbox, "whatismyip", "slow")
    begun = time.monotonic()
    with ask(sandbox, stream=True) as answer:
        assert answer.raw.read(16) == b"191.10.60.9\n    "
    assert 0.15 < time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("name", "fault", "said"),
    [("ipify", "html", "no service 'ipify'"), ("whatismyip", "angry", "cannot be 'angry'; give an address, or html")],
)
def test_what_is_misspelt_changes_nothing(sandbox: Sandbox, name, fault, said):
    with pytest.raises(ValueError, match=said):
        spoil(sandbox, name, fault)
    assert sandbox.state["addressServices"] == {}


def test_a_world_may_say_it():
    with serve(world(addressServices={"myaddress": "unavailable"})) as sandbox:
        assert [ask(sandbox, number).status_code for number in (0, 1)] == [200, 503]
