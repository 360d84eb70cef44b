"""The sandbox without a socket: the same answers, by a function."""

import json
import threading
import time

import pytest
import requests

from netcfg.sandbox.answer import Dropped
from netcfg.sandbox.server import Sandbox, play, serve
from tests.sandbox.small import VAULT, rules, world

VERSION = "?api-version=2026-02-01"
OPEN = f"{VAULT}kv-open{VERSION}"


class KilledHere(BaseException):
    """As a signal that nothing catches."""


@pytest.fixture
def silent():
    with play(world(settings={"writeSeconds": 0})) as sandbox:
        yield sandbox


def ask(sandbox: Sandbox, method: str = "GET", target: str = OPEN, body=None):
    content = b"" if body is None else json.dumps(body).encode()
    return sandbox.answer(method, target, {"Authorization": f"Bearer {sandbox.token}"}, content)


def acl(sandbox: Sandbox):
    return sandbox.state["vaults"]["kv-open"]["properties"].get("networkAcls")


def test_it_answers_what_the_server_answers():
    with serve(world()) as server:
        token = {"Authorization": f"Bearer {server.token}"}
        sent = requests.get(server.url + OPEN, headers=token, timeout=10)
        status, headers, content = server.answer("GET", OPEN, token)
    assert (status, content) == (sent.status_code, sent.content)
    changing = {"x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id"}
    left = {name for name in headers if name.startswith("x-ms-ratelimit")}
    same = set(headers) - changing - left
    assert {name: headers[name] for name in same} == {name: sent.headers[name] for name in same}
    assert {name.lower() for name in sent.headers} == set(headers)


def test_queries_bodies_and_escapes_arrive(silent: Sandbox):
    assert ask(silent, "PATCH", OPEN, rules("191.10.21.7"))[0] == 200
    assert acl(silent)["ipRules"] == [{"value": "191.10.21.7/32"}]
    escaped = ask(silent, target=OPEN.replace("kv-open", "kv%2Dopen"))
    assert json.loads(escaped[2])["name"] == "kv-open"
    assert ask(silent, target=VAULT + "kv-open")[0] == 400


def test_nothing_listens_where_it_says_that_it_is(silent: Sandbox):
    with pytest.raises(requests.ConnectionError):
        requests.get(silent.url, timeout=1)


def test_what_is_served_is_listed(silent: Sandbox):
    ask(silent)
    silent.force("drop-before")
    with pytest.raises(Dropped):
        ask(silent)
    assert silent.requests == [("GET", VAULT + "kv-open", 200), ("GET", VAULT + "kv-open", 0)]


@pytest.mark.parametrize(("fault", "happened"), [("drop-before", False), ("drop-after", True)])
def test_a_drop_before_or_after_it_has_happened(silent: Sandbox, fault, happened):
    silent.force(fault)
    with pytest.raises(Dropped):
        ask(silent, "PATCH", OPEN, rules("191.10.21.0/24"))
    assert (acl(silent) is not None) is happened


def test_an_answer_that_breaks_off_is_shorter_than_it_says(silent: Sandbox):
    silent.force("truncate")
    _, headers, content = ask(silent)
    assert len(content) == int(headers["content-length"]) // 2


def test_an_answer_that_was_cut_says_that_it_is_whole(silent: Sandbox):
    silent.force("cut")
    _, headers, content = ask(silent)
    assert len(content) == int(headers["content-length"])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads(content)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("error-500", 500, "InternalServerError"),
        ("error-502", 502, "BadGateway"),
        ("error-503", 503, "ServiceUnavailable"),
        ("throttle", 429, "TooManyRequests"),
        ("throttle-bare", 429, "TooManyRequests"),
        ("conflict", 409, "ConflictError"),
    ],
)
def test_a_forced_fault_meets_one_request_and_no_more(silent: Sandbox, fault, status, code):
    silent.force(fault)
    found, headers, content = ask(silent, "PATCH", OPEN, rules("191.10.21.0/24"))
    assert (found, json.loads(content)["error"]["code"]) == (status, code)
    assert ("retry-after" in headers) is (fault == "throttle")
    assert acl(silent) is None
    assert ask(silent, "PATCH", OPEN, rules("191.10.21.0/24"))[0] == 200


def test_a_hook_forces_a_fault_on_its_own_request(silent: Sandbox):
    silent.before = lambda number, _method, _path: silent.force("error-500") if number == 2 else None
    assert [ask(silent)[0] for _ in range(3)] == [200, 500, 200]


def test_so_it_does_on_a_server():
    with serve(world()) as sandbox:
        sandbox.before = lambda number, _method, _path: sandbox.force("error-502") if number == 2 else None
        found = [requests.get(f"{sandbox.url}/whatismyip", timeout=10).status_code for _ in range(3)]
    assert found == [200, 502, 200]


def test_a_fault_that_is_none_is_answered_with_the_known_ones(silent: Sandbox):
    with pytest.raises(ValueError, match="unknown fault 'trottle'; known are throttle, throttle-bare"):
        silent.force("trottle")


def test_a_hook_may_ask_the_sandbox_and_change_the_world(silent: Sandbox):
    def somebody_else(number, method, _path):
        if number == 1:
            assert ask(silent, "PATCH", OPEN, rules("191.10.22.0/24"))[0] == 200

    silent.before = somebody_else
    shown = json.loads(ask(silent)[2])
    assert shown["properties"]["networkAcls"]["ipRules"] == [{"value": "191.10.22.0/24"}]


@pytest.mark.parametrize(("hook", "happened"), [("before", False), ("after", True)])
def test_who_is_killed_in_a_hook_has_or_has_not_written(silent: Sandbox, hook, happened):
    def kill(_number, _method, _path):
        raise KilledHere

    setattr(silent, hook, kill)
    with pytest.raises(KilledHere):
        ask(silent, "PATCH", OPEN, rules("191.10.21.0/24"))
    assert (acl(silent) is not None) is happened


def test_of_many_writers_at_once_each_write_is_whole(silent: Sandbox):
    def write(number):
        for step in range(10):
            assert ask(silent, "PATCH", OPEN, {"tags": {"writer": f"{number}-{step}"}})[0] == 200

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(silent.requests) == 40
    assert silent.state["writes"] == 40


def test_writes_that_take_time_still_meet(silent: Sandbox):
    with silent.edit() as state:
        state["settings"]["writeSeconds"] = 0.05
    slow = threading.Thread(target=ask, args=(silent, "PATCH", OPEN, {}))
    slow.start()
    while not silent.state["writing"]:
        time.sleep(0.001)
    assert ask(silent, "PATCH", OPEN, {})[0] == 409
    slow.join()


def test_a_world_can_be_begun_again_from_a_copy(silent: Sandbox):
    begun = silent.state
    ask(silent, "PATCH", OPEN, rules("191.10.21.0/24"))
    with silent.edit() as state:
        state.clear()
        state.update(begun)
    assert silent.state == begun
    assert json.loads(ask(silent)[2])["properties"].get("networkAcls") is None
