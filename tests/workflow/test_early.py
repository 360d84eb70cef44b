"""Organizations that are looked up while something else keeps us waiting."""

from __future__ import annotations

from threading import Event

import pytest

from netcfg.core.errors import NetcfgError
from netcfg.core.geography import Organization
from netcfg.workflow.early import EarlyOrganizations


def test_what_was_expected_is_asked_for_before_anybody_needs_it_and_once():
    asked, begun = [], Event()

    def look_up(name: str) -> Organization:
        asked.append(name)
        begun.set()
        return Organization(name, ())

    early = EarlyOrganizations(look_up)
    early.expect("contoso")
    assert begun.wait(5)
    assert [early.look_up(each).name for each in ("contoso", "Contoso")] == ["contoso", "contoso"]
    assert asked == ["contoso"]


def test_an_error_waits_for_who_asks():
    def look_up(name: str) -> Organization:
        raise NetcfgError(f"nobody has {name}")

    early = EarlyOrganizations(look_up)
    early.expect("fabrikam")
    for _ in range(2):
        with pytest.raises(NetcfgError, match="nobody has fabrikam"):
            early.look_up("fabrikam")
