"""JSON as Azure and Azure DevOps write it, and what may be relied on in it."""

from __future__ import annotations

import json
from typing import Any

from netcfg.core.errors import AzureAnswer

Json = dict[str, Any]


def canonical(value: object) -> str:
    """The same text for all JSON that says the same, in ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def an_object(value: object, subject: str) -> Json:
    """`value`, if it is a JSON object; the answer is not what was asked for if it is not."""
    if not isinstance(value, dict):
        raise AzureAnswer(subject, f"{type(value).__name__} where an object was expected")
    return value


def objects(value: object, subject: str) -> list[Json]:
    """The objects of a JSON list. A list that Azure leaves out, or writes as null, is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise AzureAnswer(subject, f"{type(value).__name__} where a list was expected")
    return [an_object(each, subject) for each in value]
