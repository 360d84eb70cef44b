"""Time, peak memory and requests of whole processes; one subject after the other, or `--only` one.

`apply`: netcfg beside a bare SDK script, for one vault with two agents' subnets. `fleet`: a check of 1 to 10,000 vaults
beside one page of Resource Graph by the bare SDK, and beside Cloud Custodian where that is there; then an apply to 200.
`reports`: a thousand vaults with ten findings each, in every format. `ranges`: the weekly file of service tags parsed,
and `netcfg ranges list`.

What is measured is a process of its own, and signs in as a managed identity through azure-identity's default chain.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.benchmarks import apply, fleet, ranges, reports

SUBJECTS = {"apply": apply.measure, "fleet": fleet.measure, "reports": reports.measure, "ranges": ranges.measure}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(SUBJECTS), help="default all")
    parser.add_argument("--runs", type=int, default=7, help="of each kind; what is shown is the median")
    parser.add_argument("--latency", type=int, action="append", help="milliseconds for each answer; default 0 and 80")
    parser.add_argument("--vaults", type=int, action="append", help="in a fleet; default 1, 100, 1,000 and 10,000")
    parser.add_argument("--sdk", metavar="PYTHON", default=sys.executable, help="one that has azure-mgmt-resourcegraph")
    parser.add_argument("--custodian", metavar="PYTHON", default=sys.executable, help="one that has c7n-azure")
    options = parser.parse_args()
    for name, measure in SUBJECTS.items():
        if options.only in (None, name):
            measure(options)


if __name__ == "__main__":
    main()
