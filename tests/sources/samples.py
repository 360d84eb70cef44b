"""Small pages and tag files in the shape of the published ones, and where the whole ones are, if they are."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from netcfg.core.ranges import Edition
from netcfg.sources import bundled

ATLAS = bundled.atlas()
SEEN = date(2026, 7, 1)
SHARED = Path(__file__).parents[2].parent / "shared" / "data"

PAGE = """---
title: Allowed address lists
ms.date: 02/10/2026
---

# Allowed IP addresses

### Outbound connections

#### [IP V4 ranges](#tab/IP-V4)

```IP V4 ranges
150.171.22.0/24
```

### Inbound connections

_Inbound connections_ come from Azure DevOps, and never from 52.112.0.0/16.

> [!div class="mx-tdCol2BreakAll"]  \n\
> |  Geography | Region  | IP V4 ranges |  \n\
> |------|------|---------|  \n\
> | Australia | Australia East | 20.37.194.0/24 |  \n\
> |  | Australia South East   | 20.42.226.0/24 |
> | Europe | Western Europe | 40.74.28.0/23 |  \n\
> |  | North Europe | 20.166.41.0/24 |

The **AzureDevOps** service tag names them too.

### Other IP addresses

| Region | IP V4 ranges |
|---|---|
| West Europe | 52.109.0.0/16 |

```Others
52.108.0.0/14
40.82.190.38
```
"""

RENDERED = """<!DOCTYPE html>
<html lang="en-us"><head>
<meta name="ms.date" content="2026-02-10T00:00:00Z" /><meta name="updated_at" content="2026-03-01T10:05:00Z" />
<title>Allowed IP addresses</title><script>document.write("<h3>Inbound connections</h3><table>")</script></head>
<body><h3 id="outbound">Outbound connections</h3><pre><code>150.171.22.0/24</code></pre>
<h3 id="inbound-connections">Inbound connections</h3>
<p><em>Inbound connections</em> never come from 52.112.0.0/16.</p>
<div class="mx-tdCol2BreakAll"><table aria-label="Table 1">
<thead><tr><th>Geography</th><th>Region</th><th>IP V4 ranges</th></tr></thead>
<tbody>
<tr><td>Australia</td><td>Australia East</td><td>20.37.194.0/24</td></tr>
<tr><td></td><td>Australia South East </td><td>20.42.226.0/24</td></tr>
<tr><td>Europe</td><td>Western Europe</td><td>40.74.28.0/23</td></tr>
<tr><td>&nbsp;</td><td>North Europe</td><td>20.166.41.0/24</td></tr>
</tbody></table></div>
<h3>Other IP addresses</h3>
<table><tr><th>Region</th><th>IP V4 ranges</th></tr><tr><td>West Europe</td><td>52.109.0.0/16</td></tr></table>
<pre><code>52.108.0.0/14</code></pre></body></html>
"""

RANGES = [
    ("20.37.194.0/24", "australiaeast"),
    ("20.42.226.0/24", "australiasoutheast"),
    ("20.166.41.0/24", "northeurope"),
    ("40.74.28.0/23", "westeurope"),
]

REGIONS: dict[str, list[str]] = {
    "WestEurope": ["40.74.28.0/23", "172.199.233.80/28", "2603:1020:206:1000::a/128"],
    "EastUS2EUAP": ["20.39.13.0/26"],
    "SwedenSouth": ["20.91.91.32/28"],
}


def tag(name: str, region: str, number: object, prefixes: list[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "id": name,
        "properties": {
            "changeNumber": number,
            "region": region,
            "regionId": 0,
            "platform": "Azure",
            "systemService": name.partition(".")[0],
            "addressPrefixes": prefixes,
            "networkFeatures": None,
        },
    }


def tag_file(regions: dict[str, list[str]] = REGIONS, number: object = 13, file: object = 411) -> dict[str, Any]:
    """The weekly file with `AzureDevOps`, its regional tags, and tags of other services around it."""
    union = sorted({prefix for prefixes in regions.values() for prefix in prefixes})
    values = [
        tag("ApiManagement.WestEurope", "westeurope", 5, ["13.69.64.76/31"]),
        tag("AzureDevOps", "", number, union),
        *(tag(f"AzureDevOps.{name}", name.lower(), 1, list(prefixes)) for name, prefixes in regions.items()),
        tag("AzureDevOpsLookalike", "westeurope", 9, ["13.70.64.0/24"]),
    ]
    return {"changeNumber": file, "cloud": "Public", "values": values}


def as_bytes(document: object) -> bytes:
    return json.dumps(document, indent=2).encode()


def said(edition: Edition) -> list[tuple[str, str]]:
    return [(str(each.network), each.region.name) for each in edition.ranges]


def shared(folder: str, pattern: str) -> list[Any]:
    """The files of a folder that only some machines have; one test that says so where it is not there."""
    files = sorted((SHARED / folder).glob(pattern))
    reason = f"{SHARED / folder} is not on this machine"
    return [pytest.param(path, id=path.stem) for path in files] or [
        pytest.param(None, marks=pytest.mark.skip(reason=reason))
    ]
