"""Azure Resource Graph: many resources found by one query, from an index that may lag by seconds or minutes.

So what it shows is where to look, or what others depend on; a write is decided on what Resource Manager itself shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netcfg.azure.arm import Json, ResourceManager, objects
from netcfg.core.errors import AzureAnswer, BadIdentifier

PATH = "/providers/Microsoft.ResourceGraph/resources"
VERSION = "2021-03-01"
PAGE = 1000  # the most that is put on one page, and as many values as one query asks for

_SUBJECT = "Resource Graph"


def rows(arm: ResourceManager, query: str) -> Iterator[Json]:
    """Every row that `query` has, over all pages. It must `project id` and order by it, or no second page comes."""
    options: Json = {"$top": PAGE, "resultFormat": "objectArray"}
    while True:
        answer = arm.query(PATH, VERSION, _SUBJECT, {"query": query, "options": options})
        yield from objects(answer.get("data"), _SUBJECT)
        token = answer.get("$skipToken")
        if not token:
            if str(answer.get("resultTruncated")).lower() == "true":
                raise AzureAnswer(_SUBJECT, "a list that was cut off, without a way to the rest")
            return
        options = {**options, "$skipToken": token}


def listed(values: Iterable[str]) -> str:
    """`values` as the list that follows `in~`. What could end a literal is an error: no name or id of Azure has it."""
    return ", ".join(_literal(each) for each in values)


def _literal(text: str) -> str:
    if not text.isprintable() or any(each in text for each in "'\"\\"):
        raise BadIdentifier(text, "a name or an id: it holds a quote, a backslash or a control character")
    return f"'{text}'"
