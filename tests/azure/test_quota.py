"""Resource Graph's quota: obeyed before a query is refused, by all threads of a process together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from azure.core.rest import HttpRequest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.azure import graph
from netcfg.azure.connection import connect
from netcfg.azure.pacing import Pacing
from netcfg.azure.quota import PATH, WINDOW, Quota
from netcfg.core.errors import AskedToWait, TooManySubscriptions
from netcfg.sandbox.server import serve
from tests.azure.scripted import Answer, refusal, scripted
from tests.sandbox.small import world

QUERY = "resources | where type =~ 'microsoft.keyvault/vaults' | project id | order by id asc"
EMPTY = {"count": 0, "data": [], "totalRecords": 0, "resultTruncated": "false"}


@dataclass
class Azure:
    """Counts queries as Azure does, `others` of the same principal too, and refuses what is too much."""

    most: int = 15
    now: float = 1000.0
    begun: float = float("-inf")
    used: int = 0
    refused: int = 0
    slept: list[float] = field(default_factory=list)

    def send(self, request: Any) -> Any:
        del request
        self.take()
        after = self.begun + WINDOW - self.now
        left = max(0, self.most - self.used)
        is_refused = self.used > self.most
        self.refused += is_refused
        headers = {
            "x-ms-user-quota-remaining": str(left),
            "x-ms-user-quota-resets-after": f"00:00:{int(-(-after // 1)):02}",
        }
        return Response(429 if is_refused else 200, headers)

    def take(self) -> None:
        if self.now >= self.begun + WINDOW:
            self.begun, self.used = self.now, 0
        self.used += 1

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Response:
    status_code: int
    headers: Mapping[str, str]

    @property
    def http_response(self) -> Response:
        return self


@dataclass
class Request:
    url: str = f"https://management.azure.com{PATH}?api-version=2021-03-01"

    @property
    def http_request(self) -> HttpRequest:
        return HttpRequest("POST", self.url)


def quota(azure: Azure, stop: Event | None = None, tell: Callable[[str], None] = lambda _: None) -> Quota:
    policy = Quota(stop, tell, lambda: azure.now, azure.sleep)
    policy.next = azure
    return policy


@given(st.lists(st.sampled_from([0.0, 0.1, 1.0, 4.0, 6.0]), min_size=1, max_size=60), st.integers(1, 40))
def test_who_is_alone_is_never_refused(pauses: list[float], most: int):
    azure = Azure(most)
    policy = quota(azure)
    for pause in pauses:
        azure.now += pause
        policy.send(Request())
    assert azure.refused == 0


def test_a_window_that_is_used_up_is_waited_for():
    azure = Azure()
    policy = quota(azure)
    for _ in range(31):
        policy.send(Request())
    assert (azure.refused, azure.slept) == (0, [5.0, 5.0])


def test_what_others_have_used_is_believed():
    azure = Azure()
    policy = quota(azure)
    policy.send(Request())
    azure.used += 13
    policy.send(Request())
    assert azure.slept == []
    policy.send(Request())
    assert (azure.refused, azure.slept) == (0, [5.0])


def test_a_larger_quota_is_used():
    azure = Azure(most=100)
    policy = quota(azure)
    for _ in range(90):
        policy.send(Request())
    assert (azure.refused, azure.slept) == (0, [])


def test_who_was_refused_waits_for_the_window_that_the_answer_names():
    azure = Azure()
    policy = quota(azure)
    azure.take()
    azure.used = 15
    azure.now += 1
    assert policy.send(Request()).http_response.status_code == 429
    assert policy.send(Request()).http_response.status_code == 200
    assert azure.slept == [4.0]


def test_a_long_wait_is_told_once_and_a_short_one_not_at_all():
    azure, told = Azure(), list[str]()
    policy = quota(azure, tell=told.append)
    for _ in range(16):
        policy.send(Request())
    assert told == ["waiting 5 seconds: Resource Graph takes no more queries"]
    azure.now += 4
    for _ in range(15):
        policy.send(Request())
    assert azure.slept == [5.0, 1.0]
    assert len(told) == 1


def test_who_is_to_end_waits_for_no_window_and_the_query_goes_out_as_it_is():
    azure, stop = Azure(), Event()
    policy = quota(azure, stop)
    for _ in range(15):
        policy.send(Request())
    stop.set()
    assert [policy.send(Request()).http_response.status_code for _ in range(2)] == [429, 429]
    assert azure.slept == []


def test_who_waits_already_when_somebody_wants_to_end_waits_no_longer():
    azure, stop = Azure(), Event()
    policy = Quota(stop, lambda _: stop.set(), lambda: azure.now)
    policy.next = azure
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(lambda: [policy.send(Request()) for _ in range(16)])
        assert len(sent.result(timeout=10)) == 16  # by the real clock, while Azure's stands still


def test_a_window_that_is_far_away_is_not_waited_for():
    azure = Azure()
    policy = quota(azure)
    far = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "01:00:00"}
    azure.send = lambda _: Response(429, far)  # type: ignore[method-assign]
    policy.send(Request())
    with pytest.raises(AskedToWait, match="leave Resource Graph alone for 60 minutes"):
        policy.send(Request())
    assert azure.slept == []


def test_the_waits_for_resource_graph_are_told_to_whoever_hears_of_the_others():
    empty = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:03"}
    told, stop = list[str](), Event()

    def tell(what: str) -> None:
        told.append(what)
        stop.set()

    answers = Answer(EMPTY, headers=empty), Answer(EMPTY, headers=empty)
    with scripted(*answers) as script, connect("t", resource_manager=script.url, pacing=Pacing(stop, tell)) as azure:
        assert list(graph.rows(azure.arm, QUERY)) == []
        assert list(graph.rows(azure.arm, QUERY)) == []
    assert told == ["waiting 3 seconds: Resource Graph takes no more queries"]


def test_other_requests_are_not_held_back():
    azure = Azure()
    policy = quota(azure)
    for _ in range(40):
        policy.send(Request("https://management.azure.com/subscriptions?api-version=2022-12-01"))
    assert azure.slept == []


@pytest.mark.parametrize("after", ["", "soon", "5", "00:00", "00:00:xx", "-1:00:05"])
def test_headers_that_say_nothing_are_no_reason_to_wait(after: str):
    policy = quota(azure := Azure())
    azure.send = lambda _: Response(200, {"x-ms-user-quota-remaining": "14", "x-ms-user-quota-resets-after": after})  # type: ignore[method-assign]
    for _ in range(15):
        policy.send(Request())
    assert azure.slept == []


def test_threads_of_a_process_share_the_quota_of_a_world_that_throttles():
    fleet = world(settings={"throttling": True, "buckets": {"queries": [15, 1]}})
    with serve(world=fleet) as sandbox, connect(sandbox.token, resource_manager=sandbox.url) as azure:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: len(list(graph.rows(azure.arm, QUERY))), range(20)))
        assert found == [3] * 20
        assert [status for _, path, status in sandbox.requests if "ResourceGraph" in path] == [200] * 20


def test_a_refusal_is_waited_for_and_the_query_repeated():
    limits = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:00"}
    no = refusal(429, "RateLimiting", "Client application has been throttled.", limits)
    with scripted(no, no, Answer(EMPTY)) as script, connect("t", resource_manager=script.url) as azure:
        assert list(graph.rows(azure.arm, QUERY)) == []
        assert len(script.asked) == 3


def test_an_answer_about_a_part_of_the_subscriptions_is_an_error():
    cut = Answer(EMPTY, headers={"x-ms-tenant-subscription-limit-hit": "true"})
    with (
        scripted(cut) as script,
        connect("t", resource_manager=script.url) as azure,
        pytest.raises(TooManySubscriptions, match="more than the 10,000 subscriptions"),
    ):
        list(graph.rows(azure.arm, QUERY))
