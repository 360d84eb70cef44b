"""Resource Graph: answers queries about many resources at once, from an index of its own that may lag."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import inventory, kql, roles
from netcfg.sandbox.manager.gate import allowed_within
from netcfg.sandbox.sections import State

_PATH = "/providers/Microsoft.ResourceGraph/resources"
_MOST = 1000
_REMEMBERED = 8  # answers
# Rows have all of these, whatever the resource has.
_COLUMNS = ("kind", "managedBy", "sku", "plan", "identity", "zones", "extendedLocation")


def query(call: Call) -> Answer:
    """One page of rows.

    Without `order by` the rows come in an order that nobody should rely on, and without a column `id` there is no
    `$skipToken`, only the word that the result was truncated.
    """
    body = call.body or {}
    options, text = body.get("options") or {}, str(body.get("query", ""))
    subscriptions = _subscriptions(call, body.get("subscriptions"))
    found = _found(call, text, subscriptions)
    asked = hashlib.sha256("|".join([text, *sorted(subscriptions)]).encode()).hexdigest()[:16]
    token = options.get("$skipToken")
    follows = _unpacked(token, asked) if token else 0
    skip = options.get("$skip")  # which counts before what the token remembers
    start = follows if skip is None else int(skip)
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
        answer["$skipToken"] = base64.b64encode(f"{asked} row {end}".encode()).decode()
    return Answer(answer)


def _found(call: Call, text: str, subscriptions: set[str]) -> list[Document]:
    """All rows of the query's answer; kept until the state changes, because who wants the second page asks again."""
    remembered = call.state.remembered if isinstance(call.state, State) and not inventory.lags(call.state) else {}
    key = (text, call.principal["name"], frozenset(subscriptions))
    if key not in remembered:
        try:
            found = kql.run(text, _rows(call, subscriptions))
        except kql.ParserFailure as failure:
            raise _invalid(failure) from None
        if len(remembered) >= _REMEMBERED:
            remembered.clear()
        remembered[key] = found
    rows: list[Document] = remembered[key]
    return rows


def _subscriptions(call: Call, asked: list[str] | None) -> set[str]:
    """Subscriptions that the caller may not read, or that are of another tenant than the token, drop out without a
    word, unless none is left."""
    most = call.state["settings"]["graphSubscriptions"]
    if asked is not None and len(asked) > most:
        raise _refusal(
            "TooManySubscriptionsInQueryRequest",  # the code is not known
            f"The query names {len(asked)} subscriptions, and at most {most} are allowed.",
        )
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
    scope = f"/subscriptions/{subscription}"
    # To read a resource is enough to find it, also for who cannot read the subscription that it is in.
    is_read = allowed_within(call.principal, "Microsoft.Resources/subscriptions/read", scope)
    return is_read or roles.reads_within(call.principal, scope)


def _rows(call: Call, subscriptions: set[str]) -> list[Document]:
    tenants = {each: call.state["subscriptions"][each]["tenantId"] for each in subscriptions}
    rows = []
    for each in inventory.indexed(call.state, call.principal):
        _, _, subscription, _, group, *_ = each["id"].split("/", 5)
        if subscription.lower() in tenants:
            rows.append(_row(each, subscription.lower(), group.lower(), tenants[subscription.lower()]))
    return sorted(rows, key=lambda row: str(row["id"]), reverse=True)


def _row(resource: Document, subscription: str, group: str, tenant: str) -> Document:
    """Types and resource groups are in lower case here, ids as they are."""
    return {
        "id": resource["id"],
        "name": resource["name"],
        "type": resource["type"].lower(),
        "tenantId": tenant,
        "location": resource["location"],
        "resourceGroup": group,
        "subscriptionId": subscription,
        "tags": resource.get("tags", {}),
        "properties": resource["properties"],
        **{key: resource.get(key) for key in _COLUMNS},
    }


def _size(options: Document) -> int:
    size = int(options.get("$top") or 100)
    if not 1 <= size <= _MOST:
        raise _refusal("InvalidPageSize", f"The page size {size} is not between 1 and {_MOST}.")
    return size


def _unpacked(token: str, asked: str) -> int:
    """Where the page begins; a token goes on with the query that it came from, and with no other."""
    try:
        name, _, row = base64.b64decode(token).decode().partition(" row ")
        start = int(row)
    except ValueError:
        name, start = "", 0
    if name != asked:
        raise _refusal("InvalidSkipToken", "The skip token is invalid.")
    return start


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
