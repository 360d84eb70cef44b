"""Vaults after their deletion: kept for some days, holding on to their names, until they are purged."""

from __future__ import annotations

from datetime import date, timedelta

from netcfg.sandbox import clock, ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import SUBSCRIPTION, VAULT, Document
from netcfg.sandbox.keyvault import connections
from netcfg.sandbox.keyvault.vaults import find
from netcfg.sandbox.manager import inventory, operations
from netcfg.sandbox.network import private_link

_PROVIDER = SUBSCRIPTION + "/providers/Microsoft.KeyVault"
_PATH = _PROVIDER + "/locations/{location}/deletedVaults/{vault}"
_RESULTS = _PROVIDER + "/locations/{location}/operationResults/{operation}"


def delete(call: Call) -> Answer:
    lay_aside(call.state, find(call))
    return Answer()


def lay_aside(state: Document, vault: Document) -> None:
    """Its private endpoints lead nowhere from now on, also when the name is taken again."""
    key = vault["name"].lower()
    for connection in list(private_link.connections_of(vault)):
        connections.disconnect(state, vault, connection)
    del state["vaults"][key]
    state["unsettled"].pop(key, None)
    inventory.outdate(state, vault["id"], vault)
    state["deletedVaults"][key] = document(vault, f"{state['today']}{clock.tick(state)[10:19]}Z")


def document(vault: Document, deleted: str) -> Document:
    """What is left of a vault that was deleted at that moment."""
    purged = date.fromisoformat(deleted[:10]) + timedelta(days=vault["properties"].get("softDeleteRetentionInDays", 90))
    place = {"subscription": ids.part(vault["id"], "subscriptions"), "location": vault["location"]}
    return {
        "id": _PATH.format(**place, vault=vault["name"]),
        "name": vault["name"],
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": vault["id"],
            "location": vault["location"],
            "tags": vault["tags"],
            "deletionDate": deleted,
            "scheduledPurgeDate": f"{purged}{deleted[10:]}",
        },
    }


def get(call: Call) -> Answer:
    return Answer(_find(call))


def list_all(call: Call) -> Answer:
    """Those of the subscription. There is no permission for a single one: it is the subscription's, or none."""
    scope = SUBSCRIPTION.format(**call.names)
    found = [each for _, each in sorted(call.state["deletedVaults"].items()) if ids.within(each["id"], scope)]
    return Answer({"value": found})


def purge(call: Call) -> Answer:
    """A long-running operation of the older kind: 202 and `Location` until it is done."""
    key = _find(call)["name"].lower()
    name = operations.begin(call.state, "purge", key, clock.tick(call.state))
    return Answer(status=202, headers=_location(call, name))


def purge_result(call: Call) -> Answer:
    name = call.names["operation"]
    operation = operations.find(call.state, name)
    created = operation["since"][:19].replace("T", " ") + "Z"
    if operation["done"]:
        return Answer({"createdDateTime": created, "lastActionDateTime": created, "status": "Succeeded"})
    return Answer({"createdDateTime": created, "status": "NotStarted"}, 202, _location(call, name))


def check_name(call: Call) -> Answer:
    """Names of vaults are taken all over Azure, by deleted vaults too. The message is Key Vault's own (recorded)."""
    name = str((call.body or {}).get("name", ""))
    if name.lower() not in call.state["vaults"] and name.lower() not in call.state["deletedVaults"]:
        return Answer({"nameAvailable": True})
    message = (
        f"The vault name '{name}' is already in use. Vault names are globaly unique so it is possible that the name is "
        "already taken. If you are sure that the vault name was not taken then it is possible that a vault with the "
        "same name was recently deleted but not purged after being placed in a recoverable state. If the vault is in a "
        "recoverable state then the vault will need to be purged before reusing the name. For more information on soft "
        "delete and purging a vault follow this link https://go.microsoft.com/fwlink/?linkid=2147740."
    )
    return Answer({"nameAvailable": False, "reason": "AlreadyExists", "message": message})


def _find(call: Call) -> Document:
    name = call.names["vault"]
    found: Document | None = call.state["deletedVaults"].get(name.lower())
    place = SUBSCRIPTION.format(**call.names)
    is_here = found is not None and ids.within(found["id"], place)
    if found is None or not is_here or found["properties"]["location"].lower() != call.names["location"].lower():
        raise Refusal(404, "DeletedVaultNotFound", f"The specified deleted vault '{name}' does not exist.")
    return found


def _location(call: Call, operation: str) -> dict[str, str]:
    path = _RESULTS.format(**{**call.names, "operation": operation})
    return {"location": call.url(path)} | operations.whole_retry_after(call.state)


_ACTION = "Microsoft.KeyVault/"
_DELETED = _ACTION + "locations/deletedVaults/"
_NAME = _ACTION + "checkNameAvailability/read"
OPERATIONS = (
    Operation("DELETE", VAULT, _ACTION + "vaults/delete", delete, VAULT),
    Operation("GET", _PROVIDER + "/deletedVaults", _ACTION + "deletedVaults/read", list_all, SUBSCRIPTION),
    Operation("GET", _PATH, _DELETED + "read", get, SUBSCRIPTION),
    Operation("POST", _PATH + "/purge", _DELETED + "purge/action", purge, SUBSCRIPTION),
    Operation("GET", _RESULTS, _ACTION + "locations/operationResults/read", purge_result, SUBSCRIPTION),
    Operation("POST", _PROVIDER + "/checkNameAvailability", _NAME, check_name, SUBSCRIPTION),
)
