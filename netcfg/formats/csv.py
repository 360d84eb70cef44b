"""For spreadsheets: the published ranges with a header, separated by commas, each line ended by a mere line feed."""

from __future__ import annotations

import csv
from io import StringIO

from netcfg.core.ranges import Resolution
from netcfg.formats import harmless, order

HEADER = ("geography", "region", "range", "publishers")


def ranges(resolution: Resolution) -> str:
    """By geography, region and address; several publishers of one range are separated by a space."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEADER)
    for each in order.ranges(resolution.wanted):
        place = each.geography.id if each.geography else ""
        names = " ".join(one.value for one in each.publishers)
        writer.writerow(map(harmless.cell, (place, each.region.name, str(each.network), names)))
    return written.getvalue()
