"""JSON as it is read back: each name once, no number that JSON has not, and no deeper than anything of ours is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

DEEPEST = 100  # values within values; ours have a tenth of that


def load(text: str) -> Any:
    """What a text says; a `ValueError` says what is wrong with it."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error!s:.200})") from None
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(found):
        raise ValueError("it is nested too deeply")  # where Python gives up depends on who asks; nobody after us is to
    return found


def _is_deep(found: object) -> bool:
    level = [found] if isinstance(found, (dict, list)) else []
    for _ in range(DEEPEST):
        within = (one for each in level for one in (each.values() if isinstance(each, dict) else each))
        level = [each for each in within if isinstance(each, (dict, list))]
    return bool(level)


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are there once: of two, one reader takes the first and another one the last."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r:.80} is there twice")
        found[name] = value
    return found


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no number of JSON")
