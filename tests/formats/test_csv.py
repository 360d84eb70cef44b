"""The published ranges for spreadsheets."""

import csv as parser
from dataclasses import replace
from io import StringIO

import pytest

from netcfg.core.geography import Region
from netcfg.formats import csv
from tests.formats import builders, generated


def test_the_ranges_of_two_geographies():
    assert csv.ranges(builders.resolution(builders.EUROPE, builders.CANADA)) == (
        "geography,region,range,publishers\n"
        "CA,canadacentral,52.228.82.0/24,table service-tag\n"
        "CA,canadaeast,20.200.34.0/26,service-tag\n"
        "EU,northeurope,20.166.41.0/24,table service-tag\n"
        "EU,northeurope,134.149.110.74/31,service-tag\n"
        "EU,westeurope,40.74.28.0/23,table service-tag\n"
        "EU,westeurope,172.199.233.128/26,service-tag\n"
    )


@pytest.mark.parametrize("name", generated.HOSTILE)
def test_no_name_breaks_a_row_or_begins_a_formula(name: str):
    resolution = builders.resolution()
    odd = replace(resolution.wanted[0], region=Region(name, builders.EUROPE))
    written = csv.ranges(replace(resolution, wanted=(odd,)))
    assert written.count("\n") == 2
    [_, row] = parser.reader(StringIO(written))
    assert len(row) == 4
    assert not row[1].startswith(("=", "+", "-", "@"))
