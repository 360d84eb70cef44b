"""The service tag `AzureDevOps` in the weekly file "Azure IP Ranges and Service Tags", or in the answer of the Service
Tag Discovery API, which has the same shape with its change numbers as strings.

https://www.microsoft.com/download/details.aspx?id=56519
https://learn.microsoft.com/rest/api/virtualnetwork/service-tags/list
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from netcfg.core.errors import BadEdition, TagsDisagree
from netcfg.core.geography import Atlas
from netcfg.core.ranges import Edition, Publisher
from netcfg.sources.publication import Publication, compose, parse_prefix, quote

FILE_NAME = re.compile(r"ServiceTags_Public_(\d{4})(\d{2})(\d{2})\.json", re.ASCII | re.IGNORECASE)
_TAG = "AzureDevOps"
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_MOST_NAMED = 5  # ranges of a difference


@dataclass(frozen=True)
class _Tag:
    name: str
    region: str
    change_number: int
    prefixes: tuple[str, ...]


def parse(content: bytes, atlas: Atlas, where: str, seen: date) -> Publication:
    """The edition in the file, for which the day in the file's name counts, where `where` has one, else `seen`."""
    document = _document(content, where)
    tags = {each.name: each for each in _tags(document, where)}
    if _TAG not in tags:
        raise BadEdition(where, f"it has no tag {_TAG}, as the files of other clouds have none")
    whole = tags.pop(_TAG)
    regional = sorted(tags.values(), key=lambda each: (each.region, each.name))
    blank = Edition(
        Publisher.SERVICE_TAG, _day(where, seen), _source(document, where), (), change_number=whole.change_number
    )
    rows = ((each.region, prefix) for each in regional for prefix in each.prefixes)
    publication = compose(blank, rows, atlas, where)
    _compare(whole, publication.edition, where)
    return publication


def _document(content: bytes, where: str) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadEdition(where, "it is not complete JSON") from error
    if not isinstance(document, dict) or not isinstance(document.get("values"), list):
        raise BadEdition(where, "it is no list of service tags, which has 'values'")
    if document.get("cloud") != "Public":
        raise BadEdition(where, f"its cloud is {quote(document.get('cloud'))}, and Azure DevOps is in 'Public' only")
    return document


def _tags(document: Mapping[str, Any], where: str) -> Iterator[_Tag]:
    """`AzureDevOps` and its regional tags, which are two or three dozen of some three thousand."""
    known: set[str] = set()
    for each in document["values"]:
        name = each.get("name") if isinstance(each, dict) else None
        if not isinstance(name, str):
            raise BadEdition(where, "it has a tag without a name")
        if name.partition(".")[0] == _TAG:
            if name in known:
                raise BadEdition(where, f"it has the tag {quote(name)} twice")
            known.add(name)
            yield _tag(name, each.get("properties"), where)


def _tag(name: str, properties: Any, where: str) -> _Tag:
    match properties:
        case {"region": str(region), "addressPrefixes": list(prefixes)}:
            if not all(isinstance(each, str) for each in prefixes):
                raise BadEdition(where, f"the tag {quote(name)} has a prefix that is no text")
            number = _number(properties.get("changeNumber"), f"the tag {quote(name)}", where)
            return _Tag(name, region, number, tuple(prefixes))
        case _:
            raise BadEdition(where, f"the tag {quote(name)} has no region and address prefixes")


def _number(found: object, subject: str, where: str) -> int:
    """A number in the file, a string in the API."""
    text = found if isinstance(found, str) else str(found) if type(found) is int else ""
    if not _NUMBER.fullmatch(text):
        raise BadEdition(where, f"{subject} has the change number {quote(found)}")
    return int(text)


def _source(document: Mapping[str, Any], where: str) -> str:
    is_answer = document.get("type") == "Microsoft.Network/serviceTags"
    title = "Service Tag Discovery API" if is_answer else "Azure IP Ranges and Service Tags, Public Cloud"
    if document.get("changeNumber") is None:
        return f"{title}, tag {_TAG}, as first seen on that day"
    number = _number(document["changeNumber"], "it", where)
    return f"{title}, tag {_TAG}, {'' if is_answer else 'file '}change number {number}"


def _day(where: str, seen: date) -> date:
    named = FILE_NAME.fullmatch(file_name(where))
    if named is None:
        return seen
    year, month, day = map(int, named.groups())
    try:
        return date(year, month, day)
    except ValueError as error:
        raise BadEdition(where, "its name has no day, where one like 20260622 was expected") from error


def file_name(where: str) -> str:
    """The last part of a path, or of the path of an address."""
    path = urlsplit(where).path if "://" in where else where.replace("\\", "/")
    return PurePosixPath(path).name


def _compare(whole: _Tag, edition: Edition, where: str) -> None:
    """The tag has no region for its prefixes, the regional tags do; neither may have one that the other lacks."""
    union = {parse_prefix(each, where) for each in whole.prefixes}
    regional: set[IPv4Network | IPv6Network] = {*edition.networks, *(each for each, _ in edition.ipv6)}
    if union != regional:
        raise TagsDisagree(where, _named(union - regional), _named(regional - union))


def _named(networks: Iterable[IPv4Network | IPv6Network]) -> str:
    """The first few, and how many more."""
    texts = [str(each) for each in sorted(networks, key=lambda each: (each.version, int(each.network_address)))]
    more = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
