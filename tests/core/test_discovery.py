"""What a discovery comes to: which vaults, what is unknown, which status."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netcfg.core.agents import AgentPool, PoolKind
from netcfg.core.discovery import ClosedProject, Discovery, Library, LinkedGroup
from netcfg.core.errors import NetcfgError

REFUSED = NetcfgError("not yours")
READ = AgentPool("contoso", "Default", PoolKind.SELF_HOSTED, unknown="why")
CLOSED = ClosedProject("secret", REFUSED)
UNREAD = AgentPool("contoso", "linux", PoolKind.SCALE_SET, error=REFUSED)


@pytest.mark.parametrize(
    ("pools", "library", "status"),
    [
        ((READ,), Library(), 0),
        ((), Library(), 0),
        ((READ, UNREAD), Library(), 7),
        ((READ,), Library((), (CLOSED,)), 7),
        (REFUSED, Library(), 7),
        ((), REFUSED, 7),
        (REFUSED, REFUSED, 1),
    ],
)
def test_the_status_is_0_where_all_was_read_and_1_where_nothing_was(pools, library, status):
    assert Discovery("contoso", pools, library).status == status


def test_what_could_not_be_read_is_told_half_by_half_and_pool_by_pool():
    found = Discovery("contoso", (READ, UNREAD), REFUSED)
    assert found.undetermined == (("variable groups", REFUSED), ("agent pool linux", REFUSED))


def test_what_has_one_reason_is_told_once_and_what_is_closed_by_its_name():
    found = Discovery("contoso", (UNREAD, replace(UNREAD, name="mac")), Library((), (CLOSED,)))
    assert found.undetermined == (
        ("agent pools linux, mac", REFUSED), ("variable groups of the project secret", REFUSED),
    )  # fmt: skip


def test_a_vault_is_one_whatever_the_case_of_its_name():
    used = (("kv-b", "three"), ("kv-A", "two"), ("KV-a", "one"))
    found = Discovery("contoso", (), Library(tuple(LinkedGroup(vault, "p", name, "c") for vault, name in used)))
    assert {name: [each.name for each in groups] for name, groups in found.vaults.items()} == {
        "KV-a": ["one", "two"], "kv-b": ["three"],
    }  # fmt: skip
    assert list(found.vaults) == ["KV-a", "kv-b"]
