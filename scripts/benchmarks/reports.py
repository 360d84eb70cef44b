"""A check of a thousand vaults with ten findings each, made without anybody being asked, in every format."""

from __future__ import annotations

import argparse
import json
import statistics
import sys

from scripts.benchmarks.processes import PROGRAMS, run


def measure(options: argparse.Namespace) -> None:
    """Each format of the report: seconds, and how long it is."""
    print("\na check of 1,000 vaults with 10 findings each (aim: html and sarif 1 s, html 5 MB)")
    words = [sys.executable, "-P", PROGRAMS / "write_reports.py"]
    found = [json.loads(run(words).said) for _ in range(options.runs)]
    if (findings := found[0].pop("findings")) != 10_000:
        raise SystemExit(f"{findings:,} findings instead of 10,000")
    for name in sorted(found[0]):
        seconds = [each[name][0] for each in found]
        size = found[0][name][1] / 1e6
        print(f"  {name:8}  {statistics.median(seconds):5.2f} s median  {min(seconds):5.2f} s best  {size:5.1f} MB")
