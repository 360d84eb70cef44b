"""Somebody else, who changes the same vault at the portal, with Terraform, or from a pipeline of his own."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from scripts.benchmarks.fleet import EUROPE
from scripts.disorder.schedule import AGENTS, FOREIGN, HERE, NEWER, RUNNING, TAGS, TEAM, Document

Act = Callable[[Document, random.Random], str]

ADDED = ("191.10.12.1/32", "191.10.12.2/32", "191.10.12.128/25", TEAM, NEWER, f"{HERE}/32", *EUROPE[:2], *FOREIGN[:6])


def act(vault: Document, dice: random.Random) -> tuple[str, str]:
    """One thing that he does to it: of which kind, and in words."""
    kind, do, _ = dice.choices(_ACTS, [weight for _, _, weight in _ACTS])[0]
    return kind, do(vault, dice)


def _add(vault: Document, dice: random.Random) -> str:
    value = dice.choice(ADDED)
    rules = _acls(vault)["ipRules"]
    if all(each["value"] != value for each in rules):
        rules.insert(dice.randint(0, len(rules)), {"value": value})
    return f"adds {value}"


def _remove(vault: Document, dice: random.Random) -> str:
    rules = _acls(vault)["ipRules"]
    return f"removes {rules.pop(dice.randrange(len(rules)))['value']}" if rules else "finds no rule to remove"


def _edit(vault: Document, dice: random.Random) -> str:
    rules = _acls(vault)["ipRules"]
    if not rules:
        return "finds no rule to edit"
    rule, value = dice.choice(rules), dice.choice(ADDED)
    was, rule["value"] = rule["value"], value
    return f"makes {value} of {was}"


def _replace_all(vault: Document, dice: random.Random) -> str:
    """As Terraform does: its own list in the place of all, its own tags too."""
    acls = _acls(vault)
    acls["ipRules"] = [{"value": each} for each in dice.sample(ADDED, 3)]
    vault["tags"] = dict(dice.sample(TAGS, 2))
    return "replaces all rules and tags by his own"


def _tag(vault: Document, dice: random.Random) -> str:
    name, value = dice.choice(TAGS)
    vault["tags"][name] = dice.choice((value, "another", ""))
    return f"tags {name}"


def _untag(vault: Document, dice: random.Random) -> str:
    if not vault["tags"]:
        return "finds no tag to remove"
    name = dice.choice(sorted(vault["tags"]))
    del vault["tags"][name]
    return f"removes the tag {name}"


def _let_in(vault: Document, dice: random.Random) -> str:
    """A run of `exec` on another machine begins."""
    key, value = RUNNING
    key = f"{key[:-1]}{dice.randrange(10)}"
    vault["tags"][key] = value
    address = {"value": value.partition(" ")[0]}
    rules = _acls(vault)["ipRules"]
    if address not in rules:
        rules.append(address)
    return f"lets another machine in, with the tag {key}"


def _network(vault: Document, _dice: random.Random) -> str:
    rules = _acls(vault)["virtualNetworkRules"]
    if rules:
        rules.clear()
        return "removes the rules of subnets"
    rules.append({"id": AGENTS.lower()})
    return "adds the agents' subnet"


def _default(vault: Document, _dice: random.Random) -> str:
    acls = _acls(vault)
    acls["defaultAction"] = "Allow" if acls["defaultAction"] == "Deny" else "Deny"
    return f"sets the default action to {acls['defaultAction']}"


def _access(vault: Document, _dice: random.Random) -> str:
    found = vault["properties"]
    found["publicNetworkAccess"] = "Disabled" if found["publicNetworkAccess"] == "Enabled" else "Enabled"
    return f"sets public access to {found['publicNetworkAccess']}"


def _bypass(vault: Document, _dice: random.Random) -> str:
    acls = _acls(vault)
    acls["bypass"] = "None" if acls["bypass"] == "AzureServices" else "AzureServices"
    return f"sets the bypass to {acls['bypass']}"


def _property(vault: Document, _dice: random.Random) -> str:
    found = vault["properties"]
    found["enabledForDeployment"] = not found["enabledForDeployment"]
    return "changes a property that has nothing to do with networks"


def _acls(vault: Document) -> dict[str, Any]:
    opened: Document = {
        "bypass": "AzureServices",
        "defaultAction": "Allow",
        "ipRules": [],
        "virtualNetworkRules": [],
    }
    found: Document = vault["properties"].setdefault("networkAcls", opened)
    return found


_ACTS: tuple[tuple[str, Act, int], ...] = (
    ("adds a rule", _add, 8),
    ("removes a rule", _remove, 6),
    ("edits a rule", _edit, 3),
    ("replaces all rules and tags", _replace_all, 1),
    ("sets a tag", _tag, 3),
    ("removes a tag", _untag, 2),
    ("lets another machine in", _let_in, 1),
    ("adds or removes a subnet", _network, 1),
    ("changes the default action", _default, 1),
    ("changes public access", _access, 1),
    ("changes the bypass", _bypass, 1),
    ("changes something else", _property, 2),
)
