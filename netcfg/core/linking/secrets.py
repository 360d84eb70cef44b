"""The secrets of a vault: their names and what is told beside their values, which nobody asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum

# What a certificate's own secret holds: its key and its chain.
_OF_CERTIFICATES = frozenset({"application/x-pkcs12", "application/x-pem-file"})


class State(Enum):
    """Whether a job that runs today gets the value."""

    USABLE = "usable"
    DISABLED = "disabled"
    EXPIRED = "expired"
    NOT_YET = "not yet valid"


@dataclass(frozen=True, order=True)
class Secret:
    """A secret by its name, whose case does not count. Times are in UTC.

    `is_managed` is whether a certificate keeps it: it holds that certificate's private key.
    """

    name: str
    enabled: bool = True
    expires: datetime | None = None
    starts: datetime | None = None
    content_type: str = ""
    is_managed: bool = False

    @property
    def key(self) -> str:
        return self.name.lower()

    def state(self, today: date) -> State:
        """What it is on that day; on the day on which it expires it counts as expired."""
        if not self.enabled:
            return State.DISABLED
        if self.expires is not None and self.expires.date() <= today:
            return State.EXPIRED
        if self.starts is not None and self.starts.date() > today:
            return State.NOT_YET
        return State.USABLE


# Azure Pipelines keeps to itself what begins so, whatever its case: no task gets such a variable.
RESERVED = ("endpoint", "input", "secret", "path", "securefile")


def reserved_prefix(name: str) -> str:
    """With which of the reserved words a name begins; nothing if it begins with none."""
    return next((each for each in RESERVED if name.lower().startswith(each)), "")


def may_be_managed(secret: Secret) -> bool:
    """Whether a certificate may keep it, by what it is said to hold."""
    return secret.is_managed or secret.content_type.lower() in _OF_CERTIFICATES


def tie(secrets: Iterable[Secret], keys: Collection[str] | None) -> tuple[Secret, ...]:
    """The secrets as Resource Manager lists them, marked where a certificate keeps them, which it does not say itself.

    Inferred: a certificate makes a secret of one of two types and a key, both of its name. Where nobody may see the
    `keys` (`None`) the type is all there is.
    """
    return tuple(
        replace(each, is_managed=each.is_managed or (may_be_managed(each) and (keys is None or each.key in keys)))
        for each in secrets
    )
