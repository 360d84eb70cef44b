"""The private way in to a vault: which pieces of it are there and are used, which are missing, and which may go."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from netcfg.core.approval import Approval, PieceId
from netcfg.core.errors import (
    BothWanted,
    NotInAzure,
    RecordElsewhere,
    RecordInTheWay,
    TooManyEndpoints,
    TooManyZones,
    ZoneUnread,
)
from netcfg.core.intent import Intent
from netcfg.core.leaving import asked_to_go, check_owners, not_ours, removals_of, staying
from netcfg.core.private import (
    ENDPOINT_LIMIT,
    ZONE_LIMIT,
    Endpoint,
    Landscape,
    Network,
    NewEndpoint,
    NewLink,
    NewPiece,
    NewRecord,
    NewZone,
    OldPiece,
    OwnersApproval,
    PieceKind,
    Zone,
    network_of,
    networks_of,
)
from netcfg.core.resources import SubnetId, Vault
from netcfg.core.rules import Perimeter, PublicAccess
from netcfg.core.sight import approval_of, connection_of, finds, misleads

ENDPOINT_NAME = 80  # the longest that Azure takes
ZONE_GROUP = "default"

_PREFERRED = (Approval.APPROVED, Approval.PENDING, Approval.REJECTED)


@dataclass(frozen=True)
class Way:
    """What a plan does about the private way in to one vault.

    `endpoint` is the one that the agents come by afterwards; `approval` what its owner said, `None` when it is to be
    made, and `owners` what is then left to the owner. `before` and `after` are the networks that find the vault at a
    private address, as far as that is known.
    """

    endpoint: PieceId | None = None
    approval: Approval | None = None
    zone: PieceId | None = None
    additions: tuple[NewPiece, ...] = ()
    removals: tuple[OldPiece, ...] = ()
    owners: OwnersApproval | None = None
    before: frozenset[PieceId] = frozenset()
    after: frozenset[PieceId] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether anything private was asked for, be it there already or not."""
        return self.endpoint is not None or bool(self.removals)

    @property
    def waits(self) -> bool:
        """Whether the endpoint is there and the vault's owner has not approved it, so that nobody gets in by it."""
        return self.approval not in (None, Approval.APPROVED)

    @property
    def leaving(self) -> frozenset[str]:
        """The keys of the endpoints that go."""
        return frozenset(each.id.key for each in self.removals if each.kind is PieceKind.ENDPOINT)

    @property
    def links(self) -> tuple[NewLink, ...]:
        return tuple(each for each in self.additions if isinstance(each, NewLink))


NO_WAY = Way()


def fit_way(vault: Vault, intent: Intent, seen: Landscape) -> Way:
    """The private way in that fulfils `intent` for this vault; nothing that others made is changed.

    A limit of Azure's that would be passed, and a record that leads somewhere else, are errors.
    """
    check_owners(vault, intent, seen)
    before = frozenset(each.id for each in seen.networks if finds(each, vault, seen))
    if intent.private_endpoint is not None:
        return replace(_wanted(vault, intent.private_endpoint, intent, seen), before=before)
    if intent.remove_endpoints:
        return replace(_unwanted(vault, intent, seen), before=before)
    return NO_WAY


def _wanted(vault: Vault, subnet: SubnetId, intent: Intent, seen: Landscape) -> Way:
    home = _home(subnet, intent, seen)
    if both := next((each for each in asked_to_go(vault, intent, seen) if network_of(each.subnet) == home.id), None):
        raise BothWanted(str(both.id), f"the way in from {home.name}")
    found = usable_endpoint(vault, subnet, seen)
    endpoint = found.id if found else _new_endpoint(vault, home, seen)
    additions: list[NewPiece] = [] if found else [NewEndpoint(endpoint, vault.id, subnet, home.location)]

    zone, alternatives = choose_zone(found, served_networks(intent), home.id, seen)
    if zone is None:
        zone = Zone(new_zone(home, seen), records=())
        additions.append(NewZone(zone.id))
    additions += _record(vault, found, endpoint, zone, intent, seen)
    links, served, notes = _links(served_networks(intent), home, zone, seen)
    additions += links
    misled = {each.id for each in seen.networks if each.id in served and misleads(zone, found, each, vault)}
    approval = approval_of(vault, endpoint)
    return Way(
        endpoint=endpoint,
        approval=approval,
        zone=zone.id,
        additions=tuple(additions),
        removals=tuple(removals_of(vault, intent, seen, keep_zones=True)),
        owners=_owners(vault, endpoint, approval),
        after=(served - misled) | _finding(vault, intent, seen),
        notes=(
            *_found_notes(found, approval, vault),
            _on_public_access(vault, intent),
            *([f"several zones are named {seen.zone_name}: {zone.id} is used"] if alternatives else []),
            *notes,
            *(_misled(zone, vault, each) for each in sorted(misled, key=lambda each: each.key)),
            *not_ours(vault, intent, seen),
        ),
    )


def _owners(vault: Vault, endpoint: PieceId, approval: Approval | None) -> OwnersApproval | None:
    connection = connection_of(vault, endpoint)
    return OwnersApproval(endpoint, connection.id) if connection and approval is not Approval.APPROVED else None


def served_networks(intent: Intent) -> tuple[PieceId, ...]:
    """The networks that are to find the vault at its private address: the endpoint's own, and the agents'."""
    subnets = [*([intent.private_endpoint] if intent.private_endpoint else []), *intent.subnets]
    return networks_of(subnets)


def usable_endpoint(vault: Vault, subnet: SubnetId, seen: Landscape) -> Endpoint | None:
    """The endpoint for this vault in the network of `subnet`, whoever made it and whatever it is called.

    An approved one before one that waits. One that the vault's owner disconnected leads nowhere for ever.
    """
    approvals = {each.endpoint: each.approval for each in vault.connections if each.approval in _PREFERRED}
    usable = [each for each in seen.endpoints if each.id in approvals and network_of(each.subnet) == network_of(subnet)]
    return min(
        usable,
        key=lambda each: (_PREFERRED.index(approvals[each.id]), each.subnet != subnet, each.id.key),
        default=None,
    )


def choose_zone(
    endpoint: Endpoint | None, served: Sequence[PieceId], home: PieceId, seen: Landscape
) -> tuple[Zone | None, bool]:
    """The zone for the record, `None` when one has to be made; and whether another would have done as well.

    First the one that keeps the endpoint's record already, then the one that the networks ask, then the nearest.
    """
    if endpoint and (kept := endpoint.zone_named(seen.zone_name)):
        return seen.zone(kept) or Zone(kept), False
    for network in (home, *served):
        if asked := seen.zone_of(network):
            return asked, False
    zones = sorted(seen.zones, key=lambda each: each.id.key)
    near = [each for each in zones if each.id.group == home.group]
    near = near or [each for each in zones if each.id.subscription == home.subscription] or zones
    return (near[0] if near else None), len(near) > 1


def new_zone(home: Network, seen: Landscape) -> PieceId:
    return _beside(home, "privateDnsZones", seen.zone_name)


def _home(subnet: SubnetId, intent: Intent, seen: Landscape) -> Network:
    """The network of the endpoint. The subnets that were named have to be there."""
    for each in (subnet, *intent.subnets):
        network = seen.network(network_of(each))
        if network is None or each not in network.subnets:
            raise NotInAzure(f"subnet {each}", "check the id; it may have been deleted or renamed")
    return next(each for each in seen.networks if each.id == network_of(subnet))


def _new_endpoint(vault: Vault, home: Network, seen: Landscape) -> PieceId:
    if len(vault.connections) >= ENDPOINT_LIMIT:
        raise TooManyEndpoints(vault.name, ENDPOINT_LIMIT)
    taken = home.endpoints | {each.endpoint for each in vault.connections} | {each.id for each in seen.endpoints}
    return _free(lambda name: _beside(home, "privateEndpoints", name), _endpoint_names(vault, home), taken)


def _endpoint_names(vault: Vault, home: Network) -> Iterable[str]:
    name, mark = f"pe-{vault.name}-{home.name}", _mark(vault.id.text, home.id.key)
    if len(name) <= ENDPOINT_NAME:
        yield name
    yield f"{name[: ENDPOINT_NAME - len(mark) - 1]}-{mark}"


def _record(
    vault: Vault, found: Endpoint | None, endpoint: PieceId, zone: Zone, intent: Intent, seen: Landscape
) -> list[NewRecord]:
    """The zone group that keeps the vault's record in `zone`, where it is missing.

    Azure overwrites a record that is there, whoever needs it: so there must be none that leads elsewhere.
    """
    if found and found.zone_group and found.zone_named(seen.zone_name):
        # Should Azure not have written it when the endpoint was approved, it does when the group is sent again.
        is_lost = zone.records is not None and zone.record_of(vault.name) is None
        is_due = is_lost and approval_of(vault, endpoint) is Approval.APPROVED
        return [NewRecord(found.zone_group.id, zone.id, vault.name.lower())] if is_due else []
    if zone.records is None:
        raise ZoneUnread(str(zone.id))
    if there := zone.record_of(vault.name):
        if found and found.addresses and set(there.addresses) == set(found.addresses):
            return []  # somebody keeps it by hand, and it is right
        for each in asked_to_go(vault, intent, seen):
            if each.zone_named(seen.zone_name) == zone.id:
                raise RecordInTheWay(vault.name, str(zone.id), str(each.id), str(intent.private_endpoint))
        raise RecordElsewhere(vault.name, str(zone.id), [str(each) for each in there.addresses])
    if found and found.zone_group and len(found.zone_group.zones) >= ZONE_LIMIT:
        raise TooManyZones(str(found.zone_group.id), ZONE_LIMIT)
    group = found.zone_group.id if found and found.zone_group else endpoint.child("privateDnsZoneGroups", ZONE_GROUP)
    return [NewRecord(group, zone.id, vault.name.lower())]


def _links(
    served: Sequence[PieceId], home: Network, zone: Zone, seen: Landscape
) -> tuple[list[NewLink], frozenset[PieceId], list[str]]:
    """The links that are missing, the networks that come privately then, and what is to be said of the others."""
    links: list[NewLink] = []
    finding: list[PieceId] = []
    notes: list[str] = []
    networks = [network for each in served if (network := seen.network(each))]
    for network in networks:
        other = seen.zone_of(network.id)
        if network.dns_servers:
            notes.append(_own_dns(network, seen.zone_name))
        elif other and other.id != zone.id:
            notes.append(_other_zone(network, other, zone))
        elif zone.link_of(network.id):
            finding += [network.id] if network.is_next_to(home.id) else []
            notes += [] if network.is_next_to(home.id) else [_out_of_reach(network, home, zone)]
        else:
            if zone.records is None:
                raise ZoneUnread(str(zone.id))
            links.append(NewLink(_new_link(network, zone, links), network.id))
            finding += [network.id] if network.is_next_to(home.id) else []
    return links, frozenset(finding), notes


def _new_link(network: Network, zone: Zone, links: Sequence[NewLink]) -> PieceId:
    taken = {each.id for each in zone.links} | {each.id for each in links}
    names = (network.name, f"{network.name[:73]}-{_mark(network.id.key)}")
    return _free(lambda name: zone.id.child("virtualNetworkLinks", name), names, taken)


def _unwanted(vault: Vault, intent: Intent, seen: Landscape) -> Way:
    removals = removals_of(vault, intent, seen, keep_zones=False)
    after = _finding(vault, intent, seen)
    absent = [str(each) for each in intent.remove_endpoints if seen.endpoint(each) is None]
    notes = [f"asked to be removed, but not there: {', '.join(absent)}"] if absent else []
    notes += [*not_ours(vault, intent, seen), *staying(vault, intent, seen, removals)]
    return Way(removals=tuple(removals), after=after, notes=tuple(notes))


def _finding(vault: Vault, intent: Intent, seen: Landscape) -> frozenset[PieceId]:
    """The networks that find the vault now, and by an endpoint that stays; its record goes with one that shared it."""
    leaving = asked_to_go(vault, intent, seen)
    emptied = {each.zone_named(seen.zone_name) for each in leaving}
    left = replace(
        seen,
        endpoints=tuple(each for each in seen.endpoints if each not in leaving),
        zones=tuple(each.without(vault.name) if each.id in emptied else each for each in seen.zones),
    )
    return frozenset(each.id for each in left.networks if finds(each, vault, left))


def _found_notes(found: Endpoint | None, approval: Approval | None, vault: Vault) -> Iterable[str]:
    if found is None:
        return
    yield f"the private endpoint {found.name} in {found.subnet.short} is used, which is there already"
    connection = connection_of(vault, found.id)
    if approval is not Approval.APPROVED and connection:
        yield (
            f"its connection is {connection.approval.value}: until the vault's owner approves it, nobody gets in by "
            "it, and apply links no network and leaves the vault's own settings as they are"
        )


def _on_public_access(vault: Vault, intent: Intent) -> str:
    """Azure DevOps itself has no network to put an endpoint in: it comes over the public one, or not at all."""
    after = intent.public_access or vault.firewall.public_access
    if vault.firewall.public_access is PublicAccess.SECURED_BY_PERIMETER or vault.perimeter is Perimeter.ENFORCED:
        return (
            "a network security perimeter decides who comes over the public network, so no rule is added; private "
            "endpoints are none of its business"
        )
    if after is PublicAccess.DISABLED:
        return (
            "only private endpoints lead in while public access is Disabled: variable groups that are linked to this "
            "vault do not work, jobs read it themselves with the task AzureKeyVault@2 on the agents"
        )
    return (
        "public access stays on, within the rules, because Azure DevOps reads variable groups over it; where none is "
        "linked to this vault, --public-access disabled turns it off"
    )


def _own_dns(network: Network, zone: str) -> str:
    servers = ", ".join(network.dns_servers)
    return (
        f"{network.name} asks its own DNS servers ({servers}) and is not linked: let them forward {zone} to Azure's, "
        "168.63.129.16, from a network that is"
    )


def _out_of_reach(network: Network, home: Network, zone: Zone) -> str:
    return (
        f"{network.name} is linked to {zone.id.name}, but not peered with {home.name}: it is sent to a private address "
        "that it may not reach"
    )


def _other_zone(network: Network, other: Zone, zone: Zone) -> str:
    return (
        f"{network.name} is linked to another zone of that name, {other.id}, and a network takes one only: it finds "
        f"the vault when that has its record, which will be in {zone.id}"
    )


def _misled(zone: Zone, vault: Vault, network: PieceId) -> str:
    record = zone.record_of(vault.name)
    addresses = ", ".join(map(str, record.addresses)) if record else ""
    return f"{network.name} is sent to {addresses or 'no address'} by {zone.id.name}, which is not known to lead here"


def _beside(network: Network, kind: str, name: str) -> PieceId:
    """The id of a piece in the resource group of `network`, written as Azure writes that."""
    group = network.id.text.rpartition("/providers/")[0]
    return PieceId(f"{group}/providers/Microsoft.Network/{kind}/{name}")


def _free(make: Callable[[str], PieceId], names: Iterable[str], taken: Collection[PieceId]) -> PieceId:
    """The id of the first name that nothing has; the last one if all are taken, which the write then says."""
    ids = [make(each) for each in names]
    return next((each for each in ids if each not in taken), ids[-1])


def _mark(*texts: str) -> str:
    """Six letters that are the same whenever the same thing is named."""
    return hashlib.sha256("|".join(texts).lower().encode()).hexdigest()[:6]
