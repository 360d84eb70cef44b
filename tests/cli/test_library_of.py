"""What a configuration says of the variable groups of one organization is nothing about another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from netcfg.cli.chosen import library_of
from netcfg.cli.options import Through
from netcfg.cli.root import Root
from netcfg.core.linking.relay import NO_RELAY

FILE = """\
devops: {organization: contoso, project: payments, service-connection: azure-prod, variable-group: shop, secrets: ['*']}
vaults: [{name: kv-a, geography: EU}]
"""


@pytest.mark.parametrize(("organization", "patterns"), [("contoso", ("*",)), ("Contoso", ("*",)), (None, ("*",))])
def test_what_the_file_wants_mapped_is_wanted_of_its_own_organization(
    organization: str | None, patterns: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("netcfg.yaml").write_text(FILE)
    assert library_of(organization, Through("payments"), None, Root()).demanded.secrets == patterns


def test_nothing_is_wanted_of_a_group_of_the_same_name_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("netcfg.yaml").write_text(FILE)
    assert library_of("fabrikam", Through("payments"), None, Root()).demanded == NO_RELAY
