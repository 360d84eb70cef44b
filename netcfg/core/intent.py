"""What somebody asks for: the options of `plan` and `apply`, parsed and checked against each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from netcfg.core.agents import AgentPool
from netcfg.core.approval import PieceId
from netcfg.core.declared import Declaration
from netcfg.core.errors import BadIdentifier, ConflictingOptions, NoGeography, NoOrganization
from netcfg.core.geography import Geography
from netcfg.core.ranges import Policy
from netcfg.core.resources import SubnetId, SubnetName, as_subnet, as_subnet_name
from netcfg.core.rules import IpRule, PublicAccess, Rule, VirtualNetworkRule, parse_network

Removal = Rule | SubnetName


@dataclass(frozen=True)
class Intent:
    """What is meant for a vault, as far as a person or a pipeline said it.

    `named_subnets` and `discovers_agents` are said before anybody has asked Azure; `with_agents` says what they mean.
    `found_subnets` are the names that were given, each with the subnet that it stood for.
    """

    organizations: tuple[str, ...] = ()
    geographies: tuple[Geography, ...] = ()
    policy: Policy = Policy.UNION
    canary: bool = False
    subnets: tuple[SubnetId, ...] = ()
    named_subnets: tuple[SubnetName, ...] = ()
    found_subnets: tuple[tuple[SubnetName, SubnetId], ...] = ()
    discovers_agents: bool = False
    pools: tuple[AgentPool, ...] = ()
    allow: tuple[Declaration, ...] = ()
    remove: tuple[Removal, ...] = ()
    remove_reasons: tuple[tuple[Removal, str], ...] = ()
    private_endpoint: SubnetId | None = None
    named_private_endpoint: SubnetName | None = None
    remove_endpoints: tuple[PieceId, ...] = ()
    grace: timedelta = timedelta(days=30)
    exclusive: bool = False
    public_access: PublicAccess | None = None
    keep_default_action: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "subnets", tuple(sorted(set(self.subnets), key=str)))
        object.__setattr__(self, "allow", tuple(sorted(set(self.allow), key=lambda each: (each.network, each.reason))))
        if not self.organizations and not self.geographies:
            raise NoGeography
        if self.discovers_agents and not self.organizations:
            raise NoOrganization
        if self.keep_default_action and self.public_access is PublicAccess.ENABLED:
            raise ConflictingOptions(
                "--keep-default-action",
                "--public-access enabled",
                "public access is enabled for selected networks only, so the default action must be Deny",
            )

    @property
    def is_private(self) -> bool:
        """Whether the agents are to come by a private endpoint: then no rule and no service endpoint is for them."""
        return self.private_endpoint is not None or self.named_private_endpoint is not None

    @property
    def touches_endpoints(self) -> bool:
        """Whether private endpoints have to be looked at."""
        return self.is_private or bool(self.remove_endpoints)

    def with_private_endpoint(self, subnet: SubnetId) -> Intent:
        """The same, with the subnet that the name of the private endpoint's subnet stood for."""
        named = [self.named_private_endpoint] if self.named_private_endpoint else []
        found = (*self.found_subnets, *_found(named, [subnet]))
        return replace(self, private_endpoint=subnet, named_private_endpoint=None, found_subnets=found)

    def with_agents(self, subnets: Iterable[SubnetId], pools: Iterable[AgentPool]) -> Intent:
        """The same, with the subnets that names stood for, and what the discovered pools need."""
        found, named = tuple(pools), tuple(subnets)
        return replace(
            self,
            subnets=(*self.subnets, *named, *(each for pool in found for each in pool.subnets)),
            found_subnets=(*self.found_subnets, *_found(self.named_subnets, named)),
            allow=(*self.allow, *(each for pool in found for each in pool.declarations)),
            named_subnets=(),
            discovers_agents=False,
            pools=found,
        )

    def removes(self, rule: Rule) -> bool:
        """Whether `--remove` names the rule."""
        return any(is_named(rule, each) for each in self.remove)

    def why_removed(self, rule: Rule) -> str:
        """Why the rule has to go, where somebody said it."""
        return next((why for removal, why in self.remove_reasons if is_named(rule, removal)), "")

    def pools_of(self, subnet: SubnetId) -> tuple[str, ...]:
        """The names of the discovered pools whose machines run in `subnet`."""
        return tuple(sorted({pool.name for pool in self.pools if subnet in pool.subnets}))


def _found(names: Iterable[SubnetName], subnets: Collection[SubnetId]) -> list[tuple[SubnetName, SubnetId]]:
    return [(name, subnet) for name in names for subnet in subnets if name.names(subnet)]


def is_named(rule: Rule, removal: Removal) -> bool:
    """Whether `removal` means the rule. A subnet that is gone can be looked up nowhere, so names are compared."""
    if not isinstance(removal, SubnetName):
        return rule == removal
    subnet = as_subnet(rule.subnet) if isinstance(rule, VirtualNetworkRule) else None
    return subnet is not None and removal.names(subnet)


def parse_removal(text: str) -> Removal:
    """What `--remove` names: a subnet by its id or name, a range, or a value exactly as the vault shows it."""
    if text.startswith("/"):
        subnet = as_subnet(text)
        if subnet is None:
            raise BadIdentifier(text, "the id of a subnet or of a private endpoint, which is all that goes by its id")
        return VirtualNetworkRule(subnet.text)
    if not text.strip():
        raise BadIdentifier(text, "a rule: give an address, a range, or a subnet as the plan shows it")
    is_address = parse_network(text.partition("/")[0]) is not None  # 10.0.0.0/8/x might be what a vault shows
    named = None if is_address else as_subnet_name(text)
    return named or IpRule(text.strip() if parse_network(text.strip()) else text)
