"""The places where Microsoft publishes address ranges: the documentation page, its source, and the weekly tag file.

The pages are made afresh from the world's tables, in the layout of the real ones and in other words: the inbound table
in a block quote with blank cells that continue a geography, and around it addresses that are none of our business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from email.utils import formatdate

from netcfg.sandbox import sabotage
from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.network import tags
from netcfg.sandbox.publishing import editions

_DOWNLOADS = "/download.microsoft.com/download/7/1/d/71d86715-5596-4529-9b13-da13a5de5b63"
_MISSING = "The ranges are on another page now."  # in place of a table without rows


def check(state: Document) -> None:
    """What a world or a test says of the publishers, read once: a misspelt fault or edition is a `ValueError`."""
    editions.check(state["publishers"])
    sabotage.check(state["publishers"])


def markdown(request: Request, state: Document) -> Answer:
    """The page as its authors keep it."""
    table = _table(state, "page-source")
    return _published(request, state, "page-source", _markdown(table), "text/plain; charset=utf-8", _middle(table))


def html(request: Request, state: Document) -> Answer:
    """The page as browsers get it."""
    table = _table(state, "rendered-page")
    return _published(request, state, "rendered-page", _html(table), "text/html; charset=utf-8", _middle(table))


def download_page(request: Request, state: Document) -> Answer:
    """The page that people download the weekly file from: the address is in a link, with the day in the file's name."""
    fault = sabotage.fault_of(state, "download-page")
    host = sabotage.ELSEWHERE if fault == "link-elsewhere" else request.root
    link = f"{host}{_DOWNLOADS}/{_file_name(state)}"
    shown = (
        "Come again later." if fault == "no-link" else f'<a href="{link}" class="dlcdetail__download-btn">Download</a>'
    )
    page = f"""<!DOCTYPE html>
<html lang="en-us"><head><title>Download Azure IP Ranges and Service Tags – Public Cloud</title></head>
<body><h1>Azure IP Ranges and Service Tags – Public Cloud</h1>
<p>A file for one week. {shown}</p>
<p><a href="{request.root}/www.microsoft.com/en-us/legal">Terms of use</a></p></body></html>
"""
    return _published(request, state, "download-page", page, "text/html; charset=utf-8", "A file for one week.")


def tag_file(request: Request, state: Document) -> Answer:
    """The weekly file, with all tags of this world; files of other weeks are gone."""
    if not request.path.endswith(_file_name(state)):
        return Answer("404 - File or directory not found.", 404, {"content-type": "text/html"})
    content = json.dumps(tags.edition(state, state["publishers"]["file"], "tag-file"), indent=2)
    return _published(request, state, "tag-file", content, "application/octet-stream")


def _published(request: Request, state: Document, place: str, text: str, kind: str, cut: str = "") -> Answer:
    """`text` as that place answers with it; where it is truncated, it ends with `cut`, else in the middle."""
    return sabotage.serve(
        sabotage.fault_of(state, place),
        request,
        text.encode(),
        lambda content: _dated(request, state, content, kind),
        len(text.partition(cut)[0].encode()) + len(cut.encode()) if cut else None,
    )


def _dated(request: Request, state: Document, content: bytes, kind: str) -> Answer:
    """`content` with an ETag and a date, or 304 for a client that has it already."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    day = date.fromisoformat(state["publishers"]["published"])
    modified = formatdate(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp(), usegmt=True)
    known = {"etag": etag, "last-modified": modified}
    headers = request.headers
    if headers.get("if-none-match", etag if headers.get("if-modified-since") == modified else "") == etag:
        return Answer(status=304, headers=known)
    return Answer(content, headers=known | {"content-type": kind})


def _file_name(state: Document) -> str:
    return f"ServiceTags_Public_{state['publishers']['file'].replace('-', '')}.json"


def _table(state: Document, place: str) -> Document:
    publishers = state["publishers"]
    table = editions.table(publishers, publishers["table"])
    return {
        "date": date.fromisoformat(publishers["table"]),
        **sabotage.spoil_table(sabotage.fault_of(state, place), table),
    }


def _middle(table: Document) -> str:
    """Where a truncated page ends: inside the inbound table, because after it nothing would be missed."""
    inbound = table["inbound"]
    return str(inbound[len(inbound) // 2][2]) if inbound else ""


def _continued(inbound: Iterable[list[str]]) -> list[list[str]]:
    """Rows in which a geography is named once, and blank where it goes on."""
    rows: list[list[str]] = []
    before = ""
    for geography, region, prefix in inbound:
        rows.append(["" if geography == before else geography, region, prefix])
        before = geography
    return rows


def _markdown(table: Document) -> str:
    """Every second row of the table ends in two spaces, as in the original, where nobody sees them."""
    rows = [
        f"> | {geography} | {region} | {prefix} |{'  ' if number % 2 else ''}"
        for number, (geography, region, prefix) in enumerate(_continued(table["inbound"]))
    ]
    inbound = [
        '> [!div class="mx-tdCol2BreakAll"]  ',
        "> |  Geography | Region  | IP V4 ranges |  ",
        "> |------|------|---------|  ",
        *rows,
    ]
    return f"""---
title: Allowed address lists and network connections
titleSuffix: Azure DevOps
ms.topic: reference
monikerRange: '<= azure-devops'
ms.date: {table["date"]:%m/%d/%Y}
---

# Allowed IP addresses and domain URLs

A make-believe page in the layout of the real one.

## IP addresses and range restrictions

### Inbound connections

_Inbound connections_ come from Azure DevOps to what you run.

{_lines(inbound if rows else [_MISSING])}

The **AzureDevOps** service tag names the same connections.

> [!NOTE]
> Microsoft-hosted agents come from other addresses, such as `40.90.0.0/16`.

### Outbound connections

_Outbound connections_ go from your machines to Azure DevOps.

::: moniker range="azure-devops"

#### [IP V4 ranges](#tab/IP-V4)

```IP V4 ranges
{_lines(table["outbound"]["v4"])}
```

#### [IP V6 ranges](#tab/IP-V6)

```IP V6 ranges
{_lines(table["outbound"]["v6"])}
```

---

::: moniker-end

### Other IP addresses

Most of these belong to other services.

```Microsoft365Common&OfficeIPs

{_lines(table["others"])}
```

### Azure DevOps ExpressRoute connections

#### [IP V4 ranges](#tab/IP-V4)

```IP V4 ranges
{_lines(table["expressroute"])}
```

---

## Azure DevOps import service

Only the addresses of the import itself are needed.
"""


def _html(table: Document) -> str:
    """Inferred from how the site renders other pages: no stored copy of this one was found."""
    rows = [f"<tr>\n{_cells(row)}\n</tr>" for row in _continued(table["inbound"])]
    inbound = f"""<div class="mx-tdCol2BreakAll">
<table aria-label="Table 1" class="table table-sm">
<thead>
<tr>
<th>Geography</th>
<th>Region</th>
<th>IP V4 ranges</th>
</tr>
</thead>
<tbody>
{_lines(rows)}
</tbody>
</table>
</div>"""
    return f"""<!DOCTYPE html>
<html lang="en-us">
<head>
<title>Allowed address lists and network connections - Azure DevOps | Microsoft Learn</title>
<meta name="ms.date" content="{table["date"]:%Y-%m-%d}T00:00:00Z" />
</head>
<body><main>
<h1 id="allowed-ip-addresses-and-domain-urls">Allowed IP addresses and domain URLs</h1>
<h2 id="ip-addresses-and-range-restrictions">IP addresses and range restrictions</h2>
<h3 id="inbound-connections">Inbound connections</h3>
<p><em>Inbound connections</em> come from Azure DevOps to what you run.</p>
{inbound if rows else f"<p>{_MISSING}</p>"}
<p>The <strong>AzureDevOps</strong> service tag names the same connections.</p>
<h3 id="outbound-connections">Outbound connections</h3>
<pre><code class="lang-IP">{_lines(table["outbound"]["v4"] + table["outbound"]["v6"])}
</code></pre>
<h3 id="other-ip-addresses">Other IP addresses</h3>
<pre><code>{_lines(table["others"])}
</code></pre>
<h3 id="azure-devops-expressroute-connections">Azure DevOps ExpressRoute connections</h3>
<pre><code>{_lines(table["expressroute"])}
</code></pre>
<h2 id="allowed-domain-urls">Allowed domain URLs</h2>
<table><thead><tr><th>Domain URL</th><th>Description</th></tr></thead>
<tbody><tr><td>https://vsrm.dev.azure.com</td><td>Releases</td></tr></tbody></table>
</main></body>
</html>
"""


def _cells(row: Iterable[str]) -> str:
    return _lines(f"<td>{cell}</td>" for cell in row)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


_PAGE = "docs/organizations/security/allow-list-ip-url.md"
PUBLICATIONS: tuple[tuple[str, Callable[[Request, Document], Answer]], ...] = (
    ("/learn.microsoft.com/{locale}/azure/devops/organizations/security/allow-list-ip-url", html),
    ("/learn.microsoft.com/azure/devops/organizations/security/allow-list-ip-url", html),
    (f"/raw.githubusercontent.com/MicrosoftDocs/azure-devops-docs/{{branch}}/{_PAGE}", markdown),
    ("/www.microsoft.com/{locale}/download/details.aspx", download_page),
    ("/www.microsoft.com/{locale}/download/confirmation.aspx", download_page),
    ("/www.microsoft.com/download/details.aspx", download_page),
    (_DOWNLOADS + "/ServiceTags_Public_{day}.json", tag_file),
)
