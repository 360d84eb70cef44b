"""What somebody else does in the middle of a run, as the world says: after so many writes to vaults, each once.

`{"afterWrites": 20, "delete": "kv-a"}`, or `{"afterWrites": 35, "rule": {"vault": "kv-b", "add": "191.10.77.7/32"}}`,
where `remove` takes a rule away. It asks nobody, as a colleague at the portal does.
"""

from __future__ import annotations

import copy

from netcfg.sandbox import clock
from netcfg.sandbox.ids import Document
from netcfg.sandbox.keyvault import deleted_vaults, propagation
from netcfg.sandbox.manager import inventory

_KINDS = ("delete", "rule")


def check(state: Document) -> None:
    """What is meant to happen must be something that can, to a vault that is there: a `ValueError` else."""
    for each in state["meanwhile"]:
        kind = next((kind for kind in _KINDS if kind in each), None)
        if kind is None or "afterWrites" not in each:
            raise ValueError(
                f"nothing can happen meanwhile as {each}; known are {', '.join(_KINDS)}, after 'afterWrites'"
            )
        if _vault(each) not in state["vaults"]:
            raise ValueError(
                f"the vault {_vault(each)!r}, to which something is to happen meanwhile, is not in the world"
            )


def written(state: Document) -> None:
    """A write to a vault was served: let happen what is due after so many. Who meets a write to the same vault is told
    of a conflict as anybody is, and comes again after the next one."""
    if not state["meanwhile"]:
        return
    state["served"] += 1
    ripe = (each for each in state["meanwhile"] if each["afterWrites"] <= state["served"])
    due = [each for each in ripe if f"vault/{_vault(each)}" not in state["writing"]]
    state["meanwhile"] = [each for each in state["meanwhile"] if each not in due]
    for each in due:
        vault = state["vaults"].get(_vault(each))
        if vault is None:  # somebody was faster
            continue
        if "delete" in each:
            deleted_vaults.lay_aside(state, vault)
        else:
            _change(state, vault, each["rule"])


def _vault(each: Document) -> str:
    name: str = each["delete"] if "delete" in each else each["rule"]["vault"]
    return name.lower()


def _change(state: Document, vault: Document, rule: Document) -> None:
    """One rule more or less; on a vault without rules the first one says Deny, as the portal does."""
    before = copy.deepcopy(vault)
    open_to_all: Document = {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [],
        "virtualNetworkRules": [],
    }
    acls = vault["properties"].setdefault("networkAcls", open_to_all)
    values = [each["value"] for each in acls["ipRules"] if each["value"] != rule.get("remove")]
    acls["ipRules"] = [{"value": value} for value in [*values, *([rule["add"]] if "add" in rule else [])]]
    author = {"lastModifiedAt": clock.tick(state), "lastModifiedBy": "colleague@contoso.example"}
    vault["systemData"] |= {**author, "lastModifiedByType": "User"}
    inventory.outdate(state, vault["id"], before)
    propagation.outdate(state, vault, before)
