"""The time in a world, and the time that Azure's answers say it is."""

from datetime import UTC, date, datetime

import pytest
import requests

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import VAULT, Client, world

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_it_is_noon_of_the_world_s_day_unless_the_world_says_otherwise():
    with serve(world()) as sandbox:
        assert sandbox.now == NOON
    with serve(world(settings={"clock": "2026-07-01T04:30:00Z"})) as sandbox:
        assert sandbox.now == datetime(2026, 7, 1, 4, 30, tzinfo=UTC)


def test_the_day_goes_with_the_clock(sandbox: Sandbox):
    sandbox.move_clock(datetime(2026, 7, 2, 0, 5, tzinfo=UTC))
    assert sandbox.now == datetime(2026, 7, 2, 0, 5, tzinfo=UTC)
    assert sandbox.today == date(2026, 7, 2)
    assert sandbox.state["settings"]["clock"] == "2026-07-02T00:05:00Z"


def test_a_clock_of_another_day_than_the_world_s():
    written = world(settings={"clock": "2026-07-02T04:30:00Z"})
    with pytest.raises(ValueError, match="clock is at 2026-07-02T04:30:00Z, and its day is 2026-07-01"), serve(written):
        pass


@pytest.mark.parametrize(
    "path",
    [
        VAULT + "kv-open?api-version=2026-02-01",
        "/vault.azure.net/kv-open/secrets",
        "/dev.azure.com/nobody/_apis/projects",
        "/whatismyip",
        "/nothing",
        "/learn.microsoft.com/azure/devops/organizations/security/allow-list-ip-url",
    ],
)
def test_every_answer_says_once_what_time_it_is(contoso: Sandbox, path):
    contoso.move_clock(datetime(2026, 7, 1, 14, 5, 6, tzinfo=UTC))
    answer = requests.get(contoso.url + path, timeout=10)
    assert answer.headers["date"] == "Wed, 01 Jul 2026 14:05:06 GMT"


@pytest.mark.parametrize("odds", ["error=1", "throttle=1", "conflict=1"])
def test_so_does_one_that_is_none(odds):
    with serve(world(), faults=odds) as sandbox:
        client = Client(sandbox)
        with client.session:
            assert client.patch("kv-open", {}).headers["date"] == "Wed, 01 Jul 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(3600, "Wed, 01 Jul 2026 13:00:00 GMT"), (-43260, "Tue, 30 Jun 2026 23:59:00 GMT")]
)
def test_azure_s_clock_may_go_before_that_of_who_asks_or_after_it(seconds, shown):
    with serve(world(settings={"clockSkewSeconds": seconds})) as sandbox:
        assert sandbox.now == NOON
        assert requests.get(f"{sandbox.url}/whatismyip", timeout=10).headers["date"] == shown
