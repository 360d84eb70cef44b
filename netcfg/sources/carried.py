"""Editions that another file carries: whole, so that whoever reads it plans with the same ranges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from netcfg.core.errors import BadEdition
from netcfg.core.geography import Atlas
from netcfg.core.ranges import Edition
from netcfg.sources.bundled import parse_edition
from netcfg.sources.publication import Publication, render


def carry(edition: Edition) -> dict[str, Any]:
    """The edition as an object in our own compact format, with its digest."""
    regions = (*(each.region for each in edition.ranges), *(region for _, region in edition.ipv6))
    names = tuple((each.name, each) for each in sorted(dict.fromkeys(regions), key=lambda each: each.name))
    return dict(json.loads(render(Publication(edition, names), sha256=edition.sha256)))


def unpack(document: Mapping[str, Any], atlas: Atlas, where: str) -> Edition:
    """The edition that such an object is. One without its digest is not believed, as a refresh would not."""
    try:
        if document["version"] != 1:
            raise BadEdition(where, f"its version {document['version']!r} is none that this netcfg reads")
        edition = parse_edition(document, atlas, where)
        if document["sha256"] != edition.sha256:
            raise BadEdition(where, "its digest is another's")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadEdition(where, f"it is not in netcfg's own format ({error})") from error
    return edition
