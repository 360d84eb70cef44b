"""What a discovery comes to: which vaults, what is unknown, which status."""

from __future__ import annotations

import pytest

from netcfg.core.agents import AgentPool, PoolKind
from netcfg.core.discovery import Discovery, LinkedGroup
from netcfg.core.errors import NetcfgError

REFUSED = NetcfgError("not yours")
READ = AgentPool("contoso", "Default", PoolKind.SELF_HOSTED, unknown="why")
UNREAD = AgentPool("contoso", "linux", PoolKind.SCALE_SET, error=REFUSED)


@pytest.mark.parametrize(
    ("pools", "groups", "status"),
    [
        ((READ,), (), 0),
        ((), (), 0),
        ((READ, UNREAD), (), 7),
        (REFUSED, (), 7),
        ((), REFUSED, 7),
        (REFUSED, REFUSED, 1),
    ],
)
def test_the_status_is_0_where_all_was_read_and_1_where_nothing_was(pools, groups, status):
    assert Discovery("contoso", pools, groups).status == status


def test_what_could_not_be_read_is_told_half_by_half_and_pool_by_pool():
    found = Discovery("contoso", (READ, UNREAD), REFUSED)
    assert found.undetermined == (("variable groups", REFUSED), ("agent pool linux", REFUSED))


def test_a_vault_is_one_whatever_the_case_of_its_name():
    used = (("kv-b", "three"), ("kv-A", "two"), ("KV-a", "one"))
    found = Discovery("contoso", (), tuple(LinkedGroup(vault, "p", name, "c") for vault, name in used))
    assert {name: [each.name for each in groups] for name, groups in found.vaults.items()} == {
        "KV-a": ["one", "two"], "kv-b": ["three"],
    }  # fmt: skip
    assert list(found.vaults) == ["KV-a", "kv-b"]
