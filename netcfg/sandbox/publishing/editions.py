"""Editions of the table and of the service tags as a world writes them: whole, or as another one with some changes.

`{"after": "2026-02-10", "added": [["Europe", "North Europe", "191.10.130.0/24"]]}` is what was published before with
one range more. Only whole editions leave this module.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from netcfg.sandbox.ids import Document

_CHANGES = {"after", "added", "removed"}
_TABLE = _CHANGES | {"inbound", "outbound", "expressroute", "others"}
_TAGS = {"after", "changeNumber", "AzureDevOps", "others"}
_DEVOPS = {"changeNumber", "added", "removed", "regions"}
Row = Sequence[str]  # geography, region, prefix


def table(publishers: Document, name: str) -> Document:
    """The table's edition of that day."""
    return _whole(publishers.get("tables", {}), name, _table_after)


def service_tags(publishers: Document, name: str) -> Document:
    """The edition of that day of the service tags."""
    return _whole(publishers.get("serviceTags", {}), name, _tags_after)


def check(publishers: Document) -> None:
    """Every edition that is written or published, made whole once: what is misspelt is a `ValueError` at once."""
    for key, read, published in (
        ("tables", table, ("table",)),
        ("serviceTags", service_tags, ("file", "service")),
    ):
        for name in (*publishers.get(key, {}), *(publishers[each] for each in published if each in publishers)):
            read(publishers, name)


def with_rows(before: Document, rows: Iterable[Row]) -> Document:
    """The table `before` with more rows, each as the last one of its geography."""
    inbound = list(before["inbound"])
    for row in rows:
        same = [at for at, each in enumerate(inbound, start=1) if each[0] == row[0]]
        inbound.insert(same[-1] if same else len(inbound), list(row))
    return {**before, "inbound": inbound}


def with_ranges(before: Document, added: Mapping[str, Iterable[str]]) -> Document:
    """The service tags `before` with more ranges of `AzureDevOps`, by region as in a tag's name."""
    devops = before["AzureDevOps"]
    regions = dict(devops["regions"])
    for region, prefixes in added.items():
        known = regions.get(region, {"regionId": 0, "changeNumber": 0, "prefixes": []})
        regions[region] = _changed(known, [*known["prefixes"], *prefixes])
    return {**before, "AzureDevOps": {**devops, "regions": regions}}


def in_order(prefixes: Iterable[str]) -> list[str]:
    """IPv4 by address, then IPv6, each once, as the weekly file has them."""
    return sorted(set(prefixes), key=_order)


def _whole(
    written: Document, name: str, derive: Callable[[Document, Document], Document], within: tuple[str, ...] = ()
) -> Document:
    if name not in written:
        raise ValueError(f"no edition {name!r}; there are {', '.join(sorted(written)) or 'none'}")
    if name in within:
        raise ValueError(f"the edition {name!r} comes after itself")
    edition: Document = written[name]
    if "after" not in edition:
        return edition
    return derive(_whole(written, edition["after"], derive, (*within, name)), edition)


def _table_after(before: Document, written: Document) -> Document:
    _check_keys(written, _TABLE)
    gone = _present(written.get("removed", []), {prefix for _, _, prefix in before["inbound"]})
    kept = {**before, "inbound": [row for row in before["inbound"] if row[2] not in gone]}
    replaced = {key: each for key, each in written.items() if key not in _CHANGES}
    return {**with_rows(kept, written.get("added", [])), **replaced}


def _tags_after(before: Document, written: Document) -> Document:
    """With all its ranges removed a region has no tag."""
    _check_keys(written, _TAGS)
    changes = written.get("AzureDevOps", {})
    _check_keys(changes, _DEVOPS)
    devops = before["AzureDevOps"]
    gone = _present(changes.get("removed", []), {each for it in devops["regions"].values() for each in it["prefixes"]})
    kept = {
        name: _changed(region, [each for each in region["prefixes"] if each not in gone])
        for name, region in devops["regions"].items()
        if not gone.issuperset(region["prefixes"])
    }
    number = changes.get("changeNumber", devops["changeNumber"])
    whole: Document = {
        **before,
        **{key: written[key] for key in ("changeNumber", "others") if key in written},
        "AzureDevOps": {"changeNumber": number, "regions": changes.get("regions", kept)},
    }
    return with_ranges(whole, changes.get("added", {}))


def _changed(region: Document, prefixes: Collection[str]) -> Document:
    if set(prefixes) == set(region["prefixes"]):
        return region
    return {**region, "changeNumber": region["changeNumber"] + 1, "prefixes": in_order(prefixes)}


def _present(removed: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """A range that was never there cannot go: its edition would not be what its author meant."""
    gone = frozenset(removed)
    if missing := sorted(gone.difference(known)):
        raise ValueError(f"an edition removes {', '.join(missing)}, and the one before it has no such range")
    return gone


def _check_keys(written: Document, known: Collection[str]) -> None:
    if unknown := sorted(set(written) - set(known)):
        raise ValueError(f"an edition has {', '.join(map(repr, unknown))}; known are {', '.join(sorted(known))}")


def _order(prefix: str) -> tuple[bool, tuple[int, ...], str]:
    if ":" in prefix:
        return True, (), prefix
    return False, tuple(int(part) for part in prefix.replace("/", ".").split(".")), prefix
