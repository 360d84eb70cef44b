"""A vault's access policies, changed on their own: `accessPolicies/add`, `replace` and `remove`."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import VAULT, Document
from netcfg.sandbox.keyvault.vaults import claims, find, save


def change(call: Call) -> Answer:
    """The answer has an id that ends with a slash, and no name (recorded 2021-04-19)."""
    before = find(call)
    vault = copy.deepcopy(before)
    kind = call.names["change"].lower()
    if kind not in _CHANGES:
        raise Refusal(400, "BadRequest", f"Unknown operation kind '{call.names['change']}'.")
    held = vault["properties"].get("accessPolicies", [])
    policies = _CHANGES[kind](held, call.properties.get("accessPolicies") or [])
    vault["properties"]["accessPolicies"] = policies
    save(call, vault, before)
    return Answer(
        {
            "id": f"{vault['id']}/accessPolicies/",
            "type": "Microsoft.KeyVault/vaults/accessPolicies",
            "properties": {"accessPolicies": policies},
        }
    )


def _added(held: Iterable[Document], sent: Iterable[Document]) -> list[Document]:
    """An object that has permissions already keeps them."""
    by_object = {each["objectId"]: copy.deepcopy(each) for each in held}
    for each in sent:
        known = by_object.setdefault(each["objectId"], {**each, "permissions": {}})
        for kind, names in each["permissions"].items():
            has = known["permissions"].setdefault(kind, [])
            has += [name for name in names if name.lower() not in map(str.lower, has)]
    return list(by_object.values())


def _replaced(_held: Iterable[Document], sent: Iterable[Document]) -> list[Document]:
    return list(sent)


def _removed(held: Iterable[Document], sent: Iterable[Document]) -> list[Document]:
    gone = {each["objectId"]: each["permissions"] for each in sent}
    left = [{**each, "permissions": _without(each["permissions"], gone.get(each["objectId"], {}))} for each in held]
    return [each for each in left if any(each["permissions"].values())]


def _without(held: Mapping[str, list[str]], gone: Mapping[str, list[str]]) -> Document:
    return {kind: [name for name in names if name not in gone.get(kind, [])] for kind, names in held.items()}


_CHANGES = {"add": _added, "replace": _replaced, "remove": _removed}
_ACTION = "Microsoft.KeyVault/vaults/accessPolicies/write"
OPERATIONS = (Operation("PUT", VAULT + "/accessPolicies/{change}", _ACTION, change, VAULT, claims),)
