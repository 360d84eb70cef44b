"""Two writers at once: Key Vault has no ETag, and tells one of them that there was a conflict."""

from __future__ import annotations

import time

from netcfg.sandbox.answer import Refusal
from netcfg.sandbox.ids import Document

_LAPSE = 5  # seconds after which the claim of a killed writer is void


def claim(state: Document, claimed: frozenset[str], vault: str) -> None:
    """Hold on to `claimed` for a write to `vault`, unless another write holds any of it."""
    now = time.time()
    for key in [key for key, until in state["writing"].items() if until <= now]:
        del state["writing"][key]
    if claimed & state["writing"].keys():
        raise refusal(vault)
    state["writing"].update(dict.fromkeys(claimed, now + state["settings"]["writeSeconds"] + _LAPSE))


def release(state: Document, claimed: frozenset[str]) -> None:
    """The write is done, or refused."""
    for key in claimed:
        state["writing"].pop(key, None)


def refusal(vault: str) -> Refusal:
    """Key Vault's own words, as quoted in scylladb/scylla-cluster-tests#13184."""
    message = (
        "A conflict occurred that prevented the operation from completing. The operation failed because the Key Vault "
        f"'{vault}' changed from the point the operation began. This can happen if parallel operations are being "
        "performed on the Key Vault. To prevent this error, serialize the operations so that only one operation is "
        "performed on the Key Vault at a time. Follow this link for more information: "
        "https://go.microsoft.com/fwlink/?linkid=2147741"
    )
    return Refusal(409, "ConflictError", message)
