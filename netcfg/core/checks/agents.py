"""Whether the agents' subnets are let in."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.agents import unplaced
from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.findings import Severity
from netcfg.core.rules import PublicAccess, VirtualNetworkRule

SUBNET_RULE_MISSING = Check(
    "subnet-rule-missing",
    Severity.ERROR,
    "A subnet that agents run in is not let in",
    "Jobs that read the vault themselves come from the agents, not from Azure DevOps: with the task AzureKeyVault, "
    "with a script, with Terraform. From this subnet they are refused, and the message names a private address if the "
    "subnet has the service endpoint, and the address of a gateway if not. Where public access is meant to be Disabled "
    "no rule is asked, so without a private endpoint they have no way in at all.",
    "`netcfg apply` adds the rule; where public access is to be off, ask for `--private-endpoint`. If no agents run "
    "there any more, take the subnet out of `agents`.",
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

AGENTS_UNPLACED = Check(
    "agents-unplaced",
    Severity.WARNING,
    "Where the agents of a pool run is not known, or not wholly",
    "The pool was discovered, and no rule can be made for machines of which nobody knows where they are: they may be "
    "refused, or get in by a rule that looks like a stranger's and that somebody takes away one day. Microsoft's own "
    "agents are not meant: no rule can let in those alone.",
    "`netcfg discover ORG` shows what is known of each pool. Name the subnets of the rest with `--subnet`, or their "
    "public addresses with `--allow`; a scale set whose model names a network, or a sign-in that may read it, mends it "
    "for good.",
    "Where the agents of this pool have no job that reads the vault, or what lets them in is declared: the reason says "
    "which.",
    example="Default",
)

CHECKS = (SUBNET_RULE_MISSING, SERVICE_ENDPOINT_MISSING, AGENTS_UNPLACED)


def find(case: Case) -> Iterator[Found]:
    yield from _rules(case)
    for subnet in case.seen.desired.endpoints:
        yield SERVICE_ENDPOINT_MISSING.found(
            subnet,
            f"the subnet {subnet.short} in {subnet.resource_group} has no service endpoint for vaults, without which "
            "its rule lets nobody in",
            case.apply,
        )
    for name, pool in unplaced(case.seen.intent.pools):
        known = "not wholly known" if pool.is_placed else "not known"
        yield AGENTS_UNPLACED.found(
            name,
            f"where the agents of the pool {name} are is {known}, so they may be refused: {pool.unknown}",
            case.ask("discover", pool.organization),
        )


def _closed(case: Case) -> Iterator[Found]:
    """Who is to get in where public access is to be off, and has no private endpoint: no rule is asked there."""
    for each in case.seen.intent.subnets:
        yield SUBNET_RULE_MISSING.found(
            VirtualNetworkRule(each.text),
            f"the subnet {each.short} in {each.resource_group} has no way in: public access is meant to be Disabled, "
            "and no private endpoint is asked for",
            case.explain(SUBNET_RULE_MISSING.id),
        )


def _rules(case: Case) -> Iterator[Found]:
    """Who comes by a private endpoint needs no rule."""
    if case.seen.intent.is_private:
        return
    if case.seen.intent.public_access is PublicAccess.DISABLED:
        yield from _closed(case)
    if not case.seen.plans_rules or case.seen.before.hides_rules:
        return
    for each, said in case.seen.desired.agents.items():
        rule = VirtualNetworkRule(each.text)
        if rule not in case.admitting:
            shut = ": public access is Disabled" if case.is_shut else ""
            where = f"{each.short} in {each.resource_group}"
            message = f"no rule lets in the subnet {where} ({said}){shut}"
            yield SUBNET_RULE_MISSING.found(rule, message, case.apply)
