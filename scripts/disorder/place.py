"""The place of a schedule: one sandbox in memory with one vault, which somebody else changes too."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

from netcfg.sandbox.server import Sandbox, play
from scripts.disorder.schedule import SUBSCRIPTION, VAULT, VAULT_ID, Document

# Nothing takes time in this world but what a schedule says.
_WORLD: Document = {
    "extends": "contoso",
    "settings": {"writeSeconds": 0, "operationSeconds": 0, "retryAfter": 1},
    "vaults": [{"name": VAULT, "group": "production/rg-payments"}],
    "deletedVaults": [],
    "perimeters": None,
    "organizations": [],
    "privateEndpoints": [],
    "roleAssignments": [],
    "meanwhile": None,
}
_KEPT = ("virtualNetworks", "settings", "operations", "stale", "writing", "perimeters")  # what a run might change


class Site:
    """The sandbox, begun anew for each schedule: a new one would take longer than most schedules."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        first = sandbox.state
        self._vault: Document = first["vaults"][VAULT]
        self._rest = {name: json.dumps(first[name]) for name in _KEPT}

    def begin(self, start: Document) -> None:
        """The vault holds what `start` says, and nothing else ever happened."""
        vault = copy.deepcopy(self._vault)
        vault["tags"] = dict(start["tags"])
        vault["properties"] |= copy.deepcopy(start["properties"])
        with self.sandbox.edit() as state:
            state["vaults"] = {VAULT: vault}
            for name, text in self._rest.items():
                state[name] = json.loads(text)
        self.sandbox.requests.clear()

    @property
    def vault(self) -> Document:
        """A copy of the vault as it is."""
        with self.sandbox._store.reading() as state:  # `edit` would note and check what nobody changes
            return _copied(state["vaults"][VAULT])

    def change(self, change: Callable[[Document], tuple[str, str]]) -> tuple[str, str]:
        """Let somebody else change the vault; what he did, by its kind and in words."""
        with self.sandbox.edit() as state:
            return change(state["vaults"][VAULT])

    @contextmanager
    def showing(self, vault: Document) -> Iterator[None]:
        """While the block lasts, the vault is another one: that of a while ago, as an index shows it."""
        with self.sandbox.edit() as state:
            now, state["vaults"] = state["vaults"][VAULT], {VAULT: copy.deepcopy(vault)}
        try:
            yield
        finally:
            with self.sandbox.edit() as state:
                state["vaults"] = {VAULT: now}


def _copied(vault: Document) -> Document:
    found: Document = json.loads(json.dumps(vault))
    return found


@cache
def site() -> Site:
    """The one of this process, which lasts as long as the process."""
    return Site(_STACK.enter_context(play(_WORLD)))


_STACK = ExitStack()


def is_vault(path: str) -> bool:
    """Whether a request is about the vault itself, and nothing beside or below it."""
    return path.lower() == VAULT_ID.lower()


def is_subnet(path: str) -> bool:
    return "/subnets/" in path.lower()


def is_home(path: str) -> bool:
    """Whether it is about its subscription, of which Azure counts the requests."""
    return path.lower().startswith(SUBSCRIPTION.lower())
