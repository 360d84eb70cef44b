"""Resource Graph: every row that there is, or an error; never a part that looks like the whole."""

from __future__ import annotations

from time import sleep
from typing import Any

import pytest

from netcfg.azure import graph
from netcfg.azure.connection import connect
from netcfg.core.errors import AzureAnswer
from tests.azure.scripted import Answer, scripted


def ask(*pages: dict[str, Any]) -> list[str]:
    with scripted(*map(Answer, pages)) as script, connect("t", resource_manager=script.url) as azure:
        return [row["id"] for row in graph.rows(azure.arm, "resources | project id")]


def page(*ids: str, **more: Any) -> dict[str, Any]:
    return {"count": len(ids), "data": [{"id": each} for each in ids], "resultTruncated": "false", **more}


def test_all_pages_are_read_and_counted():
    assert ask(page("a", "b", totalRecords=3, **{"$skipToken": "t"}), page("c", totalRecords=3)) == ["a", "b", "c"]


def test_no_rows_are_an_empty_list_that_says_so():
    assert ask(page(totalRecords=0)) == []


def test_a_list_that_changes_while_it_is_read_is_read_again_and_gives_each_row_once():
    # The row `a` was deleted after the first page, so that `c` came to be where the first page had ended.
    first = page("a", "b", totalRecords=4, **{"$skipToken": "t"}), page("d", totalRecords=3)
    again = page("b", "c", totalRecords=3, **{"$skipToken": "t"}), page("d", totalRecords=3)
    assert ask(*first, *again) == ["a", "b", "d", "c"]


def test_a_row_that_comes_twice_is_a_list_that_moved():
    first = page("a", "b", totalRecords=3, **{"$skipToken": "t"}), page("b", totalRecords=3)
    again = page("a", "b", totalRecords=3, **{"$skipToken": "t"}), page("c", totalRecords=3)
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
    pages = page("a", totalRecords=2, **{"$skipToken": "t"}), page("b", totalRecords=2)
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
        ([page("a", totalRecords=3, **{"$skipToken": "t"}), page("b", totalRecords=3)], "2 rows where it counts 3"),
        ([page("a", resultTruncated="true")], "a list that was cut off"),
        ([page("a", **{"$skipToken": "t"}), page("b", **{"$skipToken": "t"})], "whose next page is no new one"),
        ([page("a", **{"$skipToken": 5})], "whose next page is no new one"),
        ([page(data={"columns": [], "rows": []})], "dict where a list was expected"),
    ],
)
def test_fewer_rows_than_there_are_is_an_error(pages: list[dict[str, Any]], found: str):
    with pytest.raises(AzureAnswer, match=found):
        ask(*pages)
