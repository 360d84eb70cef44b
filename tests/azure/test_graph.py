"""Resource Graph: every row that there is, or an error; never a part that looks like the whole."""

from __future__ import annotations

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
