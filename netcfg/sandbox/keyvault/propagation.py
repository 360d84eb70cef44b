"""What takes a while to reach a vault's data plane: Resource Manager shows a write at once, the vault obeys it later.

Nobody promises how long. For a world the settings `ruleSeconds` and `roleSeconds` say it, by the clock on the wall.
"""

from __future__ import annotations

import time

from netcfg.sandbox.ids import Document

_LAGS = {
    "ruleSeconds": ("networkAcls", "publicNetworkAccess"),
    "roleSeconds": ("accessPolicies", "enableRbacAuthorization"),
}


def outdate(state: Document, vault: Document, before: Document | None) -> None:
    """Remember what the data plane goes on enforcing after a write; a new vault is enforced as it is from the start."""
    now, key = time.time(), vault["name"].lower()
    notes = [each for each in state["unsettled"].get(key, []) if each["until"] > now]
    for setting, names in _LAGS.items():
        seconds, was = _seconds(state, setting, key), _part(before or vault, names)
        if seconds and was != _part(vault, names):
            notes.append({"until": now + seconds, "of": list(names), "was": was})
    if notes:
        state["unsettled"][key] = notes
    elif key in state["unsettled"]:
        del state["unsettled"][key]


def enforced(state: Document, vault: Document) -> Document:
    """The vault as its own data plane sees it now."""
    notes = [each for each in state["unsettled"].get(vault["name"].lower(), []) if each["until"] > time.time()]
    properties = vault["properties"]
    for each in reversed(notes):  # of several writes the first that has not arrived yet says what was before all
        properties = {key: value for key, value in properties.items() if key not in each["of"]} | each["was"]
    return {**vault, "properties": properties}


def arrives(state: Document) -> float:
    """When the data plane knows a role assignment that is made now."""
    seconds: float = state["settings"]["roleSeconds"]
    return time.time() + seconds if seconds else 0


def _seconds(state: Document, setting: str, vault: str) -> float:
    """A world says how long for all vaults, or by the names of those that take a while."""
    said = state["settings"][setting]
    return float(said.get(vault, 0) if isinstance(said, dict) else said)


def _part(vault: Document, names: tuple[str, ...]) -> Document:
    return {name: vault["properties"][name] for name in names if name in vault["properties"]}
