"""The published ranges for scripts."""

from netcfg.formats import cidr
from tests.formats import builders


def test_one_range_a_line_in_order_of_address():
    assert cidr.ranges(builders.resolution(builders.EUROPE, builders.CANADA)) == (
        "20.166.41.0/24\n20.200.34.0/26\n40.74.28.0/23\n52.228.82.0/24\n134.149.110.74/31\n172.199.233.128/26\n"
    )
