"""Ids and names: what is one, and what would lead elsewhere."""

from __future__ import annotations

import pytest

from netcfg.core.errors import BadIdentifier
from netcfg.core.resources import as_subnet, parse_subnet, parse_subnet_or_name, parse_vault

SUBNET = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}/subnets/{}"
VAULT = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/{}"


@pytest.mark.parametrize("step", [".", ".."])
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("end", ["", "/"])
def test_no_step_of_a_path_leads_back(step: str, place: int, end: str):
    names = ["s", "rg", "net", "a"]
    names[place] = step
    with pytest.raises(BadIdentifier):
        parse_subnet(SUBNET.format(*names) + end)
    assert as_subnet(SUBNET.format(*names) + end) is None
    with pytest.raises(BadIdentifier):
        parse_subnet_or_name("/".join(names[-3:] if place else [step, *names[-2:]]))
    if place < 3:
        with pytest.raises(BadIdentifier):
            parse_vault(VAULT.format(*names) + end)


@pytest.mark.parametrize("name", ["a.b", "...", ".a", "a..", "..a"])
def test_a_dot_in_a_name_is_one(name: str):
    assert parse_subnet(SUBNET.format("s", "rg", "net", name)).name == name
    assert str(parse_subnet_or_name(f"rg/net/{name}")) == f"rg/net/{name}"
