"""Saved plans as files: one JSON object, the plan as people read it, and beside it what it takes to draw it again.

The digest tells a file that was changed from one that was not; it proves nothing of somebody who makes a new one. So
what is read is believed only if it can be meant, and if it says nothing else than we would have written: it is
written again, and has to come to the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from netcfg.core.acls import parse_firewall, write_firewall
from netcfg.core.errors import NetcfgError, SavedPlanRefused, SavedPlanUnreadable
from netcfg.core.guards import Acceptance, parse_acceptance
from netcfg.core.intent import Intent
from netcfg.core.linking.relay import Relay
from netcfg.core.moment import IN_UTC
from netcfg.core.ranges import Catalogue, Edition
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.rules import Perimeter
from netcfg.core.saved import Conditions, Missing, Place, ReadFile, SavedPlan, SavedVault
from netcfg.core.target import Location
from netcfg.core.temporary import is_ours
from netcfg.core.wire import canonical
from netcfg.saved.document import load
from netcfg.saved.intents import Meanings, is_flag, write_intent

VERSION = 1
KIND = "saved-plan"
LONGEST = 1 << 28  # more than 10,000 vaults

_MALFORMED = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError)

Object = dict[str, Any]


@dataclass(frozen=True)
class Editions:
    """How the editions that a plan carries are written and read."""

    carry: Callable[[Edition], Object]
    unpack: Callable[[Object, str], Edition]


def digest(document: Mapping[str, Any]) -> str:
    """The digest of what a document says beside its digest, however it is laid out."""
    rest = {name: value for name, value in document.items() if name != "digest"}
    return sha256(canonical(rest).encode()).hexdigest()


# --- writing ------------------------------------------------------------------------------------------------------


def write(saved: SavedPlan, editions: Editions) -> str:
    """The text of the file. ASCII only, so that it survives every code page."""
    document = _document(saved, editions)
    text = _laid_out({**document, "digest": digest(document)})
    # As in any JSON that netcfg writes, nothing in it is a command to a runner that shows the file, or to a terminal.
    return text.replace("##", r"\u0023\u0023").replace("\x7f", r"\u007f") + "\n"


def _laid_out(value: Object) -> str:
    """An object with a line for each of its members, and for each element of those that are lists: of ten thousand
    vaults every one is a line, and `json` writes lines many times as fast as it indents."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {_lines(each)}" for name, each in value.items()) + "\n}"


def _lines(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"
    return _laid_out(value) if isinstance(value, dict) and "vaults" in value else json.dumps(value)


def _document(saved: SavedPlan, editions: Editions) -> Object:
    conditions = saved.conditions
    place, configuration, relay = conditions.place, conditions.configuration, conditions.relay
    return {
        "version": VERSION,
        "kind": KIND,
        "netcfg": conditions.program,
        "made": saved.made.astimezone(UTC).strftime(IN_UTC),
        "against": {
            "cloud": place.cloud,
            "resourceManager": place.resource_manager,
            "devops": place.devops,
            "devopsIdentity": place.identity,
            "sandbox": place.is_sandbox,
        },
        "configuration": {"name": configuration.name, "sha256": configuration.sha256} if configuration else None,
        "relay": {"organization": relay.organization, "project": relay.project, "serviceConnection": relay.connection},
        "acceptances": [{"guard": each.guard, "vaults": each.pattern} for each in saved.acceptances],
        "acceptancesNameVaults": saved.asks_which,
        "editions": [editions.carry(each) for each in saved.catalogue.editions],
        "plan": dict(saved.document),
        "vaults": [_vault(each) for each in saved.vaults],
        "undetermined": [
            {"vault": each.what, "reason": each.reason, "isSelection": each.is_selection, "where": _line(each.where)}
            for each in saved.missing
        ],
    }


def _line(where: Location | None) -> Object | None:
    return {"file": where.file, "line": where.line} if where else None


def _vault(saved: SavedVault) -> Object:
    vault = saved.vault
    return {
        "id": str(vault.id),
        "isSelected": saved.is_selected,
        "where": _line(saved.where),
        "meant": write_intent(saved.intent),
        "before": {
            **write_firewall(vault.firewall),
            "perimeter": vault.perimeter.value,
            "tags": [{"name": name, "value": value} for name, value in vault.tags],
        },
    }


# --- reading ------------------------------------------------------------------------------------------------------


def read(file: str) -> str:
    """The text of a saved plan. Whatever keeps us from it is an error."""
    path = Path(file)
    try:
        if not path.exists():
            raise SavedPlanUnreadable(file, "it is not there")
        if not path.is_file():
            raise SavedPlanUnreadable(file, "it is no regular file")
        if path.stat().st_size > LONGEST:
            raise SavedPlanUnreadable(file, f"it is longer than {LONGEST:,} bytes")
        with path.open("rb") as stream:
            return stream.read(LONGEST).decode("ascii")
    except UnicodeDecodeError:
        raise SavedPlanUnreadable(file, "it holds more than ASCII, and netcfg writes nothing else") from None
    except (OSError, ValueError) as error:
        raise SavedPlanUnreadable(file, getattr(error, "strerror", None) or str(error)) from error


def parse(text: str, file: str, meanings: Meanings, editions: Editions) -> SavedPlan:
    """The plan that a file holds. What is no saved plan is a usage error; one that is not as it was saved, or that we
    would not have saved, is refused."""
    document = _load(text, file)
    if document.get("kind") != KIND:
        raise SavedPlanUnreadable(file, f"its kind is {document.get('kind')!r:.80}, and not {KIND!r}")
    version = document.get("version")
    if type(version) is not int or version != VERSION:
        raise SavedPlanUnreadable(file, f"its version is {version!r:.80}, and this netcfg reads version {VERSION}")
    if "digest" not in document:
        raise SavedPlanRefused(file, "its digest is missing")
    if document["digest"] != digest(document):
        raise SavedPlanRefused(file, "it was changed after it was saved, as its digest tells")
    try:
        found = _parse(document, meanings, editions)
        _check_shown(found)
        again = _document(found, editions)
    except NetcfgError as error:
        raise SavedPlanRefused(file, str(error)) from error
    except _MALFORMED as error:
        raise SavedPlanRefused(file, f"it is not what netcfg would have saved ({error!r:.200})") from error
    if digest(again) != document["digest"]:
        said = {name: value for name, value in document.items() if name != "digest"}
        raise SavedPlanRefused(file, f"it is not what netcfg would have saved ({_first_difference(said, again)})")
    return found


def _load(text: str, file: str) -> Object:
    try:
        found = load(text)
    except ValueError as error:
        raise SavedPlanUnreadable(file, str(error)) from None
    if not isinstance(found, dict):
        raise SavedPlanUnreadable(file, "it is no JSON object")
    return found


def _parse(document: Object, meanings: Meanings, editions: Editions) -> SavedPlan:
    against, relay, configuration = document["against"], document["relay"], document["configuration"]
    intent = _remembering(meanings)
    several = is_flag(document["acceptancesNameVaults"])
    return SavedPlan(
        conditions=Conditions(
            program=_text(document["netcfg"]),
            place=Place(
                cloud=_text(against["cloud"]),
                resource_manager=_text(against["resourceManager"]),
                devops=_text(against["devops"]),
                identity=_text(against["devopsIdentity"]),
                is_sandbox=is_flag(against["sandbox"]),
            ),
            configuration=ReadFile(_text(configuration["name"]), _text(configuration["sha256"]))
            if configuration is not None
            else None,
            relay=Relay(
                organization=_text(relay["organization"]),
                project=_text(relay["project"]),
                connection=_text(relay["serviceConnection"]),
            ),
        ),
        made=datetime.strptime(document["made"], IN_UTC).replace(tzinfo=UTC),
        acceptances=tuple(_acceptance(each, several=several) for each in document["acceptances"]),
        asks_which=several,
        catalogue=Catalogue(
            tuple(editions.unpack(each, f"editions[{number}]") for number, each in enumerate(document["editions"]))
        ),
        vaults=tuple(_parse_vault(each, intent) for each in document["vaults"]),
        missing=tuple(
            Missing(
                _text(each["vault"]), _text(each["reason"]), is_flag(each["isSelection"]), _parse_line(each["where"])
            )
            for each in document["undetermined"]
        ),
        document=document["plan"],
    )


def _remembering(meanings: Meanings) -> Callable[[Object], Intent]:
    """Reads what is meant once, where many vaults mean the same."""

    @lru_cache(maxsize=1 << 12)
    def parsed(written: str) -> Intent:
        return meanings.intent(json.loads(written))

    return lambda found: parsed(canonical(found))


def _acceptance(found: Object, *, several: bool) -> Acceptance:
    guard, pattern = _text(found["guard"]), _text(found["vaults"])
    return parse_acceptance(guard if pattern == "*" and not several else f"{guard}={pattern}", several=several)


def _parse_vault(found: Object, intent: Callable[[Object], Intent]) -> SavedVault:
    id, before = parse_vault(_text(found["id"])), found["before"]
    if not isinstance(id, VaultId):
        raise ValueError(f"{id!r:.80} is no id of a vault")
    firewall = {name: before[name] for name in ("publicNetworkAccess", "networkAcls")}
    tags = tuple((_text(each["name"]), _text(each["value"])) for each in before["tags"])
    if strange := next((name for name, _ in tags if not is_ours(name)), None):
        raise ValueError(f"the tag {strange!r:.80} is none of netcfg exec")
    return SavedVault(
        Vault(id, parse_firewall(firewall, str(id)), Perimeter(before["perimeter"]), tags=tags),
        intent(found["meant"]),
        is_flag(found["isSelected"]),
        _parse_line(found["where"]),
    )


def _parse_line(found: Object | None) -> Location | None:
    return None if found is None else Location(_text(found["file"]), _number(found["line"]))


def _check_shown(saved: SavedPlan) -> None:
    """The plan as it was shown has to be one of these vaults, and its summary that of what it says."""
    shown = saved.document
    if shown["version"] != 1 or shown["kind"] != "plan":
        raise ValueError("what was shown is no plan")
    ids = [str(each.vault.id) for each in saved.vaults]
    if [each["id"] for each in shown["vaults"]] != ids:
        raise ValueError("the vaults that were shown are not those that are saved")
    if len({each.vault.id for each in saved.vaults}) != len(ids):
        raise ValueError("a vault is there twice")
    missing = [{"vault": each.what, "reason": each.reason} for each in saved.missing]
    if sorted(map(canonical, shown["undetermined"])) != sorted(map(canonical, missing)):
        raise ValueError("what was shown to be undetermined is not what is saved")
    for sentence in (*shown["selected"], *(note for each in shown["vaults"] for note in each["notes"])):
        _text(sentence)
    guards = [guard for each in shown["vaults"] for guard in each["guards"]]
    summary = {
        "vaults": len(ids),
        "changes": sum(len(each["changes"]) for each in shown["vaults"]),
        "refused": any(each["accepted"] is not True for each in guards),
    }
    if canonical(shown["summary"]) != canonical(summary):
        raise ValueError("the summary is not that of the vaults")


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError(f"{found!r:.80} is no text")
    return found


def _number(found: object) -> int:
    if type(found) is not int:
        raise TypeError(f"{found!r:.80} is no number")
    return found


def _first_difference(found: object, expected: object, where: str = "") -> str:
    """Where two documents part, for whoever has to find out who changed the file."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for name in (*found, *expected):
            if name not in expected:
                return f"{where}{name} is unknown"
            if name not in found:
                return f"{where}{name} is missing"
            if canonical(found[name]) != canonical(expected[name]):
                return _first_difference(found[name], expected[name], f"{where}{name}.")
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for number, pair in enumerate(zip(found, expected, strict=True)):
            if canonical(pair[0]) != canonical(pair[1]):
                return _first_difference(*pair, f"{where.rstrip('.')}[{number}].")
    return f"{where.rstrip('.')} is {canonical(found):.80}"
