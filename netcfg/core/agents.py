"""Agent pools of an organization: where their machines run, and so what a vault has to let in for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address
from urllib.parse import unquote, urlsplit

from netcfg.core.declared import Declaration, parse_wanted
from netcfg.core.errors import (
    BadIdentifier,
    ManagedPoolsUnknown,
    ManagedPoolUnreadable,
    NetcfgError,
    ScaleSetUnreadable,
)
from netcfg.core.resources import SubnetId

_SCALE_SET = re.compile(
    r"/subscriptions/[\w-]+/resourceGroups/[\w().-]*[\w()-]/providers/Microsoft\.Compute/virtualMachineScaleSets/"
    r"[\w.-]*[\w-]/?",  # no name ends with a dot, least of all is it ".."
    re.IGNORECASE,
)
_OLD_SUFFIX = ".visualstudio.com"


class PoolKind(Enum):
    """Who runs the machines of a pool, and so what can be known of their network; in the order of being shown."""

    SCALE_SET = "scale-set"
    MANAGED = "managed-devops-pool"
    SELF_HOSTED = "self-hosted"
    HOSTED = "microsoft-hosted"


# https://learn.microsoft.com/azure/devops/pipelines/agents/hosted, "Networking"
HOSTED = (
    "their addresses may be any of a whole geography of Azure, which other customers use too, and change every week, "
    "so no rule can cover them; use self-hosted agents in a subnet that the vault lets in"
)
SELF_HOSTED = (
    "only their owner knows where they run, so name their subnets with --subnet or their public addresses with "
    "--allow; one that is a Managed DevOps Pool lies in a subscription that this sign-in may not read"
)
NO_SCALE_SET = "Azure DevOps calls it a scale set's pool and names no scale set for it"
NO_MACHINES = "its scale set names no network, and no machine of it can be seen"
PRESENT_MACHINES = (
    "its scale set names no network, so known are only the subnets of its machines that can be seen now, and new ones "
    "may be put elsewhere"
)
CHANGING = (
    "it has neither a subnet of yours nor static addresses, so its addresses change and no rule can cover them; "
    "give it one of the two"
)


@dataclass(frozen=True)
class Whereabouts:
    """From where machines are seen by a vault: from subnets, from static public addresses, or both.

    `unknown` says why nothing, or not everything, is known of it; without it, what is listed is all there is. Machines
    that are gone with what they belonged to need no rule anywhere.
    """

    subnets: tuple[SubnetId, ...] = ()
    addresses: tuple[IPv4Address, ...] = ()
    unknown: str = ""
    is_gone: bool = False


@dataclass(frozen=True)
class ListedPool:
    """A pool as Azure DevOps lists it. `scale_set` is a resource id, and absent where it names none."""

    name: str
    is_hosted: bool = False
    is_elastic: bool = False
    scale_set: str | None = None
    agents: int | None = None


@dataclass(frozen=True)
class Listing:
    """The pools that Azure DevOps lists for an organization, whose name is spelled as it is asked for."""

    organization: str
    pools: tuple[ListedPool, ...] = ()

    @property
    def scale_sets(self) -> tuple[str, ...]:
        """The scale sets to look for, each once, whatever the case of its id."""
        found = {each.scale_set.lower(): each.scale_set for each in self.pools if each.scale_set}
        return tuple(found[key] for key in sorted(found))

    @property
    def may_be_managed(self) -> bool:
        """Whether any pool can be a Managed DevOps Pool, which Azure DevOps shows like any self-hosted one."""
        return any(not each.is_hosted and not each.is_elastic for each in self.pools)


@dataclass(frozen=True)
class ManagedPool:
    """A Managed DevOps Pool, with the name that its organization knows it by.

    `whereabouts` is the error where they could not be read, and `None` where it was found and is gone meanwhile.
    """

    name: str
    resource: str
    whereabouts: Whereabouts | NetcfgError | None
    state: str = "Succeeded"

    @property
    def is_registered(self) -> bool:
        """Whether its organization knows it. Azure makes the pool there when it makes this one, so one whose name was
        taken has failed; nobody can be sure of one that is only being made."""
        return self.whereabouts is not None and self.state in ("Succeeded", "Updating")


@dataclass(frozen=True)
class AgentPool:
    """A pool of an organization, and how a vault sees its machines: from subnets, from static public addresses, both.

    `resource` is the id of the scale set or of the Managed DevOps Pool that the machines belong to. `unknown` says why
    nothing, or not everything, is known of where they are; without it, what is listed is all there is. With an `error`
    they are there, and could not be read; with `is_gone` they certainly are not.
    """

    organization: str
    name: str
    kind: PoolKind
    resource: str | None = None
    subnets: tuple[SubnetId, ...] = ()
    addresses: tuple[IPv4Address, ...] = ()
    unknown: str = ""
    agents: int | None = None
    error: NetcfgError | None = None
    is_gone: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "subnets", tuple(sorted(set(self.subnets), key=str)))
        object.__setattr__(self, "addresses", tuple(sorted(set(self.addresses))))

    @property
    def is_placed(self) -> bool:
        """Whether anything is known of where its machines are."""
        return bool(self.subnets or self.addresses)

    @property
    def may_be_anywhere(self) -> bool:
        """Whether a vault may have let it in already, in a way that cannot be known to be its. Microsoft's own agents
        have no rule that would be theirs alone."""
        return bool(self.unknown) and self.kind is not PoolKind.HOSTED and not self.is_gone

    @property
    def declarations(self) -> tuple[Declaration, ...]:
        """The IP rules that let the pool in: they are declared by it, and change when its addresses do.

        An address that no vault can take, a private one say, is an error.
        """
        return tuple(Declaration(parse_wanted(str(each)), f"agents of the pool {self.name}") for each in self.addresses)

    @property
    def order(self) -> tuple[int, str, str, str]:
        """By kind, then by name."""
        return list(PoolKind).index(self.kind), self.name.casefold(), self.name, self.organization


def assemble(
    listing: Listing, scale_sets: Mapping[str, Whereabouts | NetcfgError], managed: Iterable[ManagedPool] | NetcfgError
) -> tuple[AgentPool, ...]:
    """Every pool, each once, with what Azure shows of its machines; scale sets are found by their id in lower case.

    A Managed DevOps Pool that the organization does not list is told and not believed: whoever makes one writes any
    organization's address into it. `managed` is the error where nobody could look for any.
    """
    if isinstance(managed, NetcfgError):
        unknown = ManagedPoolsUnknown(managed)
        untold = (_assemble(listing.organization, each, scale_sets, unknown) for each in listing.pools)
        return tuple(sorted(untold, key=lambda each: each.order))
    by_name = _by_name(managed)
    found = [
        _assemble(listing.organization, each, scale_sets, by_name.get(each.name.casefold(), ()))
        for each in listing.pools
    ]
    known = {each.name.casefold() for each in listing.pools}
    strangers = [pools for name, pools in by_name.items() if name not in known]
    there = (each for pools in strangers for each in pools if each.whereabouts is not None)
    found += [_unlisted(listing.organization, each) for each in there]
    return tuple(sorted(found, key=lambda each: each.order))


def _by_name(managed: Iterable[ManagedPool]) -> dict[str, list[ManagedPool]]:
    """Managed DevOps Pools by the name in question; what is gone or failed counts where nothing else has its name."""
    found: dict[str, list[ManagedPool]] = {}
    for each in sorted(managed, key=lambda pool: pool.resource.lower()):
        found.setdefault(each.name.casefold(), []).append(each)
    return {name: [each for each in pools if each.is_registered] or pools for name, pools in found.items()}


def _assemble(
    organization: str,
    listed: ListedPool,
    scale_sets: Mapping[str, Whereabouts | NetcfgError],
    managed: Sequence[ManagedPool] | NetcfgError,
) -> AgentPool:
    """A scale set that Azure DevOps names comes first: whatever else it says of that pool, machines of it are there."""
    pool = AgentPool(organization, listed.name, PoolKind.SELF_HOSTED, unknown=SELF_HOSTED, agents=listed.agents)
    if listed.is_elastic or listed.scale_set:
        return _of_scale_set(replace(pool, kind=PoolKind.SCALE_SET, unknown=""), listed.scale_set, scale_sets)
    if listed.is_hosted:
        return replace(pool, kind=PoolKind.HOSTED, unknown=HOSTED)
    if isinstance(managed, NetcfgError):
        return replace(pool, unknown="", error=managed)
    if len(managed) > 1:
        both = " and ".join(each.resource for each in managed)
        return replace(pool, kind=PoolKind.MANAGED, unknown=f"{both} both say that they are it; look which one is")
    return _of_managed(replace(pool, kind=PoolKind.MANAGED, unknown=""), managed[0]) if managed else pool


def _of_scale_set(
    pool: AgentPool, scale_set: str | None, scale_sets: Mapping[str, Whereabouts | NetcfgError]
) -> AgentPool:
    if scale_set is None:
        return replace(pool, unknown=NO_SCALE_SET)
    found = scale_sets[scale_set.lower()]
    if isinstance(found, NetcfgError):
        return replace(pool, resource=scale_set, error=ScaleSetUnreadable(pool.name, found))
    return _placed(pool, scale_set, found)


def _of_managed(pool: AgentPool, managed: ManagedPool) -> AgentPool:
    found, resource = managed.whereabouts, managed.resource
    if isinstance(found, NetcfgError):
        return replace(pool, resource=resource, error=ManagedPoolUnreadable(pool.name, found))
    if found is None:
        return replace(pool, resource=resource, unknown=f"{resource} was it, which is gone, and so are its machines")
    if not managed.is_registered:
        reason = (
            f"{resource} says that it is it, and its state in Azure is {managed.state}: what was not made whole may "
            "have its name by chance, so nothing in it is believed"
        )
        return replace(pool, resource=resource, unknown=reason)
    return _placed(pool, resource, found)


def _placed(pool: AgentPool, resource: str, found: Whereabouts) -> AgentPool:
    return replace(
        pool,
        resource=resource,
        subnets=found.subnets,
        addresses=found.addresses,
        unknown=found.unknown,
        is_gone=found.is_gone,
    )


def _unlisted(organization: str, managed: ManagedPool) -> AgentPool:
    reason = (
        f"{managed.resource} says that it serves {organization}, which lists no pool of that name; "
        "whoever asked may not see it there, or it is still being made"
    )
    return AgentPool(organization, managed.name, PoolKind.MANAGED, managed.resource, unknown=reason)


def remarks(pools: Iterable[AgentPool]) -> list[str]:
    """What a reviewer has to know of discovered pools and no rule shows: one sentence for each reason."""
    found = sorted(pools, key=lambda each: each.order)
    several = len({each.organization.casefold() for each in found}) > 1
    unknown: dict[str, list[str]] = {}
    for each in found:
        if each.unknown:
            unknown.setdefault(each.unknown, []).append(_label(each, several))
    told = [f"agents of {', '.join(names)}: {why}" for why, names in unknown.items()]
    matched = [
        f"{_label(each, several)} is {each.resource}"
        for each in found
        if each.kind is PoolKind.MANAGED and each.is_placed
    ]
    by_name = [f"agent pools and Managed DevOps Pools have only their names in common: {', '.join(matched)}"]
    return [*told, *(by_name if matched else []), *(_static(each, several) for each in found if each.addresses)]


def anywhere(pools: Iterable[AgentPool]) -> list[str]:
    """The pools that may need a rule that nobody declared, as a message names them."""
    return [name for name, _ in unplaced(pools)]


def unplaced(pools: Iterable[AgentPool]) -> list[tuple[str, AgentPool]]:
    """The same, each with what is known of it."""
    found = sorted(pools, key=lambda each: each.order)
    several = len({each.organization.casefold() for each in found}) > 1
    return [(_label(each, several), each) for each in found if each.may_be_anywhere]


def _label(pool: AgentPool, several: bool) -> str:
    return f"{pool.name} of {pool.organization}" if several else pool.name


def _static(pool: AgentPool, several: bool) -> str:
    number = len(pool.addresses)
    addresses = "1 address is" if number == 1 else f"{number} addresses are"
    they = "it changes" if number == 1 else "they change"
    return f"{addresses} declared by the agent pool {_label(pool, several)}; {they} with its count of them"


def parse_scale_set(text: str) -> str:
    """The resource id of a scale set; anything else is an error, for a token is sent along its path."""
    if not _SCALE_SET.fullmatch(text):
        raise BadIdentifier(text, "the resource id of a virtual machine scale set")
    return text.rstrip("/")


def names_organization(url: str, organization: str) -> bool:
    """Whether `url` is an address of the organization, in either of the two forms that Azure DevOps has for one."""
    return any(each.casefold() == organization.casefold() for each in _organizations(url))


def _organizations(url: str) -> Iterator[str]:
    text = url.strip()
    try:
        found = urlsplit(text if "://" in text else f"https://{text}")
        host = (found.hostname or "").rstrip(".")
    except ValueError:
        return
    if host == "dev.azure.com":
        yield unquote(found.path).strip("/ ").partition("/")[0].strip()
    elif host.endswith(_OLD_SUFFIX):
        yield host.removesuffix(_OLD_SUFFIX)
