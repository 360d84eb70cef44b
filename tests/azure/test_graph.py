"""Resource Graph: every row that there is, or an error; never a part that looks like the whole."""

from __future__ import annotations

from time import sleep
from typing import Any

import pytest

from netcfg.azure import graph
from netcfg.azure.connection import connect
from netcfg.core.errors import AzureAnswer
from tests.azure.scripted import Answer, scripted

TOKEN = {"$skipToken": "t"}


def ask(*pages: dict[str, Any]) -> list[str]:
    with scripted(*map(Answer, pages)) as script, connect("t", resource_manager=script.url) as azure:
        return [row["id"] for row in graph.rows(azure.arm, "resources | project id")]


def page(*ids: str, **more: Any) -> dict[str, Any]:
    return {"count": len(ids), "data": [{"id": each} for each in ids], "resultTruncated": "false", **more}


def test_all_pages_are_read_and_counted():
    assert ask(page("a", "b", totalRecords=3, **TOKEN), page("b", "c", totalRecords=3)) == ["a", "b", "c"]


def test_no_rows_are_an_empty_list_that_says_so():
    assert ask(page(totalRecords=0)) == []


def test_a_list_that_changes_while_it_is_read_is_read_again_and_gives_each_row_once():
    # The row `a` was deleted after the first page, so that `c` came to be where the first page had ended.
    first = page("a", "b", totalRecords=4, **TOKEN), page("c", "d", totalRecords=3)
    again = page("b", "c", totalRecords=3, **TOKEN), page("c", "d", totalRecords=3)
    assert ask(*first, *again) == ["a", "b", "c", "d"]


def test_a_list_of_another_length_is_read_again_though_its_pages_meet():
    first = page("a", "b", totalRecords=3, **TOKEN), page("b", "c", "d", totalRecords=4)
    again = page("a", "b", totalRecords=4, **TOKEN), page("b", "c", "d", totalRecords=4)
    assert ask(*first, *again) == ["a", "b", "c", "d"]


class Moving:
    """Resource Graph over a list that somebody changes after the first page."""

    def __init__(self, *changes: Any) -> None:
        self.rows = [f"r{number:05}" for number in range(3000)]
        self.changes = list(changes)
        self.asked: list[dict[str, Any]] = []

    def query(self, path: str, version: str, subject: str, body: Any) -> dict[str, Any]:
        options = body["options"]
        if "$skipToken" in options and self.changes:
            self.changes.pop(0)(self.rows)
        self.asked.append(options)
        start = options.get("$skip", int(options.get("$skipToken", 0)))
        there = self.rows[start : start + 1000]
        end = start + len(there)
        return page(*there, totalRecords=len(self.rows), **({"$skipToken": str(end)} if end < len(self.rows) else {}))


def _swap(rows: list[str]) -> None:
    """One that was on the first page is deleted, and another one made: there are as many as before, and none twice."""
    rows.remove("r00005")
    rows.append("r99999")


def test_a_row_that_slipped_between_two_pages_is_not_lost():
    azure = Moving(_swap)
    found = [row["id"] for row in graph.rows(azure, "q")]  # type: ignore[arg-type]
    assert len(found) == len(set(found)) == 3001
    assert set(azure.rows) <= set(found)
    quiet = Moving()
    assert [row["id"] for row in graph.rows(quiet, "q")] == quiet.rows  # type: ignore[arg-type]
    assert [each.get("$skip") for each in quiet.asked] == [None, 999, 1998, 2997]


@pytest.mark.parametrize("gone", [0, 5, 999, 1000, 1500])
def test_whatever_is_deleted_and_made_meanwhile_all_that_stayed_is_found(gone: int):
    def swap(rows: list[str]) -> None:
        del rows[gone]
        rows.append("r99999")

    azure = Moving(swap)
    found = {row["id"] for row in graph.rows(azure, "q")}  # type: ignore[arg-type]
    assert len(azure.rows) == 3000
    assert set(azure.rows) <= found


class Deaf(Moving):
    """One that goes on by the token alone, whatever else it is told."""

    def query(self, path: str, version: str, subject: str, body: Any) -> dict[str, Any]:
        options = {name: value for name, value in body["options"].items() if name != "$skip"}
        return super().query(path, version, subject, {**body, "options": options})


def test_who_goes_on_by_the_token_alone_is_read_so_in_the_end():
    azure = Deaf()
    assert [row["id"] for row in graph.rows(azure, "q")] == azure.rows  # type: ignore[arg-type]
    restless = Deaf(*[_swap, list.pop, list.pop, list.pop, list.pop])
    with pytest.raises(AzureAnswer, match="a list that changed each time it was read"):
        list(graph.rows(restless, "q"))  # type: ignore[arg-type]


def test_up_to_a_thousand_rows_are_one_query():
    azure = Moving()
    del azure.rows[1000:]
    assert len(list(graph.rows(azure, "q"))) == 1000  # type: ignore[arg-type]
    assert len(azure.asked) == 1


def test_a_row_that_comes_twice_is_a_list_that_moved():
    first = page("a", "b", totalRecords=3, **TOKEN), page("b", "a", totalRecords=3)
    again = page("a", "b", totalRecords=3, **TOKEN), page("b", "c", totalRecords=3)
    assert ask(*first, *again) == ["a", "b", "c"]


def test_a_list_that_never_stands_still_is_an_error():
    pages = [page("a", totalRecords=2, **{"$skipToken": f"t{n}"}) for n in range(9)]
    for number in range(1, 9, 2):
        pages[number] = page("b", totalRecords=3)
    with pytest.raises(AzureAnswer, match="a list that changed each time it was read"):
        ask(*pages)


def test_a_query_names_at_most_three_hundred_subscriptions_and_each_of_them_once():
    named = [f"S{number:04}" for number in range(700)]
    with scripted(Answer(page("a", totalRecords=1))) as script, connect("t", resource_manager=script.url) as azure:
        found = [row["id"] for row in graph.rows(azure.arm, "resources | project id", [*named, "s0001"])]
        asked = sorted(each.body["subscriptions"] for each in script.asked)
    assert found == ["a", "a", "a"]
    assert [len(each) for each in asked] == [300, 300, 100]
    assert [each for group in asked for each in group] == [each.lower() for each in named]


def test_the_next_page_is_asked_for_while_this_one_is_used():
    pages = page("a", totalRecords=2, **TOKEN), page("a", "b", totalRecords=2)
    with scripted(*map(Answer, pages)) as script, connect("t", resource_manager=script.url) as azure:
        rows = graph.rows(azure.arm, "resources | project id")
        assert next(rows)["id"] == "a"
        while len(script.asked) < 2:
            sleep(0.01)
        assert [row["id"] for row in rows] == ["b"]


@pytest.mark.parametrize(
    ("pages", "found"),
    [
        ([page(count=0, totalRecords=0, data=None)], "no rows where a list of them was expected"),
        ([{"count": 0, "totalRecords": 0, "resultTruncated": "false"}], "no rows where a list of them was expected"),
        ([page("a", count=2, totalRecords=2)], "1 rows where it counts 2"),
        ([page("a", totalRecords=2)], "1 rows where it counts 2"),
        ([page("a", totalRecords=3, **TOKEN), page("a", "b", totalRecords=3)], "2 rows where it counts 3"),
        ([page("a", totalRecords=2, **TOKEN), page(totalRecords=2)], "0 rows where it counts 2"),
        ([page("a", totalRecords=1, resultTruncated="true")], "a list that was cut off"),
        (
            [page("a", totalRecords=3, **TOKEN), page("a", "b", totalRecords=3, **TOKEN)],
            "whose next page is no new one",
        ),
        (
            [page("a", totalRecords=3, **TOKEN), page("a", totalRecords=3, **{"$skipToken": "u"})],
            "whose next page is no new one",
        ),
        ([page("a", totalRecords=2, **{"$skipToken": 5})], "whose next page is no new one"),
        ([page(data={"columns": [], "rows": []})], "dict where a list was expected"),
        ([page("a")], "totalRecords = None where a number of rows was expected"),
        ([page("a", totalRecords="5")], "totalRecords = '5' where a number of rows was expected"),
        ([page("a", totalRecords=5.0)], "totalRecords = 5.0 where a number of rows was expected"),
        ([page("a", totalRecords=[1])], r"totalRecords = \[1\] where a number of rows was expected"),
        ([page("a", totalRecords=True)], "totalRecords = True where a number of rows was expected"),
        ([page("a", totalRecords=1, count="1")], "count = '1' where a number of rows was expected"),
    ],
)
def test_fewer_rows_than_there_are_is_an_error(pages: list[dict[str, Any]], found: str):
    with pytest.raises(AzureAnswer, match=found):
        ask(*pages)
