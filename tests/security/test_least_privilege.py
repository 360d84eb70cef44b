"""The roles of SECURITY.md, enforced: each is enough for its commands, and without any of its actions it is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from netcfg.sandbox.server import serve
from netcfg.workflow import admitting, private
from tests.cli.conftest import PRODUCTION, Program, Ran

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```json\n(\{\n  \"Name\".*?^\})\n```$", re.MULTILINE | re.DOTALL)
ROLES: dict[str, dict[str, Any]] = {
    each["Name"]: each for each in map(json.loads, BLOCK.findall((ROOT / "SECURITY.md").read_text("utf-8")))
}
SUBNETS = f"{PRODUCTION}/resourceGroups/{{}}/providers/Microsoft.Network/virtualNetworks/{{}}/subnets/{{}}"
BUILDS = SUBNETS.format("rg-network", "vnet-agents", "builds")
JOINED = SUBNETS.format("rg-busy", "vnet-busy", "s14")  # of an NSG and two endpoint policies
ROUTED = SUBNETS.format("rg-busy", "vnet-busy", "s29")  # of an NSG, a route table and a NAT gateway

EU = ("kv-payments", "--geography", "EU")
OPEN = (*EU, "--yes", "--accept", "default-deny")


@dataclass(frozen=True)
class Work:
    """Commands in their order, each with the status it ends with, in a world."""

    role: str
    commands: Sequence[tuple[int, tuple[str, ...]]]
    world: str = "contoso"


WORK = (
    Work(
        "netcfg plan and check",
        [
            (5, ("plan", *EU, "--subnet", BUILDS)),
            (0, ("check", *EU, "--subnet", BUILDS, "--fail-on", "never")),
        ],
    ),
    Work(
        "netcfg apply and exec",
        [
            (0, ("check", *EU, "--fail-on", "never")),
            (0, ("apply", *OPEN)),
            (0, ("rollback", "RECORD", "--yes", "--accept", "default-allow")),
        ],
    ),
    Work("netcfg apply and exec", [(0, ("exec", "kv-job", "--", "true"))], world="exec"),
    Work(
        "netcfg apply with subnets",
        [
            (0, ("check", *EU, "--fail-on", "never")),
            (0, ("apply", *OPEN, "--subnet", JOINED, "--subnet", ROUTED, "--accept", "service-endpoint")),
        ],
        world="busy",
    ),
    Work(
        "netcfg apply with private endpoints",
        [
            (0, ("check", *EU, "--fail-on", "never")),
            (0, ("apply", *OPEN, "--private-endpoint", BUILDS, "--accept", "private-dns", "--accept", "last-path")),
        ],
    ),
)

# Where a refusal is told by what cannot be known, and not by the action: then by the role that has it.
IN_OTHER_WORDS = {
    "Microsoft.KeyVault/vaults/read": "assign Reader on the vault",
    "Microsoft.KeyVault/vaults/networkSecurityPerimeterConfigurations/read": (
        "whether a network security perimeter holds KV could not be read, and under one rules may do nothing; assign "
        "Reader on the vault, which may read that too"
    ),
    "Microsoft.Network/virtualNetworks/subnets/read": "Microsoft.Network/virtualNetworks/subnets/read",
    "Microsoft.Network/privateDnsZones/read": "could not be read, so nothing can be added to it without risk",
    "Microsoft.Network/privateDnsZones/A/read": "could not be read, so nothing can be added to it without risk",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks/read": (
        "could not be read, so nothing can be added to it without risk"
    ),
}
TAKEN = [(work, action) for work in WORK for action in ROLES[work.role]["Actions"]]


@contextmanager
def holding(role: dict[str, Any], world: str, folder: Path) -> Iterator[Program]:
    """The program, run by somebody who has that role in the subscription, and nothing else."""
    who = {
        "name": "least",
        "appId": "00000000-0000-4000-8000-0000000000aa",
        "objectId": "00000000-0000-4000-8000-0000000000ba",
        "grantedOnly": True,
    }
    assigned = {"principal": "least", "role": role["Name"], "scope": "production"}
    added = {"principals": [who], "roleDefinitions": [role], "roleAssignments": [assigned]}
    with serve(world={"extends": world, "principal": "least", "add": added}) as sandbox:
        yield Program(sandbox, folder)


def run(netcfg: Program, words: tuple[str, ...]) -> Ran:
    records = sorted(path.stem for path in netcfg.folder.rglob("records/*"))
    return netcfg(*(records[-1] if each == "RECORD" and records else each for each in words))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here takes long between a look and a write."""
    monkeypatch.setattr(admitting, "AGAIN", 0.1)
    monkeypatch.setattr(private, "APPROVAL_PAUSES", (0.01,))


def refused(netcfg: Program) -> list[str]:
    """What Azure Resource Manager refused; what others show only to explain or to warn is no part of a role."""
    return [
        f"{method} {path}"
        for method, path, status in netcfg.sandbox.requests
        if status == 403 and "vault.azure" not in path
    ]


@pytest.mark.parametrize("work", WORK, ids=[f"{each.role}, {each.commands[-1][1][0]}" for each in WORK])
def test_the_role_is_enough(work: Work, tmp_path: Path):
    with holding(ROLES[work.role], work.world, tmp_path) as netcfg:
        for status, words in work.commands:
            ran = run(netcfg, words)
            assert ran.status == status, ran.out + ran.err
        # Whom a service endpoint would cut off is told by the networks, which the guard asks to see.
        assert {each.rpartition("/")[0].rpartition("/")[2].lower() for each in refused(netcfg)} <= {"virtualnetworks"}


@pytest.mark.parametrize(
    ("work", "action"), TAKEN, ids=[f"{work.commands[-1][1][0]}, {action}" for work, action in TAKEN]
)
def test_nothing_can_be_taken_from_it(work: Work, action: str, tmp_path: Path):
    less = {**ROLES[work.role], "Actions": [each for each in ROLES[work.role]["Actions"] if each != action]}
    vault = "kv-job" if work.world == "exec" else "kv-payments"
    with holding(less, work.world, tmp_path) as netcfg:
        told = []
        for status, words in work.commands:
            ran = run(netcfg, words)
            told.append(" ".join((ran.out + ran.err).split()))
            if ran.status != status:
                break
        assert ran.status != status, f"{action} is not needed"
    sentence = IN_OTHER_WORDS.get(action, action).replace("KV", vault)
    assert sentence.lower() in told[-1].lower()


def test_each_role_of_the_document_has_its_commands():
    assert {each.role for each in WORK} == set(ROLES)
    assert all(each["IsCustom"] and each["AssignableScopes"] and each["NotActions"] == [] for each in ROLES.values())
    assert all("*" not in action for each in ROLES.values() for action in each["Actions"])
