"""Resource Graph: answers queries about many resources at once, from an index of its own that may lag."""

from __future__ import annotations

import base64
from typing import Any

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import inventory, kql
from netcfg.sandbox.manager.gate import allowed

_PATH = "/providers/Microsoft.ResourceGraph/resources"
_MOST = 1000
# Rows have all of these, whatever the resource has.
_COLUMNS = ("kind", "managedBy", "sku", "plan", "identity", "zones", "extendedLocation")


def query(call: Call) -> Answer:
    """One page of rows.

    Without `order by` the rows come in an order that nobody should rely on, and without a column `id` there is no
    `$skipToken`, only the word that the result was truncated.
    """
    body = call.body or {}
    options = body.get("options") or {}
    rows = _rows(call, _subscriptions(call, body.get("subscriptions")))
    try:
        found = kql.run(str(body.get("query", "")), rows)
    except kql.ParserFailure as failure:
        raise _invalid(failure) from None
    start = int(options.get("$skip") or 0) if not options.get("$skipToken") else _unpacked(options["$skipToken"])
    page = found[start : start + _size(options)]
    end = start + len(page)
    more = end < len(found)
    pages = bool(page) and "id" in page[0]
    answer: Document = {
        "totalRecords": len(found),
        "count": len(page),
        "data": _table(page) if _as_table(call, options) else page,
        "facets": [],
        "resultTruncated": "true" if more and not pages else "false",
    }
    if more and pages:
        answer["$skipToken"] = base64.b64encode(f"row {end}".encode()).decode()
    return Answer(answer)


def _subscriptions(call: Call, asked: list[str] | None) -> set[str]:
    """Subscriptions that the caller may not read, or that are of another tenant than the token, drop out without a
    word, unless none is left."""
    readable = {each for each in call.state["subscriptions"] if _is_readable(call, each)}
    wanted = readable if asked is None else readable & {each.lower() for each in asked}
    if not wanted:
        given = ", ".join(asked or [])
        raise _refusal(
            "NoValidSubscriptionsInQueryRequest",
            f"There must be at least one subscription that is eligible to contain resources. Given: '{given}'.",
        )
    return wanted


def _is_readable(call: Call, subscription: str) -> bool:
    if call.state["subscriptions"][subscription]["tenantId"] != call.tenant:
        return False
    return allowed(call.principal, "Microsoft.Resources/subscriptions/read", f"/subscriptions/{subscription}")


def _rows(call: Call, subscriptions: set[str]) -> list[Document]:
    resources = inventory.readable(call.state, call.principal)
    rows = [_row(call.state, inventory.as_indexed(call.state, each)) for each in resources]
    inside = [row for row in rows if row["subscriptionId"] in subscriptions]
    return sorted(inside, key=lambda row: str(row["id"]), reverse=True)


def _row(state: Document, resource: Document) -> Document:
    """Types and resource groups are in lower case here, ids as they are."""
    return {
        "id": resource["id"],
        "name": resource["name"],
        "type": resource["type"].lower(),
        "tenantId": state["subscriptions"][ids.part(resource["id"], "subscriptions").lower()]["tenantId"],
        "location": resource["location"],
        "resourceGroup": ids.part(resource["id"], "resourceGroups").lower(),
        "subscriptionId": ids.part(resource["id"], "subscriptions").lower(),
        "tags": resource.get("tags", {}),
        "properties": resource["properties"],
        **{key: resource.get(key) for key in _COLUMNS},
    }


def _size(options: Document) -> int:
    size = int(options.get("$top") or 100)
    if not 1 <= size <= _MOST:
        raise _refusal("InvalidPageSize", f"The page size {size} is not between 1 and {_MOST}.")
    return size


def _unpacked(token: str) -> int:
    try:
        return int(base64.b64decode(token).decode().removeprefix("row "))
    except ValueError:
        raise _refusal("InvalidSkipToken", "The skip token is invalid.") from None


def _as_table(call: Call, options: Document) -> bool:
    """Objects are what versions since 2021-03-01 give when nothing is said; older ones gave a table."""
    default = "objectArray" if call.api_version >= "2021-03-01" else "table"
    return bool((options.get("resultFormat") or default).lower() == "table")


def _table(rows: list[Document]) -> Document:
    names = list(rows[0]) if rows else []
    columns = [{"name": name, "type": _kind(rows[0][name])} for name in names]
    return {"columns": columns, "rows": [[row[name] for name in names] for row in rows]}


def _kind(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "object"
    return "integer" if isinstance(value, int) else "string"


def _invalid(failure: kql.ParserFailure) -> Refusal:
    parser = {
        "code": "ParserFailure",
        "message": "ParserFailure",
        "line": 1,
        "characterPositionInLine": failure.position,
        "token": failure.token,
        "expectedToken": "",
    }
    return _refusal("InvalidQuery", "Query is invalid. Please refer to the documentation and fix the error.", parser)


def _refusal(code: str, message: str, *details: Document) -> Refusal:
    """Resource Graph says `BadRequest` outside and what it means in `details`."""
    more = {"details": [{"code": code, "message": message}, *details]}
    return Refusal(400, "BadRequest", "The request is not valid; see the details.", more=more)


OPERATIONS = (Operation("POST", _PATH, "Microsoft.ResourceGraph/resources/read", query, "/"),)
