"""A saved plan: what was shown of each vault, what it takes to draw it again, and whether it still holds.

What is compared is the document that people have read, field by field, and beside it the vault letter by letter: a plan
that reads the same and was made for something else is none that anybody agreed to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from netcfg.core.errors import NotPlanned
from netcfg.core.guards import Acceptance
from netcfg.core.intent import Intent
from netcfg.core.linking.relay import Relay
from netcfg.core.plan import Undetermined
from netcfg.core.ranges import Catalogue, Edition, Publisher
from netcfg.core.resources import Vault, VaultId
from netcfg.core.target import Location, Target

Shown = Mapping[str, Any]  # a plan, or what it says of one vault, as `plan --format json` prints it

# Why a change is made, and not what it does: another edition may say it in other words.
_EXPLAINING = frozenset(("standing", "publishedBy", "geography", "region", "inferred", "reason"))


@dataclass(frozen=True)
class Place:
    """Which Azure, and which Azure DevOps, a plan was made against. A sandbox has no address of its own."""

    cloud: str
    resource_manager: str
    devops: str
    identity: str
    is_sandbox: bool

    def __str__(self) -> str:
        return f"{'the sandbox of ' if self.is_sandbox else ''}the cloud {self.cloud}{self._where()}"

    def _where(self) -> str:
        return "" if self.is_sandbox else f" at {self.resource_manager} and {self.devops} ({self.identity})"


@dataclass(frozen=True)
class ReadFile:
    """A file that the plan was made with, by its name, and the digest of what it said."""

    name: str
    sha256: str


@dataclass(frozen=True)
class SavedVault:
    """What is meant for a vault, and the vault as it was when its plan was drawn; of its tags there are only those of
    `netcfg exec`. `is_selected` and `where` are as in `Target`."""

    vault: Vault
    intent: Intent
    is_selected: bool = False
    where: Location | None = None

    @property
    def target(self) -> Target:
        return Target(self.vault.id, self.intent, self.is_selected, self.where)


@dataclass(frozen=True)
class Conditions:
    """What a plan was made under: the version of netcfg, where, with which configuration, and how Azure DevOps reads
    the vaults afterwards."""

    program: str
    place: Place
    configuration: ReadFile | None
    relay: Relay


@dataclass(frozen=True)
class SavedPlan:
    """Everything that `plan --out` writes. `document` is the plan as it was shown, whose vaults are these `vaults`."""

    conditions: Conditions
    made: datetime
    acceptances: tuple[Acceptance, ...]
    asks_which: bool
    catalogue: Catalogue
    vaults: tuple[SavedVault, ...]
    document: Shown

    @property
    def targets(self) -> tuple[Target, ...]:
        return tuple(each.target for each in self.vaults)

    @property
    def shown(self) -> dict[VaultId, tuple[SavedVault, Shown]]:
        """Each vault, and what was shown of it."""
        return {each.vault.id: (each, shown) for each, shown in zip(self.vaults, self.document["vaults"], strict=True)}

    @property
    def lost(self) -> tuple[Undetermined, ...]:
        """What was not read, and so is not known to be as anybody thinks it is."""
        return tuple(
            Undetermined(each["vault"], NotPlanned(each["vault"], each["reason"]))
            for each in self.document["undetermined"]
        )


# --- whether it still holds ---------------------------------------------------------------------------------------


def plan_moved(was: object, now: Shown) -> tuple[str, ...]:
    """In words, how the changes and guards that are planned for a vault differ from those that were shown; empty when
    they do not. Both are what the plan's document says of it; why something is done may be said in other words."""
    if not isinstance(was, Mapping):
        return ("what was shown of it is no plan of a vault",)
    return (
        *_changes_moved(was.get("changes"), now["changes"]),
        *_guards_moved(was.get("guards"), now["guards"]),
    )


def otherwise_shown(was: Shown, now: Shown) -> tuple[str, ...]:
    """The same for the rest: a document that names other rules than those that its vault has is a forged one."""
    said = [words for field, words in _WHOLE.items() if _canonical(was.get(field)) != _canonical(now[field])]
    if _canonical(_named(was.get("kept"))) != _canonical(_named(now["kept"])):
        said.append("the rules that stay are others")
    return tuple(said)


# What has to be the same as a whole, and what is said where it is not.
_WHOLE = {
    "name": "it has another name",
    "geographies": "the geographies that it serves are others",
    "before": "what it holds is not what was shown",
    "after": "what it would hold afterwards is not what was shown",
}


def _changes_moved(was: object, now: object) -> Iterator[str]:
    old, new = _by_meaning(was), _by_meaning(now)
    yield from (f"new: {_words(new[each])}" for each in new if each not in old)
    yield from (f"no longer planned: {_words(old[each])}" for each in old if each not in new)
    if not isinstance(was, list) or len(was) != len(old):
        yield "the changes that were shown are none"


def _by_meaning(changes: object) -> dict[str, object]:
    """Changes by what they do."""
    return {_canonical(_meaning(each)): each for each in (changes if isinstance(changes, list) else ())}


def _meaning(change: object) -> object:
    if not isinstance(change, dict):
        return change
    return {name: value for name, value in change.items() if name not in _EXPLAINING}


def _words(change: object) -> str:
    if not isinstance(change, dict):
        return f"{change!r:.80}"
    where = f" on {change['subnet']}" if "subnet" in change else ""
    return f"{change.get('action')} {change.get('kind')} {change.get('value')}{where}"


def _guards_moved(was: object, now: object) -> Iterator[str]:
    old, new = _by_id(was), _by_id(now)
    for id in sorted(new.keys() - old.keys()):
        yield f"the guard {id} fires now: {new[id].get('message')}"
    yield from (f"the guard {id} does not fire any more" for id in sorted(old.keys() - new.keys()))
    for id in sorted(old.keys() & new.keys()):
        if _canonical(old[id].get("accepted")) != _canonical(new[id].get("accepted")):
            yield f"the guard {id} is {'' if new[id].get('accepted') else 'not '}accepted"
        if old[id].get("message") != new[id].get("message"):
            yield f"the guard {id} says now: {new[id].get('message')}"
    if not isinstance(was, list) or len(was) != len(old):
        yield "the guards that were shown are none"


def _by_id(guards: object) -> dict[str, Shown]:
    found = guards if isinstance(guards, list) else ()
    return {str(each.get("id")): each for each in found if isinstance(each, dict)}


def _named(kept: object) -> object:
    """The rules that stay, without why they do."""
    if not isinstance(kept, list):
        return kept
    return [{name: each.get(name) for name in ("kind", "value")} if isinstance(each, dict) else each for each in kept]


def grounds_moved(was: Shown, now: Shown) -> tuple[str, ...]:
    """In words, how what all plans of a document rest on differs from what was shown. Evidence may be other evidence,
    but not for another geography."""
    old, new = _homes(was.get("organizations")), _homes(now["organizations"])
    said = [f"the organization {name} lives in {new[name]}, and was shown in {old.get(name)}" for name in sorted(new)
            if new[name] != old.get(name)]  # fmt: skip
    said += [f"the organization {name} was shown, and has no part in it" for name in sorted(old.keys() - new.keys())]
    if _canonical(was.get("ranges")) != _canonical(now["ranges"]):
        said.append("the editions that were shown are not those that it was made with")
    return tuple(said)


def _homes(organizations: object) -> dict[str, object]:
    homes: dict[str, object] = {}
    for each in organizations if isinstance(organizations, list) else ():
        place = each.get("geography") if isinstance(each, dict) else None
        homes[str(each.get("name") if place else each)] = place.get("id") if isinstance(place, dict) else None
    return homes


def expired_since(intent: Intent, then: date, now: date) -> tuple[str, ...]:
    """In words, the declarations that have come to their end between two days."""
    return tuple(
        f"the declaration {each.network} ({each}) has expired"
        for each in intent.allow
        if each.is_expired(now) and not each.is_expired(then)
    )


def unknown_to(saved: Catalogue, catalogue: Catalogue) -> tuple[str, ...]:
    """In words, the editions of a catalogue that a plan was made without, the newest of each publisher."""
    known = {(each.publisher, each.sha256) for each in saved.editions}
    strange = [each for each in catalogue.editions if (each.publisher, each.sha256) not in known]
    newest = {each.publisher: each for each in sorted(strange, key=lambda each: each.rank)}
    return tuple(_told(newest[each]) for each in Publisher if each in newest)


def _told(edition: Edition) -> str:
    name = "table" if edition.publisher is Publisher.TABLE else "service tag"
    number = f" (change {edition.change_number})" if edition.change_number is not None else ""
    return f"the {name} of {edition.day}{number}"


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)
