"""A configuration as it is meant: vaults and selections, what is said about each and about all, and the waivers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from netcfg.config import document, shape, yaml
from netcfg.config.place import Faults, Place
from netcfg.core.checks.register import GENERAL
from netcfg.core.declared import Declaration, parse_day, parse_wanted
from netcfg.core.errors import (
    BadIdentifier,
    BlankReason,
    EmptyConfiguration,
    GroupAlone,
    OneOfThese,
    UnknownCheck,
    WaiverOfNoVault,
)
from netcfg.core.findings import Waiver
from netcfg.core.geography import Atlas
from netcfg.core.intent import parse_removal
from netcfg.core.linking.relay import NO_RELAY, Relay
from netcfg.core.organization import DEVOPS, parse_name
from netcfg.core.private import as_private_endpoint
from netcfg.core.ranges import Policy
from netcfg.core.resources import (
    SubnetId,
    SubnetName,
    VaultId,
    parse_resource_group,
    parse_subnet_or_name,
    parse_subscription,
    parse_vault,
)
from netcfg.core.rules import PublicAccess
from netcfg.core.target import Choice, Location, Selection
from netcfg.core.terms import Terms

Value = TypeVar("Value")


@dataclass(frozen=True)
class Configuration:
    """What a file says. Without `choices` it names no vaults, and `top` is about those that somebody else names.

    `lines` are where the keys of the top stand, and `relay` is how Azure DevOps uses the vaults; `sha256` is the digest
    of its text.
    """

    file: str
    top: Terms
    choices: tuple[Choice, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    lines: Mapping[str, Location] = field(default_factory=dict, compare=False)
    relay: Relay = NO_RELAY
    sha256: str = field(default="", compare=False)


def digest(text: str) -> str:
    """By which a configuration is told from another one."""
    return sha256(text.encode()).hexdigest()


def parse(text: str, file: str, atlas: Atlas, rules: Collection[str], devops: str = DEVOPS) -> Configuration:
    """The configuration that `text` is; all that is wrong with it is one `BadConfiguration`.

    `rules` are the ids of the checks that a waiver may name, `devops` the address that Azure DevOps has here.
    """
    root = Place(file, yaml.parse(text, file))
    faults = Faults()
    if root.node.value is None:
        faults.add(root, EmptyConfiguration())
        faults.end()
    shape.check(root, faults)
    faults.end()
    written = msgspec.convert(root.node.plain, document.Document)
    found = _Reader(atlas, rules, devops, faults).configuration(root, written)
    faults.end()
    return replace(found, sha256=digest(text))


class _Reader:
    """Turns what is written into what is meant; whatever has no meaning is remembered with its place."""

    def __init__(self, atlas: Atlas, rules: Collection[str], devops: str, faults: Faults) -> None:
        self._atlas = atlas
        self._rules = rules
        self._devops = devops
        self._faults = faults

    def configuration(self, place: Place, written: document.Document) -> Configuration:
        ranges = _said(written.ranges)
        top = replace(
            self._terms(place, written),
            policy=Policy(ranges) if ranges else None,
            canary=_said(written.include_canary_regions),
        )
        entries = _said(written.vaults) or []
        waivers = zip(place.at("waivers").items(), written.waivers, strict=False)
        return Configuration(
            place.file,
            top,
            tuple(
                choice
                for at, each in zip(place.at("vaults").items(), entries, strict=False)
                if (choice := self._choice(at, each, top))
            ),
            tuple(waiver for at, each in waivers if (waiver := self._waiver(at, each))),
            place.lines,
            self._relay(place.at("devops"), _said(written.devops)),
        )

    def _relay(self, place: Place, written: document.DevOps | None) -> Relay:
        if written is None:
            return NO_RELAY
        given = _said(written.organization)
        return Relay(
            organization=self._faults.attempt(place.at("organization"), self._organization, given or "") or ""
            if given
            else "",
            project=written.project,
            connection=written.service_connection,
            group=_said(written.variable_group) or "",
            secrets=tuple(written.secrets),
        )

    def _choice(self, place: Place, written: document.Vault, top: Terms) -> Choice | None:
        terms = self._terms(place, written)
        chosen = self._chosen(place, written)
        return None if chosen is None else Choice(chosen, terms, place.line, top)

    def _chosen(self, place: Place, written: document.Vault) -> VaultId | str | Selection | None:
        name, id, select = _said(written.name), _said(written.id), _said(written.select)
        given = [each for each in (name, id, select) if each is not None]
        if len(given) != 1:
            self._faults.add(place, OneOfThese(("name", "id", "select"), len(given)))
            return None
        if select is not None:
            return self._selection(place.at("select"), select)
        if id is not None:
            return self._faults.attempt(place.at("id"), _parse_id, id)
        return self._faults.attempt(place.at("name"), _parse_name, name or "")

    def _selection(self, place: Place, written: document.Select) -> Selection | None:
        tags = _said(written.tag) or {}
        found = Selection(
            tuple(self._each(place.at("subscription"), _texts(written.subscription), parse_subscription)),
            tuple(self._each(place.at("resource-group"), _texts(written.resource_group), parse_resource_group)),
            tuple(sorted(tags.items())),
        )
        if not (_texts(written.subscription) or _texts(written.resource_group) or tags):
            self._faults.add(place, OneOfThese(("subscription", "resource-group", "tag"), 0))
            return None
        if found.resource_groups and not _texts(written.subscription):
            self._faults.add(place.at("resource-group"), GroupAlone())
            return None
        return found

    def _terms(self, place: Place, written: document.Document | document.Vault) -> Terms:
        agents, private, access = _said(written.agents), _said(written.private_endpoint), _said(written.public_access)
        grace = _said(written.grace)
        subnets = place.at("agents").at("subnets")
        endpoint = place.at("private-endpoint")
        removals = list(zip(place.at("remove").items(), written.remove, strict=False))
        justified = [(at, each) for at, each in removals if self._has_reason(at, each.reason)]
        removed = [
            (removal, each.reason.strip())
            for at, each in justified
            if not as_private_endpoint(each.value)
            and (removal := self._faults.attempt(at.at("value"), parse_removal, each.value)) is not None
        ]
        return Terms(
            organizations=tuple(self._each(place.at("organization"), _texts(written.organization), self._organization)),
            geographies=tuple(self._each(place.at("geography"), _texts(written.geography), self._atlas.find)),
            subnets=tuple(self._each(subnets, agents.subnets if agents else (), parse_subnet_or_name)),
            allow=tuple(
                declared
                for at, each in zip(place.at("allow").items(), written.allow, strict=False)
                if (declared := self._declaration(at, each))
            ),
            remove=tuple(removal for removal, _ in removed),
            remove_reasons=tuple(removed),
            remove_endpoints=tuple(id for _, each in removals if (id := as_private_endpoint(each.value))),
            discovers_agents=_said(agents.discover) if agents else None,
            private_endpoint=self._subnet(endpoint, private) if private is not None else None,
            grace=None if grace is None else timedelta(days=grace),
            exclusive=_said(written.exclusive),
            public_access=PublicAccess(access.capitalize()) if access else None,
            keep_default_action=_said(written.keep_default_action),
        )

    def _organization(self, text: str) -> str:
        return parse_name(text, self._devops)

    def _subnet(self, place: Place, text: str) -> SubnetId | SubnetName | None:
        return self._faults.attempt(place, parse_subnet_or_name, text)

    def _declaration(self, place: Place, written: document.Allow) -> Declaration | None:
        network = self._faults.attempt(place.at("cidr"), parse_wanted, written.cidr)
        until = _said(written.until)
        day = None if until is None else self._faults.attempt(place.at("until"), parse_day, until)
        if not self._has_reason(place, written.reason) or network is None or (until is not None and day is None):
            return None
        return Declaration(network, written.reason.strip(), day)

    def _waiver(self, place: Place, written: document.Waiver) -> Waiver | None:
        until = _said(written.until)
        day = None if until is None else self._faults.attempt(place.at("until"), parse_day, until)
        if written.rule not in self._rules:
            self._faults.add(place.at("rule"), UnknownCheck(written.rule, self._rules))
        if not self._has_reason(place, written.reason):
            return None
        if written.rule in GENERAL and (_said(written.vault) or "*") != "*":
            self._faults.add(place.at("vault"), WaiverOfNoVault(written.rule))
        patterns = (_said(written.vault) or "*", _said(written.subject) or "*")
        return Waiver(written.rule, written.reason.strip(), *patterns, day, place.line)

    def _has_reason(self, place: Place, reason: str) -> bool:
        if not reason.strip():
            self._faults.add(place.at("reason"), BlankReason())
        return bool(reason.strip())

    def _each(self, place: Place, texts: Sequence[str], parse: Callable[[str], Value]) -> list[Value]:
        """What the texts of a list, or the one that stands for it, mean."""
        found = [self._faults.attempt(at, parse, each) for at, each in zip(place.items(), texts, strict=False)]
        return [each for each in found if each is not None]


def _parse_id(text: str) -> VaultId:
    found = parse_vault(text)
    if not isinstance(found, VaultId):
        raise BadIdentifier(text, "the resource id of a vault, /subscriptions/…; its name goes with the key 'name'")
    return found


def _parse_name(text: str) -> str:
    found = parse_vault(text)
    if isinstance(found, VaultId):
        raise BadIdentifier(text, "the name of a vault; its resource id goes with the key 'id'")
    return found


def _said(value: Value | UnsetType) -> Value | None:
    return None if value is UNSET else value


def _texts(written: str | list[str] | UnsetType) -> tuple[str, ...]:
    said = _said(written)
    return () if said is None else (said,) if isinstance(said, str) else tuple(said)
