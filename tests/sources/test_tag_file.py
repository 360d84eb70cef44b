import json
import time
from datetime import date
from pathlib import Path

import pytest

from netcfg.core.errors import BadEdition, NetcfgError, TagsDisagree, UnmappedRegion
from netcfg.sources import bundled, tag_file
from netcfg.sources.publication import Publication, render
from tests.sources import samples
from tests.sources.samples import ATLAS, REGIONS, SEEN, as_bytes, said, shared, tag

NAME = "https://download.microsoft.com/download/7/1/d/x/ServiceTags_Public_20260622.json"


def parse(document: object, where: str = NAME) -> Publication:
    content = document if isinstance(document, bytes) else as_bytes(document)
    return tag_file.parse(content, ATLAS, where, SEEN)


def refused(document: object, error: type[NetcfgError] = BadEdition, where: str = "tags.json") -> str:
    with pytest.raises(error) as caught:
        parse(document, where)
    return str(caught.value)


@pytest.mark.parametrize("path", shared("service-tags", "*.json"))
def test_a_published_file_is_the_bundled_edition_to_the_byte(path: Path):
    day = date.fromisoformat(path.stem.removeprefix("servicetags-"))
    found = tag_file.parse(path.read_bytes(), ATLAS, path.name, day)
    kept = bundled.data_folder() / "service-tag" / f"{day}.json"
    assert bundled.edition(str(kept)).editions == (found.edition,)
    assert render(found) == kept.read_text()


def test_the_regional_tags_tell_the_regions():
    found = parse(samples.tag_file()).edition
    assert said(found) == [
        ("20.39.13.0/26", "eastus2euap"),
        ("20.91.91.32/28", "swedensouth"),
        ("40.74.28.0/23", "westeurope"),
        ("172.199.233.80/28", "westeurope"),
    ]
    assert [(str(network), region.name) for network, region in found.ipv6] == [
        ("2603:1020:206:1000::a/128", "westeurope")
    ]
    assert [(each.region.is_canary, each.region.geography is None) for each in found.ranges] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]


def test_the_number_is_the_tags_and_the_day_is_in_the_files_name():
    found = parse(samples.tag_file()).edition
    assert (found.change_number, found.day) == (13, date(2026, 6, 22))
    assert found.source == ("Azure IP Ranges and Service Tags, Public Cloud, tag AzureDevOps, file change number 411")


@pytest.mark.parametrize(
    "where", ["/home/me/ServiceTags_Public_20260622.json", "C:\\x\\servicetags_public_20260622.json", f"{NAME}?x=1"]
)
def test_the_day_is_in_the_name_of_a_file_too(where):
    assert parse(samples.tag_file(), where).edition.day == date(2026, 6, 22)


def test_a_file_of_another_name_has_the_day_it_was_seen():
    found = parse(samples.tag_file(file=None), "tags.json").edition
    assert found.day == SEEN
    assert found.source == (
        "Azure IP Ranges and Service Tags, Public Cloud, tag AzureDevOps, as first seen on that day"
    )


def test_a_name_with_a_day_that_is_none_is_refused():
    assert "its name has no day" in refused(samples.tag_file(), where="ServiceTags_Public_20260230.json")


def test_the_answer_of_the_discovery_api_has_its_numbers_as_strings():
    document = samples.tag_file(number="13", file="398")
    found = parse(document | {"type": "Microsoft.Network/serviceTags", "name": "public"}, "the API").edition
    assert found.change_number == 13
    assert found.source == "Service Tag Discovery API, tag AzureDevOps, change number 398"
    assert found.networks == parse(samples.tag_file()).edition.networks


def test_one_prefix_twice_is_no_news():
    regions = REGIONS | {"SwedenSouth": ["20.91.91.32/28", "20.91.91.32/28"]}
    assert parse(samples.tag_file(regions)).edition == parse(samples.tag_file()).edition


# --- what is refused ----------------------------------------------------------------------------------------------


def test_a_tag_that_is_not_the_union_of_its_regions_names_the_difference():
    document = samples.tag_file()
    document["values"][1]["properties"]["addressPrefixes"].remove("40.74.28.0/23")
    document["values"][1]["properties"]["addressPrefixes"] += [f"20.1.{each}.0/24" for each in range(7)]
    assert refused(document, TagsDisagree) == (
        "the edition tags.json cannot be used: only the tag AzureDevOps has 20.1.0.0/24, 20.1.1.0/24, 20.1.2.0/24, "
        "20.1.3.0/24, 20.1.4.0/24 and 2 more, and only its regional tags have 40.74.28.0/23; "
        "download the file again, it may be damaged"
    )


def test_a_difference_in_ipv6_is_one_too():
    document = samples.tag_file()
    document["values"][1]["properties"]["addressPrefixes"].remove("2603:1020:206:1000::a/128")
    assert "only its regional tags have 2603:1020:206:1000::a/128; " in refused(document, TagsDisagree)


def test_an_unknown_region_is_quoted():
    assert "it names the region 'middleearth', which belongs to no geography" in refused(
        samples.tag_file({"MiddleEarth": ["20.1.2.0/24"]}), UnmappedRegion
    )


def test_the_file_of_another_cloud_is_refused():
    document = samples.tag_file() | {"cloud": "AzureGovernment"}
    assert "its cloud is 'AzureGovernment', and Azure DevOps is in 'Public' only" in refused(document)


def test_a_file_without_the_tag_is_refused():
    document = samples.tag_file()
    document["values"] = [each for each in document["values"] if each["name"] != "AzureDevOps"]
    assert "it has no tag AzureDevOps" in refused(document)


def test_a_tag_without_its_regional_tags_is_no_edition():
    document = samples.tag_file()
    document["values"] = document["values"][:2]
    assert "it has no IPv4 range" in refused(document)


@pytest.mark.parametrize(
    ("prefix", "message"),
    [
        ("52.108.0.0/14", "'52.108.0.0/14' is broader than /16"),
        ("10.0.0.0/24", "'10.0.0.0/24' is not public"),
        ("fe80::/64", "'fe80::/64' is not public"),
        ("20.1.2.3/24", "'20.1.2.3/24' has bits set outside its prefix"),
        ("2603::1/64", "'2603::1/64' has bits set outside its prefix"),
        ("everything", "'everything' is not a range"),
        (7, "the tag 'AzureDevOps' has a prefix that is no text"),
    ],
)
def test_a_prefix_that_is_none_is_quoted(prefix, message):
    document = samples.tag_file({"WestEurope": ["20.1.2.0/24"]})
    for each in document["values"][1:3]:
        each["properties"]["addressPrefixes"].append(prefix)
    assert message in refused(document)


def test_one_prefix_in_two_regions_is_an_error():
    regions = {"WestEurope": ["20.1.2.0/24"], "NorthEurope": ["20.1.2.0/24"]}
    assert "it has 20.1.2.0/24 both for 'northeurope' and for 'westeurope'" in refused(samples.tag_file(regions))


@pytest.mark.parametrize("number", [None, True, -1, 1.5, "13.0", "x", "", "9" * 5000, []])
def test_a_change_number_that_is_none_is_refused(number):
    message = refused(samples.tag_file(number=number))
    assert "the tag 'AzureDevOps' has the change number " in message
    assert len(message) < 200


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([7], "it has a tag without a name"),
        ([{"name": 7}], "it has a tag without a name"),
        ([{"name": "AzureDevOps"}], "the tag 'AzureDevOps' has no region and address prefixes"),
        ([{"name": "AzureDevOps", "properties": {"region": None, "addressPrefixes": []}}], "has no region and address"),
        ([tag("AzureDevOps", "", 1, []), tag("AzureDevOps", "", 1, [])], "it has the tag 'AzureDevOps' twice"),
    ],
)
def test_tags_in_another_shape_are_refused(values, message):
    assert message in refused({"changeNumber": 1, "cloud": "Public", "values": values})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[" * 100_000,
        b"\xff\xfe\xff",
        as_bytes(samples.tag_file())[:-9],
        b'{"x": 1' + b"1" * 9000 + b"}",
    ],
)
def test_what_is_no_json_is_refused(content):
    assert "it is not complete JSON" in refused(content)


@pytest.mark.parametrize("document", [[], {}, {"values": {}}, 7])
def test_json_of_something_else_is_refused(document):
    assert "it is no list of service tags, which has 'values'" in refused(document)


# --- speed --------------------------------------------------------------------------------------------------------


def test_a_file_of_the_real_size_takes_no_time():
    document = samples.tag_file()
    others = [f"13.{each // 256}.{each % 256}.0/24" for each in range(50)]
    document["values"] += [tag(f"Service{number}.WestEurope", "westeurope", 1, others) for number in range(3000)]
    content = json.dumps(document, indent=2).encode()
    assert len(content) > 4_000_000

    def seconds() -> float:
        start = time.process_time()  # a busy machine stretches a wall clock, not this
        parse(content)
        return time.process_time() - start

    assert min(seconds() for _ in range(3)) < 1.5
