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
    """Every row that `query` has, over all pages. It must `project id` and order by it, or no second page comes.

    An answer that holds fewer rows than it says is an error: what is missing might be the one that matters.
    """
    options: Json = {"$top": PAGE, "resultFormat": "objectArray"}
    seen = 0
    tokens: set[str] = set()
    while True:
        answer = arm.query(PATH, VERSION, _SUBJECT, {"query": query, "options": options})
        page = _page(answer)
        yield from page
        seen += len(page)
        token = answer.get("$skipToken")
        if not token:
            if str(answer.get("resultTruncated")).lower() == "true":
                raise AzureAnswer(_SUBJECT, "a list that was cut off, without a way to the rest")
            _expect(seen, answer.get("totalRecords"))
            return
        if not isinstance(token, str) or token in tokens:
            raise AzureAnswer(_SUBJECT, "a list whose next page is no new one")
        tokens.add(token)
        options = {**options, "$skipToken": token}


def _page(answer: Json) -> list[Json]:
    """The rows of one answer. A list that is left out is none here: Resource Graph writes an empty one."""
    if answer.get("data") is None:
        raise AzureAnswer(_SUBJECT, "no rows where a list of them was expected")
    page = objects(answer["data"], _SUBJECT)
    _expect(len(page), answer.get("count"))
    return page


def _expect(found: int, said: object) -> None:
    if isinstance(said, int) and found < said:
        raise AzureAnswer(_SUBJECT, f"{found} rows where it counts {said}")


def listed(values: Iterable[str]) -> str:
    """`values` as the list that follows `in~`. What could end a literal is an error: no name or id of Azure has it."""
    return ", ".join(_literal(each) for each in values)


def _literal(text: str) -> str:
    if not text.isprintable() or any(each in text for each in "'\"\\"):
        raise BadIdentifier(text, "a name or an id: it holds a quote, a backslash or a control character")
    return f"'{text}'"
