"""Worlds that throttle: who has used up an allowance is refused, and is told when to come back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from netcfg.sandbox.manager import login
from netcfg.sandbox.server import serve
from tests.sandbox.small import GRAPH, SUBSCRIPTION, VAULT, Client, rules, world

NAME = SUBSCRIPTION.rpartition("/")[2]
REMAINING = "x-ms-ratelimit-remaining-subscription-writes"


@contextmanager
def throttling(**settings: Any) -> Iterator[Client]:
    with serve(world(settings={"throttling": True, "writeSeconds": 0, **settings})) as sandbox:
        client = Client(sandbox)
        with client.session:
            yield client


def test_the_write_after_the_last_one_is_refused_and_does_nothing():
    with throttling(buckets={"writes": [2, 0.001]}, retryAfter=1) as client:
        left = [client.patch("kv-open", rules(f"191.10.2{each}.0/24")).headers[REMAINING] for each in range(2)]
        refused = client.patch("kv-open", rules("191.10.29.0/24"))
        assert left == ["1", "0"]
        assert client.error(refused) == (
            429,
            "SubscriptionRequestsThrottled",
            (
                f"Number of 'write' requests for subscription '{NAME}' actor 'object' exceeded. Please try again after "
                "'1000' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for "
                "additional information."
            ),
        )
        assert refused.headers["retry-after"] == "1000"
        assert refused.headers[REMAINING] == "0"
        assert client.acl("kv-open")["ipRules"] == [{"value": "191.10.21.0/24"}]


def test_reads_and_writes_and_callers_are_counted_apart():
    with throttling(buckets={"writes": [1, 0.001], "reads": [2, 0.001]}) as client:
        assert [client.patch("kv-open", {}).status_code for _ in range(2)] == [200, 429]
        assert [client.get(VAULT + "kv-open").status_code for _ in range(3)] == [200, 200, 429]
        assert client.call("DELETE", VAULT + "kv-open").status_code == 200
        assert client.get("/subscriptions").status_code == 200


def test_somebody_else_has_an_allowance_of_their_own():
    with serve("fleet-small") as sandbox:
        with sandbox.edit() as state:
            state["settings"]["buckets"] = {"reads": [1, 0.001]}
        vault = "/subscriptions/00000000-0000-4000-8000-000000002001"
        me, other = (
            Client(sandbox),
            Client(sandbox, login.token(sandbox.state, sandbox.state["principals"]["colleague"])),
        )
        with me.session, other.session:
            assert [me.get(vault).status_code for _ in range(2)] == [200, 429]
            assert other.get(vault).status_code == 200


@pytest.mark.parametrize(("least", "told"), [(0.05, "0.2"), (0.5, "0.5"), (1, "1"), (2.5, "3")])
def test_seconds_to_wait_are_whole_from_one_on(least, told):
    with throttling(buckets={"reads": [1, 5]}, retryAfter=least) as client:
        client.get(SUBSCRIPTION)
        after = client.get(SUBSCRIPTION).headers["retry-after"]
        assert float(told) - 0.15 <= float(after) <= float(told)


def test_who_waits_as_long_as_told_is_served():
    with throttling(buckets={"reads": [1, 20]}) as client:
        client.get(SUBSCRIPTION)
        time.sleep(float(client.get(SUBSCRIPTION).headers["retry-after"]))
        assert client.get(SUBSCRIPTION).status_code == 200


def test_a_world_that_does_not_throttle_counts_and_refuses_nobody():
    with serve(world(settings={"buckets": {"reads": [1, 0.001]}})) as sandbox, Client(sandbox).session as session:
        client = Client(sandbox)
        client.session = session
        assert [client.get(SUBSCRIPTION).status_code for _ in range(3)] == [200, 200, 200]


def test_in_a_world_that_does_not_throttle_every_query_is_the_first_of_its_window(client: Client):
    body = {"query": "resources | project id"}
    asked = [client.call("POST", f"{GRAPH}?api-version=2021-03-01", body) for _ in range(20)]
    assert {each.status_code for each in asked} == {200}
    assert {each.headers["x-ms-user-quota-remaining"] for each in asked} == {"14"}


def test_resource_graph_refuses_by_its_own_quota_and_without_retry_after():
    with throttling(buckets={"queries": [2, 60]}) as client:
        body = {"query": "resources | project id"}
        asked = [client.call("POST", f"{GRAPH}?api-version=2021-03-01", body) for _ in range(3)]
        assert [each.status_code for each in asked] == [200, 200, 429]
        assert [each.headers["x-ms-user-quota-remaining"] for each in asked] == ["1", "0", "0"]
        assert asked[2].headers["x-ms-user-quota-resets-after"] == "00:00:60"
        assert "retry-after" not in asked[2].headers
        assert asked[2].json()["error"]["code"] == "RateLimiting"
        assert [each["code"] for each in asked[2].json()["error"]["details"]] == ["RateLimiting"]


def test_a_query_names_no_more_subscriptions_than_the_world_allows():
    with throttling(graphSubscriptions=2) as client:
        for count, status in ((2, 200), (3, 400)):
            body = {"query": "resources | project id", "subscriptions": [NAME] * count}
            assert client.call("POST", f"{GRAPH}?api-version=2021-03-01", body).status_code == status
