"""Azure Resource Graph: many resources found by one query, from an index that may lag by seconds or minutes.

So what it shows is where to look, or what others depend on; a write is decided on what Resource Manager itself shows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from netcfg.azure.arm import Json, ResourceManager, objects
from netcfg.azure.quota import PATH
from netcfg.core.errors import AzureAnswer, BadIdentifier

VERSION = "2021-03-01"
PAGE = 1000  # the most that is put on one page, and as many values as one query asks for
SUBSCRIPTIONS = 300  # the most that one query names, as the documentation advises

AHEAD = 4  # queries that are asked side by side; the quota is small
ROUNDS = 3  # how often a list is read that changes while it is read

_SUBJECT = "Resource Graph"


def rows(arm: ResourceManager, query: str, subscriptions: Iterable[str] = ()) -> Iterator[Json]:
    """Every row that `query` has, over all pages; in `subscriptions`, or in all that can be seen where there are none.

    It must `project id` and order by it, or no second page comes. An answer that holds fewer rows than it says is an
    error: what is missing might be the one that matters. Each page is asked for while the one before it is used. Rows
    come in the order of the query within every 300 subscriptions, which is what one query may name.
    """
    named = sorted({each.lower() for each in subscriptions})
    starts = range(0, max(len(named), 1), SUBSCRIPTIONS)
    bodies = deque(_body(query, named[start : start + SUBSCRIPTIONS]) for start in starts)
    pool = ThreadPoolExecutor(AHEAD)
    try:
        begun: deque[tuple[Json, Future[Json]]] = deque()
        while bodies or begun:
            while bodies and len(begun) < AHEAD:
                begun.append((bodies[0], pool.submit(_ask, arm, bodies.popleft())))
            body, first = begun.popleft()
            yield from _whole(arm, body, first, pool)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _body(query: str, subscriptions: Sequence[str]) -> Json:
    options = {"$top": PAGE, "resultFormat": "objectArray"}
    return {"query": query, "options": options, **({"subscriptions": list(subscriptions)} if subscriptions else {})}


def _ask(arm: ResourceManager, body: Json, token: str | None = None) -> Json:
    if token:
        body = {**body, "options": {**body["options"], "$skipToken": token}}
    return arm.query(PATH, VERSION, _SUBJECT, body)


def _whole(arm: ResourceManager, body: Json, first: Future[Json], pool: ThreadPoolExecutor) -> Iterator[Json]:
    """Every row of one query, once.

    A token may count rows from the start, and then what is deleted from an earlier page hides a row of the next. So a
    list whose length changed while it was read, or that showed rows twice, is read again; only new rows are given.
    """
    seen: set[object] = set()
    for _ in range(ROUNDS):
        there: set[object] = set()
        totals: set[object] = set()
        number = 0
        for answer in _pages(arm, body, first, pool):
            totals.add(answer.get("totalRecords"))
            for row in _page(answer):
                number += 1
                key = row.get("id") if isinstance(row.get("id"), str) else number
                there.add(key)
                if key not in seen:
                    seen.add(key)
                    yield row
        if len(totals) == 1:
            (said,) = totals
            _expect(number, said)
            if len(there) == number:
                return
        first = pool.submit(_ask, arm, body)
    raise AzureAnswer(_SUBJECT, "a list that changed each time it was read")


def _pages(arm: ResourceManager, body: Json, first: Future[Json], pool: ThreadPoolExecutor) -> Iterator[Json]:
    """The answers to one query, page by page."""
    tokens: set[str] = set()
    current: Future[Json] | None = first
    while current:
        answer, current = current.result(), None
        token = answer.get("$skipToken")
        if token:
            if not isinstance(token, str) or token in tokens:
                raise AzureAnswer(_SUBJECT, "a list whose next page is no new one")
            tokens.add(token)
            current = pool.submit(_ask, arm, body, token)
        elif str(answer.get("resultTruncated")).lower() == "true":
            raise AzureAnswer(_SUBJECT, "a list that was cut off, without a way to the rest")
        yield answer


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
