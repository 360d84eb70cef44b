"""A saved plan: what was shown of each vault, what it takes to draw it again, and whether it still holds.

What is compared is the document that people have read, field by field, and beside it the vault letter by letter: a plan
that reads the same and was made for something else is none that anybody agreed to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from netcfg.core.errors import NotPlanned
from netcfg.core.guards import Acceptance
from netcfg.core.intent import Intent
from netcfg.core.linking.relay import Relay
from netcfg.core.plan import Undetermined, line
from netcfg.core.ranges import Catalogue, Edition, Publisher
from netcfg.core.resources import Vault, VaultId
from netcfg.core.target import Location, Target
from netcfg.core.wire import canonical

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
class Missing:
    """What was not planned, a vault or a selection, and why; `where` is as in `Undetermined`."""

    what: str
    reason: str
    is_selection: bool = False
    where: Location | None = None


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
    """Everything that `plan --out` writes. `document` is the plan as it was shown, whose vaults are these `vaults`, and
    `missing` what is undetermined in it."""

    conditions: Conditions
    made: datetime
    acceptances: tuple[Acceptance, ...]
    asks_which: bool
    catalogue: Catalogue
    vaults: tuple[SavedVault, ...]
    missing: tuple[Missing, ...]
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
        """What was not planned, and so is not known to be as anybody thinks it is."""
        return tuple(
            Undetermined(each.what, NotPlanned(each.reason), each.where, each.is_selection) for each in self.missing
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


def otherwise_shown(was: Shown, then: Shown) -> tuple[str, ...]:
    """In words, what was shown of a vault and does not come from what its plan was made with; `then` is what does.

    Whoever forges a file could else let it look as if Microsoft published what somebody declared. Notes tell of the
    machine and of the day, too.
    """
    names = sorted((was.keys() | then.keys()) - {"notes"})
    others = [each for each in names if _member(was, each) != _member(then, each)]
    return (f"what was shown of it is not what it comes to (in {', '.join(others)})",) if others else ()


def _member(shown: Shown, name: str) -> str:
    return canonical(shown[name]) if name in shown else ""


def _changes_moved(was: object, now: object) -> Iterator[str]:
    old, new = _by_meaning(was), _by_meaning(now)
    yield from (f"new: {_words(new[each])}" for each in new if each not in old)
    yield from (f"no longer planned: {_words(old[each])}" for each in old if each not in new)
    if not isinstance(was, list) or len(was) != len(old):
        yield "the changes that were shown are none"


def _by_meaning(changes: object) -> dict[str, object]:
    """Changes by what they do."""
    return {canonical(_meaning(each)): each for each in (changes if isinstance(changes, list) else ())}


def _meaning(change: object) -> object:
    if not isinstance(change, dict):
        return change
    return {name: value for name, value in change.items() if name not in _EXPLAINING}


def _words(change: object) -> str:
    if not isinstance(change, dict):
        return f"{change!r:.80}"
    return line(*(change.get(each) for each in ("action", "kind", "value", "subnet")))


def _guards_moved(was: object, now: object) -> Iterator[str]:
    old, new = _by_id(was), _by_id(now)
    for id in sorted(new.keys() - old.keys()):
        yield f"the guard {id} fires now: {new[id].get('message')}"
    yield from (f"the guard {id} is gone" for id in sorted(old.keys() - new.keys()))
    for id in sorted(old.keys() & new.keys()):
        if canonical(old[id].get("accepted")) != canonical(new[id].get("accepted")):
            yield f"the guard {id} is {'' if new[id].get('accepted') else 'not '}accepted"
        if old[id].get("message") != new[id].get("message"):
            yield f"the guard {id} says now: {new[id].get('message')}"
    if not isinstance(was, list) or len(was) != len(old):
        yield "the guards that were shown are none"


def _by_id(guards: object) -> dict[str, Shown]:
    found = guards if isinstance(guards, list) else ()
    return {str(each.get("id")): each for each in found if isinstance(each, dict)}


def grounds_moved(was: Shown, now: Shown) -> tuple[str, ...]:
    """In words, how what all plans of a document rest on differs from what was shown. Evidence may be other evidence,
    but not for another geography."""
    old, new = _homes(was.get("organizations")), _homes(now["organizations"])
    said = [f"the organization {name} lives in {new[name]}, and was shown in {old.get(name)}" for name in sorted(new)
            if new[name] != old.get(name)]  # fmt: skip
    said += [f"the organization {name} was shown, and has no part in it" for name in sorted(old.keys() - new.keys())]
    if canonical(was.get("ranges")) != canonical(now["ranges"]):
        said.append("the editions that were shown are not those that it was made with")
    said += [f"{name!r:.80} was shown, and no plan has it" for name in sorted(was.keys() - now.keys())]
    return tuple(said)


def _homes(organizations: object) -> dict[str, str | None]:
    """By organization, everything that is said of its geography but the evidence."""
    homes: dict[str, str | None] = {}
    for each in organizations if isinstance(organizations, list) else ():
        place = each.get("geography") if isinstance(each, dict) else None
        homes[str(each.get("name") if place else each)] = _home(each, place) if isinstance(place, dict) else None
    return homes


def _home(organization: Shown, place: Shown) -> str:
    names = [str(place.get("name")), f"({place.get('id')})"]
    more = {**organization, **place}.keys() - {"id", "name", "geography", "evidence", "inferred"}
    return " ".join([*names, *(f"{each!r:.80}" for each in sorted(more))])


def expired_since(intent: Intent, then: date, now: date) -> tuple[str, ...]:
    """In words, the declarations that have come to their end between two days."""
    return tuple(
        f"the declaration {each.network} ({each}) has expired"
        for each in intent.allow
        if each.is_expired(now) and not each.is_expired(then)
    )


def newer_than(saved: Catalogue, known: Catalogue) -> tuple[Edition, ...]:
    """The editions of a catalogue that come after all that a plan was made with; older ones would say of what is gone
    that it was published once, which the plan did not know."""
    newest = {each.publisher: each.rank for each in saved.newest()}
    return tuple(each for each in known.editions if each.publisher not in newest or each.rank > newest[each.publisher])


def told(editions: Iterable[Edition], saved: Catalogue) -> str:
    """The newest of these of each publisher, in words; empty where there is none."""
    newest = {each.publisher: each for each in sorted(editions, key=lambda each: each.rank)}
    known = {each.sha256 for each in saved.editions}
    return " and ".join(_told(newest[each], known) for each in Publisher if each in newest)


def _told(edition: Edition, known: Collection[str]) -> str:
    name = "table" if edition.publisher is Publisher.TABLE else "service tag"
    number = f" (change {edition.change_number})" if edition.change_number is not None else ""
    later = f", published still on {edition.confirmed}" if edition.sha256 in known else ""
    return f"the {name} of {edition.day}{number}{later}"
