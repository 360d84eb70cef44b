"""Long-running operations: they lie in the state and go on by the clock, so those of a killed server end as well."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable, Mapping

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.ids import Document

Ending = Callable[[Document, str], None]  # what becomes of the target

_KEPT = 3600  # seconds that a finished operation can still be asked about


def begin(state: Document, kind: str, target: str, at: str) -> str:
    """Note that `target` is being changed since `at` (the sandbox's clock); the new operation's id."""
    name = str(uuid.uuid4())
    ready = time.time() + state["settings"]["operationSeconds"]
    state["operations"][name] = {"kind": kind, "target": target, "ready": ready, "since": at, "done": False}
    return name


def busy(state: Document, target: str) -> bool:
    """Whether an operation on `target` still runs."""
    return any(each["target"] == target and not each["done"] for each in state["operations"].values())


def due(state: Document) -> bool:
    """Whether an operation has come to its end since anybody looked."""
    now = time.time()
    return any(not each["done"] and each["ready"] <= now for each in state["operations"].values())


def settle(state: Document, endings: Mapping[str, Ending]) -> None:
    """End every operation whose time has come, each as its kind ends, and forget the old ones."""
    now = time.time()
    for each in state["operations"].values():
        if not each["done"] and each["ready"] <= now:
            endings[each["kind"]](state, each["target"])
            each["done"] = True
    for name in [name for name, each in state["operations"].items() if each["ready"] <= now - _KEPT]:
        del state["operations"][name]


def find(state: Document, name: str) -> Document:
    """The operation of that id."""
    found: Document | None = state["operations"].get(name)
    if found is None:
        raise Refusal(404, "NotFound", f"The operation '{name}' could not be found.")
    return found


def retry_after(state: Document) -> dict[str, str]:
    """The header that says when to ask again: a fraction of a second here, whole seconds in Azure."""
    return {"retry-after": f"{state['settings']['retryAfter']:g}"}


def whole_retry_after(state: Document) -> dict[str, str]:
    """The same in whole seconds: in an answer 201 or 202, Microsoft's clients fail on what is no integer."""
    return {"retry-after": str(math.ceil(state["settings"]["retryAfter"]))}


def status(state: Document, name: str) -> Answer:
    """What `Azure-AsyncOperation` points at."""
    if find(state, name)["done"]:
        return Answer({"status": "Succeeded"})
    return Answer({"status": "InProgress"}, headers=retry_after(state))


def new_etag() -> str:
    """A weak ETag as Microsoft.Network makes them."""
    return f'W/"{uuid.uuid4()}"'
