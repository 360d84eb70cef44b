"""Fleets: real processes apply to many vaults while everything goes wrong, and afterwards nothing may have been harmed.

A round draws its misfortunes from a seed: faults of the sandbox, colleagues who add rules and delete vaults in the
middle of the run, a signal that ends it or kills it. Then it looks at what became of every vault, takes the faults
away, runs again, and once more:

- no vault lost a rule, and none was opened to every network, whoever had written what;
- nothing else of any vault changed, and nothing at all of those that may not be changed;
- what the run said of each vault is what the sandbox holds, and its exit status is the worst of that;
- the run without faults arrives, and the next one finds nothing to do.

What a colleague writes between netcfg's last look at a vault and its write cannot be seen by anybody (README); so
here he writes before that look, or right after the write.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from threading import Lock
from typing import Any

from netcfg.sandbox.keyvault import deleted_vaults
from netcfg.sandbox.server import Sandbox, serve
from scripts.benchmarks.fleet import EUROPE
from scripts.benchmarks.processes import signed_in

Document = dict[str, Any]

ROOT = Path(__file__).parents[2]
WORLD = "fleet-small"
ACCEPTED = ("unlinked", "default-deny", "stale-editions")
MEANT = ["--all", "--geography", "EU", *(word for each in ACCEPTED for word in ("--accept", f"{each}=*"))]
ODDS = {
    "throttle": 0.1,
    "throttle-bare": 0.03,
    "conflict": 0.1,
    "error": 0.05,
    "drop-before": 0.05,
    "drop-after": 0.05,
    "truncate": 0.03,
    "delay": 0.02,
}
LOOKS = 2  # at each vault before it is written: the plan's, by itself or by a list, and its own right before the write
ENDS = (None, None, None, signal.SIGTERM, signal.SIGINT, signal.SIGKILL)


@dataclass(frozen=True)
class Misfortune:
    """What goes wrong in a round: odds of faults, after which write a signal comes, and how colleagues behave."""

    faults: str
    end: signal.Signals | None
    end_after: int
    touching: float  # odds that a colleague adds a rule to some vault while another one is written
    following: float  # odds that he adds one to the very vault, right after it was written
    deleting: float
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        ending = f"{self.end.name} at write {self.end_after}" if self.end else "no signal"
        colleagues = f"colleagues {self.touching:.2f}/{self.following:.2f}/{self.deleting:.2f}"
        return f"{self.faults or 'no faults'}; {ending}; {colleagues}; {' '.join(self.options)}"


@dataclass
class Ended:
    """A run that is over: its status (negative where a signal killed it), and the result that it wrote, if it did."""

    status: int
    result: Document | None
    said: str = ""


@dataclass
class Round:
    """What became of a round: the ways in which it went wrong, of which there are to be none."""

    seed: int
    misfortune: Misfortune
    wrongs: list[str] = field(default_factory=list)
    endings: Counter[str] = field(default_factory=Counter)
    statuses: list[int] = field(default_factory=list)


Run = Callable[[Sandbox, Sequence[str], "Meddler"], Ended]


class Meddler:
    """Colleagues and signals, in the middle of a run: called by the sandbox before and after each request."""

    def __init__(self, sandbox: Sandbox, misfortune: Misfortune, dice: random.Random) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.added: list[tuple[str, str]] = []  # vault and address
        self.deleted: set[str] = set()
        self._sandbox, self._misfortune, self._dice = sandbox, misfortune, dice
        self._lock = Lock()
        self.hasty: set[str] = set()  # written after a single look, which was the plan's
        self._looks: Counter[str] = Counter()  # at a vault, or at the list of a subscription
        self._writes = 0
        sandbox.before, sandbox.after = self._before, self._after

    def rest(self) -> None:
        self._sandbox.before = self._sandbox.after = None

    def _before(self, _number: int, method: str, path: str) -> None:
        vault, listed = _vault_of(path), _listed_in(path)
        if vault is None and listed is None:
            return
        with self._lock:
            if vault is None or method != "PATCH":
                self._looks[vault or listed or ""] += 1
                return
            is_looked_at = self._looks[vault] and self._looked(vault, path) >= LOOKS
            self.hasty |= set() if is_looked_at else {vault}
            self._writes += 1
            if self._misfortune.end and self._writes == self._misfortune.end_after and self.process:
                self.process.send_signal(self._misfortune.end)
            if self._dice.random() < self._misfortune.touching:
                self._touch(None)
            if self._dice.random() < self._misfortune.deleting:
                self._delete()

    def _after(self, _number: int, method: str, path: str) -> None:
        vault = _vault_of(path)
        if vault and method == "PATCH" and self._dice.random() < self._misfortune.following:
            with self._lock:
                self._touch(vault)

    def _touch(self, name: str | None) -> None:
        """A rule more, in a vault that selects its networks: in `name`, or in one that will be looked at again."""
        with self._sandbox.edit() as state:
            free = self._free(state) if name is None else [name]
            able = [each for each in free if _acls(state["vaults"].get(each, {"properties": {}}))]
            if not able:
                return
            chosen = self._dice.choice(able)
            address = f"191.10.{200 + len(self.added) // 250}.{len(self.added) % 250}/32"
            _acls(state["vaults"][chosen])["ipRules"].append({"value": address})
            self.added.append((chosen, address))

    def _free(self, state: Document) -> list[str]:
        """The vaults whose last look is still to come: whatever is done to them now is seen before a write."""
        return sorted(name for name, each in state["vaults"].items() if self._looked(name, each["id"]) < LOOKS)

    def _looked(self, name: str, id: str) -> int:
        """How often the vault was looked at, by itself or, once for all, by the list of its subscription."""
        return self._looks[name] + min(1, self._looks[_subscription_of(id)])

    def _delete(self) -> None:
        with self._sandbox.edit() as state:
            if free := self._free(state):
                chosen = self._dice.choice(free)
                deleted_vaults.lay_aside(state, state["vaults"][chosen])
                self.deleted.add(chosen)


def play(seed: int, world: str = WORLD, run: Run | None = None, misfortune: Misfortune | None = None) -> Round:
    """One round, and everything that was wrong with it. `run` runs netcfg; a process of its own if nothing is said."""
    dice = random.Random(seed)  # noqa: S311 - a die, not a secret
    drawn = misfortune or draw(dice)
    found, running = Round(seed, drawn), run or as_a_process
    # What the world would let happen by itself might come in the one window that nobody can see.
    start: Document = {"extends": world, "meanwhile": None}
    with tempfile.TemporaryDirectory() as folder:
        with serve(world=start, state=Path(folder), faults=drawn.faults, seed=seed) as sandbox:
            before = sandbox.state
            meddler = Meddler(sandbox, drawn, dice)
            ended = running(sandbox, ["apply", *MEANT, *drawn.options, "--yes"], meddler)
            meddler.rest()
            found.statuses.append(ended.status)
            found.wrongs += judge(before, sandbox.state, meddler, ended)
            found.endings += _endings(ended.result)
        with serve(state=Path(folder)) as sandbox:
            _finish(sandbox, running, found)
    return found


def draw(dice: random.Random) -> Misfortune:
    """What goes wrong: some of the faults, each with its odds or less."""
    chosen = sorted(dice.sample(sorted(ODDS), dice.randint(0, 4)))
    faults = ",".join(f"{name}={ODDS[name] * dice.random():.3f}" for name in chosen)
    touching, following, deleting = (dice.choice((0, most)) for most in (0.3, 0.1, 0.05))
    parallel = ("--parallel", str(dice.choice((1, 4, 16))))
    waves = dice.choice(((), (), ("--canary", "2", "--wait", "0"), ("--waves", "1,25%,100%", "--wait", "0")))
    return Misfortune(
        faults, dice.choice(ENDS), dice.randint(1, 40), touching, following, deleting, (*parallel, *waves)
    )


def as_a_process(sandbox: Sandbox, words: Sequence[str], meddler: Meddler | None = None) -> Ended:
    """netcfg as it is typed, which a signal can reach."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    places = {"url": sandbox.url, "devops": sandbox.devops_url, "identity": sandbox.identity_url}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "netcfg", "-q", *words, "--format", "json"],
            env=kept | signed_in(places),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=ROOT,
            text=True,
        )
        if meddler:
            meddler.process = process
        status = process.wait()
        out.seek(0)
        err.seek(0)
        time.sleep(0.3 if status < 0 else 0)  # what a killed one had sent is still being served
        text = out.read()
        return Ended(status, _parsed(text), err.read())


def judge(before: Document, after: Document, meddler: Meddler, ended: Ended) -> list[str]:
    """Everything that is wrong after a run, in sentences."""
    wrongs = [f"a traceback: {ended.said[-2000:]}"] if "Traceback" in ended.said else []
    wrongs += [f"{name} was written without another look" for name in sorted(meddler.hasty)]
    for name, old in before["vaults"].items():
        new = after["vaults"].get(name)
        if new is None:
            wrongs += [] if name in meddler.deleted else [f"{name} is gone"]
            continue
        added = {address for vault, address in meddler.added if vault == name}
        wrongs += [f"{name} {wrong}" for wrong in _harm(old, new, added)]
    if ended.result is None:
        if ended.status not in (1, 130, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT):
            wrongs.append(f"no result, and status {ended.status}: {ended.said[-500:]}")
        return wrongs
    outcomes = {each["name"].lower(): each for each in ended.result["vaults"]}
    wrongs += [
        f"{name} {wrong}"
        for name, outcome in outcomes.items()
        if name in after["vaults"]
        for wrong in _untruth(outcome, before["vaults"][name], after["vaults"][name], meddler)
    ]
    strangers = set(before["vaults"]) - set(outcomes)
    for name in sorted(strangers & set(after["vaults"]) - {vault for vault, _ in meddler.added}):
        if before["vaults"][name] != after["vaults"][name]:
            wrongs.append(f"{name} was changed and not told of")
    expected = _status(ended.result, is_stopped=ended.status == 130)
    return wrongs + ([] if ended.status in expected else [f"the status is {ended.status} and not {expected}"])


def _harm(old: Document, new: Document, added: set[str]) -> list[str]:
    """What happened to a vault that nobody may do to it."""
    wrongs = []
    if lost := (_rules(old) | added) - _rules(new):
        wrongs.append(f"lost {sorted(lost)}")
    if strange := _rules(new) - _rules(old) - added - set(EUROPE):
        wrongs.append(f"got {sorted(strange)}")
    if _is_open(new) and not _is_open(old):
        wrongs.append("was opened to every network")
    if _rest(old) != _rest(new):
        wrongs.append("changed in what is no rule")
    if _acls(old) and _acls(old).get("bypass") != _acls(new).get("bypass"):
        wrongs.append("changed its bypass")
    return wrongs


def _untruth(outcome: Document, old: Document, new: Document, meddler: Meddler) -> list[str]:
    """Where what was said of a vault is not what it holds."""
    name, said = outcome["name"].lower(), outcome["outcome"]
    added = {address for vault, address in meddler.added if vault == name}
    is_changed = _rules(new) - added != _rules(old) - added or _is_open(new) != _is_open(old)
    is_right = _rules(new) >= set(EUROPE) and not _is_open(new)
    is_touched = outcome.get("touched", False)  # a write of which nobody knows whether it happened may have
    match said:
        case "done":
            return [] if is_right else ["is done, and is not as it should be"]
        case "unchanged" | "refused":
            return [f"is {said}, and was changed"] if is_changed else []
        case "stale" | "not-reached":
            return [f"is {said}, and was changed"] if is_changed and not is_touched else []
        case "failed":
            return [] if outcome["error"] else ["failed, and nobody says why"]
        case _:
            return [f"ended as {said}, which nobody knows"]


def _status(result: Document, *, is_stopped: bool) -> set[int]:
    """The exit statuses that fit the outcomes: the worst wins, and a failure beside anything else is 7."""
    if is_stopped:
        return {130}
    ends = Counter(each["outcome"] for each in result["vaults"])
    bad = ends["failed"] + ends["not-reached"] + len(result["undetermined"])
    if bad:
        return {1, 7} if bad == ends.total() + len(result["undetermined"]) else {7}
    return {6} if ends["stale"] else {5} if ends["refused"] else {0}


def _finish(sandbox: Sandbox, run: Run, found: Round) -> None:
    """Without faults and colleagues: one run arrives, and the next finds nothing to do."""
    dice = random.Random(found.seed)  # noqa: S311
    calm = Misfortune("", None, 0, 0, 0, 0)
    before = sandbox.state
    quiet = Meddler(sandbox, calm, dice)
    ended = run(sandbox, ["apply", *MEANT, "--yes"], quiet)
    found.statuses.append(ended.status)
    found.wrongs += [f"in the run that went on: {each}" for each in judge(before, sandbox.state, quiet, ended)]
    stuck = [
        each["name"] for each in (ended.result or {}).get("vaults", []) if each["outcome"] in ("stale", "not-reached")
    ]
    found.wrongs += [f"{each} did not arrive" for each in stuck]
    settled, count = sandbox.state["vaults"], len(sandbox.requests)
    again = run(sandbox, ["apply", *MEANT, "--yes"], quiet)
    found.statuses.append(again.status)
    quiet.rest()
    done = [each["name"] for each in (again.result or {}).get("vaults", []) if each["outcome"] == "done"]
    if again.result is None or done or sandbox.state["vaults"] != settled:
        found.wrongs.append(f"another run found something to do: {done} (status {again.status}) {again.said[-500:]}")
    written = [path for method, path, status in sandbox.requests[count:] if method == "PATCH" and status == 200]
    found.wrongs += [f"another run wrote {path}" for path in written]


def _endings(result: Document | None) -> Counter[str]:
    return Counter(each["outcome"] for each in result["vaults"]) if result else Counter(("no result",))


def _vault_of(path: str) -> str | None:
    """The vault that a request is about, itself and nothing beside or below it."""
    parts = path.lower().strip("/").split("/")
    is_vault = len(parts) == 8 and parts[5:7] == ["microsoft.keyvault", "vaults"]
    return parts[7] if is_vault else None


def _listed_in(path: str) -> str | None:
    """The subscription whose vaults a request lists."""
    is_list = path.lower().strip("/").split("/")[2:] == ["providers", "microsoft.keyvault", "vaults"]
    return _subscription_of(path) if is_list else None


def _subscription_of(path: str) -> str:
    return path.lower().strip("/").split("/")[1]


def _acls(vault: Mapping[str, Any]) -> Document:
    found: Document = vault["properties"].get("networkAcls") or {}
    return found


def _rules(vault: Mapping[str, Any]) -> set[str]:
    """Rules by what they mean: a bare address is a /32, and of ids the case says nothing."""
    acls = _acls(vault)
    subnets = {each["id"].lower() for each in acls.get("virtualNetworkRules", [])}
    return subnets | {_network(each["value"]) for each in acls.get("ipRules", [])}


def _network(text: str) -> str:
    try:
        return str(IPv4Network(text))
    except ValueError:
        return text


def _is_open(vault: Mapping[str, Any]) -> bool:
    access = vault["properties"].get("publicNetworkAccess", "Enabled")
    return bool(access == "Enabled" and _acls(vault).get("defaultAction", "Allow") == "Allow")


def _rest(vault: Mapping[str, Any]) -> Document:
    """Everything of a vault but its rules, and who changed it last."""
    properties = {key: value for key, value in vault["properties"].items() if key != "networkAcls"}
    return {**{key: value for key, value in vault.items() if key != "systemData"}, "properties": properties}


def _parsed(text: str) -> Document | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("kind") == "result" else None


def play_rounds(first: int, count: int, seconds: float, world: str = WORLD) -> int:
    """So many rounds, each told when it is over; how many went wrong."""
    begun, harmed = time.monotonic(), 0
    for seed in range(first, first + count):
        if time.monotonic() - begun > seconds:
            break
        found = play(seed, world)
        endings = ", ".join(f"{count} {name}" for name, count in sorted(found.endings.items()))
        print(f"{seed}: {found.misfortune}: {endings}; statuses {found.statuses}", flush=True)
        for wrong in found.wrongs:
            print(f"    {wrong}")
        harmed += bool(found.wrongs)
    print(f"{harmed} rounds went wrong" if harmed else "nothing was harmed")
    return harmed
