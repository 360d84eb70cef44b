"""Schedules: what a vault holds, what is asked of netcfg one after the other, and how much goes wrong, by a seed.

What is drawn here is all that one seed decides beforehand. Which request meets which misfortune is decided by the seed
too, when the request comes (`misfortune`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from scripts.benchmarks.fleet import EUROPE

Document = dict[str, Any]

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
VAULT = "kv-chaos"
VAULT_ID = f"{SUBSCRIPTION}/resourceGroups/rg-payments/providers/Microsoft.KeyVault/vaults/{VAULT}"
_NETWORK = f"{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-agents"
AGENTS = f"{_NETWORK}/subnets/scale-set"  # whose endpoint for vaults is there
BARE = f"{_NETWORK}/subnets/builds"  # without one, so that it has to be enabled between two writes

HERE = "191.10.60.9"  # this machine, which `exec` lets in
THERE = "191.10.60.10"  # another machine, where somebody else runs `exec`
OFFICE, TEAM, PASSED = "191.10.18.0/28", "191.10.19.5/32", "191.10.20.0/30"  # what is declared; the last one until June
NEWER = "191.10.130.0/24"  # what a newer edition has more
DROPPED = "172.199.233.80/28"  # and what it has not any more

FOREIGN = (
    "191.10.7.7",
    "191.10.7.8/32",
    "191.10.8.0/28",
    "191.10.9.0/24",
    "20.37.158.0/23",  # published for the United States
    "40.74.28.0/24",  # inside what is published for Europe
    "191.10.0.0/17",  # broad
    "no address at all",
    HERE,
    f"{THERE}/32",
    OFFICE,
    NEWER,
)
TAGS = (("team", "payments"), ("Env", "prod"), ("cost-centre", "4711"), ("hidden-link:x", "a=b; c"))
OVERDUE = ("netcfg-exec-0badf00d", "191.10.61.1/32 until 2026-06-30T05:00:00Z")
RUNNING = ("netcfg-exec-0000cafe", "191.10.61.2/32 until 2026-07-01T13:00:00Z")
KEPT = ("netcfg-exec-00000ace", "191.10.19.5/32 until 2026-06-30T05:00:00Z kept")
STRANGE = ("netcfg-exec-zzzz", "who knows")

FAULTS: Mapping[str, float] = {
    "throttle": 0.25,
    "throttle-bare": 0.1,
    "error": 0.2,
    "conflict": 0.4,
    "refused": 0.15,
    "drop-before": 0.2,
    "drop-after": 0.25,
    "truncate": 0.15,
    "cut-json": 0.1,
    "page": 0.08,
    "page-after": 0.3,
    "delay": 0.2,
    "time-out": 0.1,
    "spent": 0.2,
    "stale": 0.5,
}
GUARDS = (
    "default-deny",
    "default-allow",
    "public-access",
    "hidden-rules",
    "removals",
    "last-path",
    "broad-range",
    "stale-editions",
    "exclusive",
    "service-endpoint",
)


class Verb(Enum):
    """What is asked of netcfg."""

    PLAN = "plan"
    APPLY = "apply"
    NEWER = "apply with newer editions"
    EXEC = "exec"
    CLEAN = "exec --clean"
    ROLLBACK = "rollback"


class Fate(Enum):
    """How a run ends before its time: killed when a request is about to leave, or when Azure has done it and the answer
    is on its way, or asked to end by a signal."""

    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    STOPPED = "stopped at"


@dataclass(frozen=True)
class End:
    """The end of the run of one step, at one of its requests."""

    step: int
    request: int
    fate: Fate


@dataclass(frozen=True)
class Step:
    """A command, and what it is told that the others are not; `status` is with what COMMAND ends."""

    verb: Verb
    accept: frozenset[str] = frozenset(GUARDS)
    status: int = 0
    jump: float = 0.0  # seconds that pass before it


@dataclass(frozen=True)
class Meant:
    """What is meant for the vault: ranges that are declared, each with the day of its end, and rules that are to go."""

    allow: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()
    public_access: str = ""
    subnets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """One story: where it begins, what is asked, and how likely each thing is to go wrong.

    `without` are misfortunes that are left out, by their names: so a story that went wrong is made shorter.
    """

    seed: int
    start: Document
    meant: Meant
    steps: tuple[Step, ...]
    odds: Mapping[str, float] = field(default_factory=dict)
    acting: float = 0.0
    end: End | None = None
    is_indexed: bool = False
    without: frozenset[str] = frozenset()


def draw(seed: int) -> Schedule:
    """The schedule of a seed."""
    dice = random.Random(f"schedule {seed}")  # noqa: S311 - a die, not a secret
    steps = tuple(_step(dice) for _ in range(dice.choice((1, 1, 2, 2, 3, 4))))
    ends = dice.random() < 0.35
    end = End(dice.randrange(len(steps)), dice.randint(1, 9), dice.choice(tuple(Fate))) if ends else None
    return Schedule(
        seed,
        _start(dice),
        _meant(dice),
        steps,
        _odds(dice),
        dice.choice((0.0, 0.0, 0.05, 0.15, 0.3)),
        end,
        dice.random() < 0.25,
    )


def _step(dice: random.Random) -> Step:
    verb = dice.choices(tuple(Verb), (1, 5, 2, 4, 1, 2))[0]
    accept = frozenset(GUARDS) if dice.random() < 0.75 else frozenset(dice.sample(GUARDS, dice.randint(0, 5)))
    return Step(verb, accept, dice.choice((0, 0, 3)), dice.choice((0.0, 0.0, 30.0, 7200.0)))


def _odds(dice: random.Random) -> dict[str, float]:
    chosen = sorted(dice.sample(sorted(FAULTS), dice.choice((0, 0, 1, 2, 3, 5))))
    return {name: round(FAULTS[name] * dice.random(), 3) for name in chosen}


def _meant(dice: random.Random) -> Meant:
    allow = [(OFFICE, ""), (TEAM, "2026-12-31"), (PASSED, "2026-06-30")]
    allow = [each for each in allow if dice.random() < 0.4]
    declared = {network for network, _ in allow}
    remove = [each for each in ("191.10.9.0/24", "191.10.7.8", OFFICE) if dice.random() < 0.2 and each not in declared]
    access = dice.choice(("", "", "", "enabled"))
    subnets = dice.choices(((), (AGENTS,), (BARE,)), (78, 12, 10))[0]
    return Meant(tuple(allow), tuple(remove), access, subnets)


def _start(dice: random.Random) -> Document:
    """The properties and the tags of the vault."""
    tags = dict(dice.sample(TAGS, dice.randint(0, 3)))
    temporary = dict(each for each in (OVERDUE, RUNNING, KEPT, STRANGE) if dice.random() < 0.15)
    properties: Document = {"publicNetworkAccess": dice.choices(("Enabled", "Disabled"), (9, 1))[0]}
    if dice.random() < 0.85:
        published = dice.sample(EUROPE, dice.choice((0, 2, 5, len(EUROPE))))
        foreign = dice.sample(FOREIGN, dice.choice((0, 1, 2, 4)))
        let_in = [value.partition(" ")[0] for value in temporary.values() if "/32" in value]
        passed = [PASSED] if dice.random() < 0.2 else []
        rules = [*published, *foreign, *let_in, *passed]
        dice.shuffle(rules)
        properties["networkAcls"] = {
            "bypass": dice.choice(("AzureServices", "AzureServices", "None")),
            "defaultAction": dice.choices(("Deny", "Allow"), (4, 1))[0],
            "ipRules": [{"value": each} for each in dict.fromkeys(rules)],
            "virtualNetworkRules": [{"id": AGENTS.lower()}] if dice.random() < 0.2 else [],
        }
    return {"tags": {**tags, **temporary}, "properties": properties}
