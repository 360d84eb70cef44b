"""What somebody asks for: the options of `plan` and `apply`, parsed and checked against each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from netcfg.core.declared import Declaration
from netcfg.core.errors import BadIdentifier, ConflictingOptions, NoGeography
from netcfg.core.geography import Geography
from netcfg.core.ranges import Policy
from netcfg.core.resources import SubnetId, parse_subnet
from netcfg.core.rules import IpRule, PublicAccess, Rule, VirtualNetworkRule, parse_network


@dataclass(frozen=True)
class Intent:
    """What is meant for a vault, as far as a person or a pipeline said it."""

    organizations: tuple[str, ...] = ()
    geographies: tuple[Geography, ...] = ()
    policy: Policy = Policy.UNION
    canary: bool = False
    subnets: tuple[SubnetId, ...] = ()
    allow: tuple[Declaration, ...] = ()
    remove: tuple[Rule, ...] = ()
    grace: timedelta = timedelta(days=30)
    exclusive: bool = False
    public_access: PublicAccess | None = None
    keep_default_action: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "subnets", tuple(sorted(set(self.subnets), key=str)))
        object.__setattr__(self, "allow", tuple(sorted(set(self.allow), key=lambda each: (each.network, each.reason))))
        if not self.organizations and not self.geographies:
            raise NoGeography
        if self.keep_default_action and self.public_access is PublicAccess.ENABLED:
            raise ConflictingOptions(
                "--keep-default-action",
                "--public-access enabled",
                "public access is enabled for selected networks only, so the default action must be Deny",
            )


def parse_removal(text: str) -> Rule:
    """The rule that `--remove` names: a subnet by its id, a range, or a value exactly as the vault shows it."""
    if text.startswith("/"):
        return VirtualNetworkRule(parse_subnet(text).text)
    if not text.strip():
        raise BadIdentifier(text, "a rule: give an address, a range, or a subnet's id as the plan shows it")
    return IpRule(text.strip() if parse_network(text.strip()) else text)
