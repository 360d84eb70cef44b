"""For scripts and firewalls: one range a line, in order of address, and nothing else."""

from __future__ import annotations

from netcfg.core.ranges import Resolution


def ranges(resolution: Resolution) -> str:
    return "".join(f"{each.network}\n" for each in sorted(resolution.wanted))
