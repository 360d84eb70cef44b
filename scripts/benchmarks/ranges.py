"""What is published: the weekly file of service tags in its real shape, parsed; and `netcfg ranges list`."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from netcfg.sandbox.network import tags
from netcfg.sandbox.worlds import world
from scripts.benchmarks.processes import NETCFG, PROGRAMS, run

TAGS = 3_000  # of the weekly file, which has over 4 MB
MOST_SECONDS, MOST_MEBIBYTES, MOST_SECONDS_TO_LIST = 0.25, 80, 0.15


def measure(options: argparse.Namespace) -> None:
    print("\nwhat is published")
    print(_parsing(options.runs))
    print(_listing(options.runs * 3))


def weekly_file(into: Path) -> Path:
    """The file of the sandbox, with tags of make-believe services around its own: as many and as long as the real one.

    Its longest tags are those of all Azure in a region; most have a dozen ranges, and a fifth of those are IPv6.
    """
    state = world.begin("contoso")
    day = state["publishers"]["file"]
    document = tags.edition(state, day, "tag-file")
    for number in range(TAGS - len(document["values"])):
        count = 900 if number % 100 == 0 else 28
        prefixes = [f"20.{number % 200}.{each % 250}.{each // 250 * 4}/30" for each in range(count * 4 // 5)]
        prefixes += [f"2603:10{number % 90:02}:{number:x}:{each:x}::/64" for each in range(count // 5)]
        name, region = f"Service{number // 40}", f"region{number % 40}"
        document["values"].append(_tag(name, region, prefixes))
    path = into / f"ServiceTags_Public_{day.replace('-', '')}.json"
    # Indented by two blanks, as Microsoft writes it: the blanks are a good part of its length.
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


def _tag(service: str, region: str, prefixes: list[str]) -> dict[str, Any]:
    properties = {
        "changeNumber": 7,
        "region": region,
        "regionId": 1,
        "platform": "Azure",
        "systemService": service,
        "addressPrefixes": prefixes,
        "networkFeatures": ["API", "NSG", "UDR", "FW"],
    }
    return {"name": f"{service}.{region}", "id": f"{service}.{region}", "properties": properties}


def _parsing(runs: int) -> str:
    """The weekly file: the time of a parse alone, and the peak of a process that does it once."""
    with tempfile.TemporaryDirectory() as folder:
        path = weekly_file(Path(folder))
        words = [sys.executable, "-P", PROGRAMS / "parse_tags.py", path]
        measured = [run(words) for _ in range(runs)]
        found = [json.loads(each.said) for each in measured]
        if found[0][0] != 84:
            raise SystemExit(f"{found[0][0]} ranges were found in the weekly file instead of 84")
        seconds = [each for _, each in found]
        return (
            f"  weekly file, {path.stat().st_size / 1e6:.1f} MB, {TAGS:,} tags: "
            f"{statistics.median(seconds):5.3f} s median  {min(seconds):5.3f} s best (aim {MOST_SECONDS} s)  "
            f"{max(each.mebibytes for each in measured):3.0f} MiB (aim {MOST_MEBIBYTES} MiB)"
        )


def _listing(runs: int) -> str:
    """`netcfg ranges list`, and what is left of it when the start of Python is taken away; in turns, for fairness."""
    start, whole = [], []
    for _ in range(runs):
        start += run([sys.executable, "-P", "-c", "pass"]).seconds
        whole += run([*NETCFG, "ranges", "list", "--geography", "EU"]).seconds
    ours = statistics.median(whole) - statistics.median(start)
    return (
        f"  netcfg ranges list: {statistics.median(whole):5.3f} s median, Python alone "
        f"{statistics.median(start):5.3f} s, ours {ours:5.3f} s (aim {MOST_SECONDS_TO_LIST} s)"
    )
