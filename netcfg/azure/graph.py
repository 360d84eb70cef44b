"""Azure Resource Graph: many resources found by one query, from an index that may lag by seconds or minutes.

So what it shows is where to look, or what others depend on; a write is decided on what Resource Manager itself shows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from netcfg.azure.arm import ResourceManager
from netcfg.azure.quota import PATH
from netcfg.core.errors import AzureAnswer, BadIdentifier
from netcfg.core.wire import Json, objects

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


def _ask(arm: ResourceManager, body: Json, token: str | None = None, start: int | None = None) -> Json:
    """One page: the first, or the one that a token leads to, from the row `start` on. Where both are given, that row
    counts, and not the one that the token remembers."""
    if token:
        skip = {} if start is None else {"$skip": start}
        body = {**body, "options": {**body["options"], "$skipToken": token, **skip}}
    return arm.query(PATH, VERSION, _SUBJECT, body)


def _whole(arm: ResourceManager, body: Json, first: Future[Json], pool: ThreadPoolExecutor) -> Iterator[Json]:
    """Every row of one query, once.

    Pages count rows from the start, so what is deleted from an earlier page hides a row of the next. Therefore each
    begins with the row that ended the one before it; where that is another row, where the length changed, or where a
    row came twice, the list moved while it was read, and is read again. Only new rows are given.

    Where the very same two rows meet in every round nothing moves: whoever answers goes on by the token alone. Then the
    list is read so, and its length and its rows are all that proves it.
    """
    seen: set[object] = set()
    seams: list[tuple[object, object]] = []
    for round in range(ROUNDS + 1):
        overlaps = round < ROUNDS
        if not overlaps and not (len(seams) == ROUNDS and len(set(seams)) == 1):
            break
        there: set[object] = set()
        totals: set[int] = set()
        number = 0
        last: Json = {}
        for page, total in _pages(arm, body, first, pool, overlaps=overlaps):
            totals.add(total)
            if number and overlaps and (not page or page[0].get("id") != last.get("id")):
                seams.append((last.get("id"), page[0].get("id") if page else None))
                break
            for row in page[1:] if number and overlaps else page:
                number += 1
                key = row.get("id") if isinstance(row.get("id"), str) else number
                there.add(key)
                if key not in seen:
                    seen.add(key)
                    yield row
            last = page[-1] if page else {}
        else:
            if len(totals) == 1:
                _expect(number, *totals)
                if len(there) == number:
                    return
        first = pool.submit(_ask, arm, body)
    raise AzureAnswer(_SUBJECT, "a list that changed each time it was read")


def _pages(
    arm: ResourceManager, body: Json, first: Future[Json], pool: ThreadPoolExecutor, *, overlaps: bool
) -> Iterator[tuple[list[Json], int]]:
    """The pages of one query, each with how many rows there are in all; where they are to overlap, by one row."""
    tokens: set[str] = set()
    number = 0
    current: Future[Json] | None = first
    while current:
        answer, current = current.result(), None
        page, total = _page(answer), _number(answer, "totalRecords")
        new = len(page) - 1 if number and overlaps else len(page)
        number += new
        token = answer.get("$skipToken")
        if token:
            if not isinstance(token, str) or token in tokens or new < 1:
                raise AzureAnswer(_SUBJECT, "a list whose next page is no new one")
            tokens.add(token)
            current = pool.submit(_ask, arm, body, token, number - 1 if overlaps else None)
        elif str(answer.get("resultTruncated")).lower() == "true":
            raise AzureAnswer(_SUBJECT, "a list that was cut off, without a way to the rest")
        yield page, total


def _page(answer: Json) -> list[Json]:
    """The rows of one answer. A list that is left out is none here: Resource Graph writes an empty one."""
    if answer.get("data") is None:
        raise AzureAnswer(_SUBJECT, "no rows where a list of them was expected")
    page = objects(answer["data"], _SUBJECT)
    _expect(len(page), _number(answer, "count"))
    return page


def _number(answer: Json, name: str) -> int:
    """How many there are; `true` is an `int` to Python, and no number."""
    value = answer.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise AzureAnswer(_SUBJECT, f"{name} = {value!r} where a number of rows was expected")
    return value


def _expect(found: int, said: int) -> None:
    if found < said:
        raise AzureAnswer(_SUBJECT, f"{found} rows where it counts {said}")


def listed(values: Iterable[str]) -> str:
    """`values` as the list that follows `in~`. What could end a literal is an error: no name or id of Azure has it."""
    return ", ".join(_literal(each) for each in values)


def _literal(text: str) -> str:
    if not text.isprintable() or any(each in text for each in "'\"\\"):
        raise BadIdentifier(text, "a name or an id: it holds a quote, a backslash or a control character")
    return f"'{text}'"
