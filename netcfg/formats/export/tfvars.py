"""For Terraform: a `.tfvars.json` of plain lists, to feed code that has a variable for them."""

from __future__ import annotations

from netcfg.core.plan import Plan, PlanSet
from netcfg.core.rules import PublicAccess
from netcfg.formats import order
from netcfg.formats.export import header, rules

# What the code that is fed has to have; Terraform passes over a property of this name, as over a comment.
DECLARATION = """\
variable "netcfg" {
  type = map(object({
    public_network_access_enabled = bool
    default_action                = string
    bypass                        = string
    ip_rules                      = list(string)
    virtual_network_subnet_ids    = list(string)
  }))
}"""


def export(plans: PlanSet, command: str) -> str:
    document = {
        "//": [*header.lines(plans, command), "Declare it with", *DECLARATION.splitlines()],
        "netcfg": {each.vault.name: _vault(each) for each in order.plans(plans.plans)},
    }
    return rules.write(document) + "\n"


def _vault(plan: Plan) -> rules.Object:
    return {
        "public_network_access_enabled": plan.after.public_access is PublicAccess.ENABLED,
        "default_action": plan.after.rule_set.default_action.value,
        "bypass": plan.after.rule_set.bypass.value,
        "ip_rules": [str(each) for each in rules.ip_rules(plan)],
        "virtual_network_subnet_ids": [str(each) for each in rules.virtual_network_rules(plan)],
    }
