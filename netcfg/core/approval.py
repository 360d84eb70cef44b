"""The private endpoints of a vault as it knows them, and what its owner said to each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

_SEGMENT = r"(?!\.{1,2}(?:/|\Z))[^/]+"  # an id is a path, along which a token is sent: no step of it leads back
_RESOURCE = re.compile(
    rf"/subscriptions/{_SEGMENT}/resourceGroups/{_SEGMENT}/providers/{_SEGMENT}(?:/{_SEGMENT}/{_SEGMENT})+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PieceId:
    """The resource id of a piece. Ids are the same whatever their case; `text` is kept as it was found."""

    text: str = field(compare=False)
    key: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text.rstrip("/"))
        object.__setattr__(self, "key", self.text.lower())

    @property
    def name(self) -> str:
        return self.text.rpartition("/")[2]

    @property
    def is_resource(self) -> bool:
        """Whether it is a resource's id indeed, along which may be asked; an answer may hold any text in its place."""
        return self.text.isprintable() and _RESOURCE.fullmatch(self.text) is not None

    @property
    def subscription(self) -> str:
        return self.key.split("/")[2]

    @property
    def resource_group(self) -> str:
        return self.text.split("/")[4]

    @property
    def group(self) -> tuple[str, str]:
        """The resource group, which has its name to itself within a subscription only."""
        return self.subscription, self.resource_group.lower()

    def child(self, kind: str, name: str) -> PieceId:
        return PieceId(f"{self.text}/{kind}/{name}")

    @property
    def parent(self) -> PieceId:
        return PieceId(self.text.rsplit("/", 2)[0])

    def __str__(self) -> str:
        return self.text


class Approval(Enum):
    """What the owner of a vault says to a private endpoint; only `Approved` ones lead anywhere."""

    APPROVED = "Approved"
    PENDING = "Pending"
    REJECTED = "Rejected"
    DISCONNECTED = "Disconnected"
    UNKNOWN = "in a state that this version does not know"

    @classmethod
    def _missing_(cls, value: object) -> Approval:
        """Whatever Azure writes; a state that nobody here knows leads nowhere, and is no reason to leave the rules."""
        return next((each for each in cls if str(value).lower() == each.value.lower()), cls.UNKNOWN)


@dataclass(frozen=True)
class Connection:
    """A private endpoint as its vault knows it; the endpoint may be somebody else's, in another tenant."""

    id: PieceId
    endpoint: PieceId
    approval: Approval
