"""The tags of a vault, among which `netcfg exec` remembers whom it let in."""

from __future__ import annotations

from netcfg.core.resources import Tags


def parse_tags(found: object) -> tuple[Tags, bool]:
    """Tags in the order in which Azure shows them, and whether there are others that are no text.

    Azure's are text without exception, as far as is documented. Others are none of ours and spoil no plan, but tags
    are written all together, and those could not be sent back as they were.
    """
    if found is None:
        return (), False
    if not isinstance(found, dict):
        return (), True
    tags = tuple((name, value) for name, value in found.items() if isinstance(value, str))
    return tags, len(tags) < len(found)
