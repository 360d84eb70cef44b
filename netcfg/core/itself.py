"""A value as the key of a cache, where only that very value is meant and not one that is equal to it."""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Itself(Generic[Value]):
    """A value that equals itself alone, so that looking it up costs nothing, however much there is in it.

    It is kept as long as the key is, or another value might come to lie where it was.
    """

    __slots__ = ("value",)

    def __init__(self, value: Value) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)
