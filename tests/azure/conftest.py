from collections.abc import Iterator
from typing import Any

import pytest

from netcfg.azure.connection import Azure, connect
from netcfg.core.resources import SubnetId, VaultId, parse_subnet, parse_vault
from netcfg.sandbox.server import serve


@pytest.fixture
def sandbox() -> Iterator[Any]:
    with serve(world="contoso") as running:
        yield running


@pytest.fixture
def azure(sandbox: Any) -> Iterator[Azure]:
    with connect(sandbox.token, resource_manager=sandbox.url) as connected:
        yield connected


@pytest.fixture
def vault_id(sandbox: Any):
    def find(name: str) -> VaultId:
        return parse_vault(sandbox.state["vaults"][name]["id"])

    return find


@pytest.fixture
def subnet_id(sandbox: Any):
    def find(network: str, name: str) -> SubnetId:
        (id,) = [id for id in sandbox.state["virtualNetworks"] if id.endswith(f"/{network}")]
        return parse_subnet(f"{id}/subnets/{name}")

    return find
