"""Everything that Resource Manager knows of in one list, for what looks resources up by type, name or query."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import GROUP, SUBSCRIPTION, Document
from netcfg.sandbox.manager.gate import allowed, not_found, suspects

_GENERIC = GROUP + "/providers/{namespace}/{kind}/{name}"


def everything(state: Document) -> Iterator[Document]:
    """Every resource as it is."""
    yield from state["vaults"].values()
    yield from state["virtualNetworks"].values()
    yield from state["privateEndpoints"].values()
    yield from (
        each for each in state["privateDnsZones"].values() if each["properties"]["provisioningState"] != "Creating"
    )
    yield from state["virtualNetworkLinks"].values()
    yield from state["resources"]
    yield from perimeters(state)


def perimeters(state: Document) -> Iterator[Document]:
    """The network security perimeters that vaults are associated with, in subscriptions of this world."""
    named = [each["properties"]["networkSecurityPerimeter"] for found in state["perimeters"].values() for each in found]
    for perimeter in {each["id"].lower(): each for each in named}.values():
        if ids.part(perimeter["id"], "subscriptions").lower() in state["subscriptions"]:
            yield {
                "id": perimeter["id"],
                "name": ids.name(perimeter["id"]),
                "type": "Microsoft.Network/networkSecurityPerimeters",
                "location": perimeter["location"],
                "tags": {},
                "properties": {"provisioningState": "Succeeded", "perimeterGuid": perimeter["perimeterGuid"]},
            }


def readable(state: Document, principal: Document) -> list[Document]:
    """Every resource that `principal` may read: of the others Azure does not say that they exist."""
    return _readable(everything(state), principal)


def _readable(resources: Iterable[Document], principal: Document) -> list[Document]:
    doubtful: dict[str, tuple[str, ...]] = {}
    found = []
    for each in resources:
        action = f"{each['type']}/read"
        if action not in doubtful:
            doubtful[action] = suspects(principal, action)
        if not f"{each['id'].lower()}/".startswith(doubtful[action]) or allowed(principal, action, each["id"]):
            found.append(each)
    return found


def outdate(state: Document, resource_id: str, before: Document | None) -> None:
    """Remember what a vault was before a write, None if it is new, for as long as Resource Graph lags behind."""
    seconds, writes = state["settings"]["graphLagSeconds"], state["settings"]["graphLagWrites"]
    stale, key = state["stale"], resource_id.lower()
    while stale and not _is_stale(stale[oldest := next(iter(stale))], state):  # oldest first, while the lag is one
        del stale[oldest]
    if key in stale and not _is_stale(stale[key], state):
        del stale[key]
    if seconds or writes:
        note = {"until": time.time() + seconds, "writes": state["writes"] + writes, "was": before}
        stale.setdefault(key, note)


def _is_stale(note: Document, state: Document) -> bool:
    return bool(note["until"] > time.time() or note["writes"] > state["writes"])


def lags(state: Document) -> bool:
    """Whether Resource Graph shows anything but what is."""
    return any(_is_stale(each, state) for each in state["stale"].values())


def indexed(state: Document, principal: Document) -> list[Document]:
    """Every resource as Resource Graph shows it to `principal`: what changed as it was a while ago, what was deleted as
    if it still were, and what is new not at all."""
    stale = {key: each["was"] for key, each in state["stale"].items() if _is_stale(each, state)}
    if not stale:
        return readable(state, principal)
    shown = {each["id"].lower(): each for each in everything(state)} | stale
    return _readable((each for each in shown.values() if each is not None), principal)


def list_resources(call: Call) -> Answer:
    """`/resources?$filter=resourceType eq '…' and name eq '…'`: names and places, never properties."""
    wanted = _conditions(call.request.query.get("$filter", ""))
    mine = [each for each in readable(call.state, call.principal) if ids.within(each["id"], _scope(call))]
    found = [each for each in mine if all(str(each.get(key, "")).lower() == value for key, value in wanted.items())]
    keys = ("id", "name", "type", "location", "tags")
    return Answer({"value": [{key: each[key] for key in keys} for each in sorted(found, key=lambda each: each["id"])]})


def get_resource(call: Call) -> Answer:
    """A resource of a type that the sandbox only shows."""
    wanted = _GENERIC.format(**call.names).lower()
    shown = (*call.state["resources"], *perimeters(call.state))
    found = next((each for each in shown if each["id"].lower() == wanted), None)
    if found is None:
        raise not_found(f"{call.names['namespace']}/{call.names['kind']}", call.names["name"], call.names["group"])
    return Answer(found)


def _scope(call: Call) -> str:
    return (GROUP if "group" in call.names else SUBSCRIPTION).format(**call.names)


def _conditions(condition: str) -> dict[str, str]:
    """`resourceType eq 'a' and name eq 'b'` → what must be equal; clients ask in no other way."""
    found = {}
    for each in condition.split(" and "):
        key, _, value = each.strip().partition(" eq ")
        if value:
            found["type" if key == "resourceType" else key] = value.strip().strip("'").lower()
    return found


_READ = "Microsoft.Resources/subscriptions/resources/read"
OPERATIONS = (
    Operation("GET", SUBSCRIPTION + "/resources", _READ, list_resources, SUBSCRIPTION, lists=True),
    Operation("GET", GROUP + "/resources", _READ, list_resources, GROUP, lists=True),
    Operation("GET", _GENERIC, "{namespace}/{kind}/read", get_resource, _GENERIC),
)
