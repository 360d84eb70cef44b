"""Whether the agents' subnets are let in."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.findings import Severity
from netcfg.core.resources import as_subnet
from netcfg.core.rules import VirtualNetworkRule

SUBNET_RULE_MISSING = Check(
    "subnet-rule-missing",
    Severity.ERROR,
    "A subnet that agents run in is not let in",
    "Jobs that read the vault themselves come from the agents, not from Azure DevOps: with the task AzureKeyVault, "
    "with a script, with Terraform. From this subnet they are refused, and the message names a private address if the "
    "subnet has the service endpoint, and the address of a gateway if not.",
    "`netcfg apply` adds the rule. If no agents run there any more, take the subnet out of `agents`.",
    "While the agents there have no job that reads this vault; until the day on which they get one.",
    example="*/subnets/agents",
)

SERVICE_ENDPOINT_MISSING = Check(
    "service-endpoint-missing",
    Severity.ERROR,
    "A subnet that agents run in lacks the service endpoint for vaults",
    "A rule for a subnet lets in machines whose requests carry the subnet's name, and only the service endpoint makes "
    "them do so. Without it the rule is there and does nothing: the requests arrive from a public address.",
    "`netcfg apply` enables it, after the rule is in place. That changes the address by which these agents reach every "
    "other vault, so the guard `service-endpoint` names those that would cut them off.",
    "Where another vault cannot be opened to the agents yet, until it can.",
    example="*/subnets/agents",
)

CHECKS = (SUBNET_RULE_MISSING, SERVICE_ENDPOINT_MISSING)


def find(case: Case) -> Iterator[Found]:
    for rule in case.arriving:
        if isinstance(rule, VirtualNetworkRule):
            subnet = as_subnet(str(rule))
            where = f"{subnet.short} in {subnet.resource_group}" if subnet else str(rule)
            said = case.seen.desired.reasons[rule].text
            yield SUBNET_RULE_MISSING.found(rule, f"no rule lets in the subnet {where} ({said})", case.apply)
    for subnet in case.seen.desired.endpoints:
        yield SERVICE_ENDPOINT_MISSING.found(
            subnet,
            f"the subnet {subnet.short} in {subnet.resource_group} has no service endpoint for vaults, without which "
            "its rule lets nobody in",
            case.apply,
        )
