"""Network security perimeters: how one holds a vault, and whom its access rules admit there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, ip_interface

from netcfg.azure.arm import ResourceManager
from netcfg.core.errors import (
    AzureAnswer,
    AzureRefused,
    NetcfgError,
    NotInAzure,
    PermissionMissing,
    ProviderNotRegistered,
    UnknownValue,
)
from netcfg.core.resources import VaultId
from netcfg.core.rules import Perimeter
from netcfg.core.switchover import Hold
from netcfg.core.wire import Json, an_object, objects

TYPE = "microsoft.network/networksecurityperimeters"

# The only version that has the perimeter; azure-mgmt-keyvault 14.1 does not, so it is read without it.
VERSION = "2026-04-01-preview"

# What azure-mgmt-network 33.1 lists the resources of a perimeter with.
ASSOCIATIONS_VERSION = "2026-03-01"

# What the associations of a perimeter can be, the strictest first. Audit blocks no more than Learning does
# (https://learn.microsoft.com/javascript/api/@azure/arm-search/knownresourceassociationaccessmode).
_MODES = {"enforced": Perimeter.ENFORCED, "learning": Perimeter.LEARNING, "audit": Perimeter.LEARNING}


def read(arm: ResourceManager, vault: VaultId) -> Perimeter:
    """How a network security perimeter holds the vault; unknown where the cloud or the role does not let us see.

    An answer that fails to come is an error as everywhere: unknown would let a write pass that does nothing.
    """
    try:
        found = _configurations(arm, vault)
    except (PermissionMissing, NotInAzure, ProviderNotRegistered):
        return Perimeter.UNKNOWN
    except AzureRefused as error:
        if error.is_passing:
            raise
        return Perimeter.UNKNOWN
    return parse_perimeter(found, vault.name)


def read_hold(arm: ResourceManager, vault: VaultId) -> Hold:
    """The same for a vault that is not to be written, with whom the perimeter admits; any trouble makes it unknown."""
    try:
        found = _configurations(arm, vault)
        return Hold(vault, parse_perimeter(found, vault.name), *parse_access_rules(found, vault.name))
    except NetcfgError:
        return Hold(vault, Perimeter.UNKNOWN)


def _configurations(arm: ResourceManager, vault: VaultId) -> list[Json]:
    path = f"{vault}/networkSecurityPerimeterConfigurations"
    return list(arm.items(path, VERSION, f"the perimeter of vault {vault}"))


def read_members(arm: ResourceManager, perimeter: str) -> frozenset[str] | None:
    """The ids, in lower case, of the resources that a perimeter holds; `None` where that cannot be had."""
    path, subject = f"{perimeter}/resourceAssociations", f"the resources of the perimeter {perimeter}"
    try:
        return frozenset(_member(each, subject) for each in arm.items(path, ASSOCIATIONS_VERSION, subject))
    except NetcfgError:
        return None


def list_ids(arm: ResourceManager, subscription: str) -> frozenset[str] | None:
    """The ids, in lower case, of the perimeters of a subscription; `None` where that cannot be had."""
    path, subject = f"/subscriptions/{subscription}/providers/{TYPE}", f"the perimeters of subscription {subscription}"
    try:
        return frozenset(_id(each, subject) for each in arm.items(path, ASSOCIATIONS_VERSION, subject))
    except ProviderNotRegistered:
        return frozenset()  # nobody can have made one there
    except NetcfgError:
        return None


def _id(perimeter: Json, subject: str) -> str:
    if not isinstance(perimeter.get("id"), str):
        raise AzureAnswer(subject, "a perimeter without its id")
    return str(perimeter["id"]).lower()


def _member(association: Json, subject: str) -> str:
    resource = an_object(an_object(association.get("properties"), subject).get("privateLinkResource"), subject)
    if not isinstance(resource.get("id"), str):
        raise AzureAnswer(subject, "an association without the id of its resource")
    return str(resource["id"]).lower()


def parse_perimeter(configurations: Sequence[Json], vault: str) -> Perimeter:
    """How the associations hold the vault; the strictest of several decides, and without one nothing does."""
    subject = f"the perimeter of vault {vault}"
    modes = [_mode(an_object(each.get("properties"), subject), subject) for each in configurations]
    return next((mode for mode in _MODES.values() if mode in modes), Perimeter.NONE)


def _mode(properties: Json, subject: str) -> Perimeter:
    mode = an_object(properties.get("resourceAssociation"), subject).get("accessMode")
    known = _MODES.get(str(mode).lower())
    if known is None:
        raise UnknownValue(f"accessMode of {subject}", mode, ("Enforced", "Learning", "Audit"))
    return known


def parse_access_rules(configurations: Sequence[Json], vault: str) -> tuple[tuple[IPv4Network, ...], bool]:
    """The addresses that are admitted, and whether others may be: by subscription, or by what cannot be read here."""
    subject = f"the perimeter of vault {vault}"
    networks: set[IPv4Network] = set()
    has_others = False
    for rule in _inbound(configurations, subject):
        for text in _listed(rule.get("addressPrefixes"), subject):
            found = _interface(text)
            if isinstance(found, IPv4Interface):
                networks.add(found.network)
            has_others |= found is None
        has_others |= any(isinstance(each, list) and each for name, each in rule.items() if name != "addressPrefixes")
    return tuple(sorted(networks)), has_others


def _inbound(configurations: Sequence[Json], subject: str) -> Iterator[Json]:
    """The properties of the access rules for those who come."""
    for each in configurations:
        profile = an_object(an_object(each.get("properties"), subject).get("profile"), subject)
        if profile.get("accessRules") is None:
            raise AzureAnswer(subject, "a profile that shows no access rules")
        for rule in objects(profile["accessRules"], subject):
            properties = an_object(rule.get("properties"), subject)
            if str(properties.get("direction")).lower() != "outbound":
                yield properties


def _listed(value: object, subject: str) -> list[object]:
    if value is not None and not isinstance(value, list):
        raise AzureAnswer(subject, f"{type(value).__name__} where a list was expected")
    return value or []


def _interface(text: object) -> IPv4Interface | IPv6Interface | None:
    """A prefix, whatever its host bits; `None` for what is none."""
    try:
        return ip_interface(str(text).strip())
    except ValueError:
        return None
