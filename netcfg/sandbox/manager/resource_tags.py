"""The tags of a resource, as Resource Manager takes them: how many, which names, and how long.

The limits are documented (https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources); the codes
for names and values are quoted in public scripts. Not known, so chosen: the codes for too many tags, for a name twice
in different case and for what is no text, all other words, and that tags are shown in the order they were sent in.
"""

from __future__ import annotations

from typing import Any

from netcfg.sandbox.answer import Refusal

MOST = 50
_NAME = 512
_VALUE = 256
_RESERVED = "<>%&\\?/"


def check(tags: Any) -> None:
    """Refuse tags that no resource can have. Names are the same whatever their case, values are not."""
    if not isinstance(tags, dict):
        raise _refusal("InvalidRequestContent", "The tags of a resource are an object of names and values.")
    if len(tags) > MOST:
        message = f"The resource would have {len(tags)} tags. The maximum number of tags on a resource is {MOST}."
        raise _refusal("TagsLimitExceeded", message)
    for name, value in tags.items():
        _check_name(name)
        if value is not None and not isinstance(value, str):
            raise _refusal("InvalidRequestContent", f"The value of the tag '{name}' is not a string.")
        if len(value or "") > _VALUE:
            longest = f"Maximum allowed length for tag value - '{_VALUE}' characters."
            raise _refusal(
                "InvalidTagValueLength", f"Tag value too large. Following tag '{name}' exceeded it. {longest}"
            )
    lowered = [name.lower() for name in tags]
    twice = sorted({name for name in lowered if lowered.count(name) > 1})
    if twice:
        raise _refusal("DuplicateTagNames", f"The tag names '{', '.join(twice)}' are there more than once.")


def kept(tags: dict[str, Any]) -> dict[str, str]:
    """What Azure shows of tags that it took: null is an empty value."""
    return {name: value or "" for name, value in tags.items()}


def _check_name(name: str) -> None:
    if not name.strip():
        raise _refusal("InvalidTagName", "The tag name must not be empty.")
    if len(name) > _NAME:
        longest = f"Maximum allowed length for tag name - '{_NAME}' characters."
        raise _refusal("InvalidTagName", f"Tag key too large. Following tag name '{name}' exceeded it. {longest}")
    if any(each in _RESERVED or not each.isprintable() for each in name):
        message = f"The tag names '{name}' have reserved characters '<,>,%,&,\\,?,/' or control characters."
        raise _refusal("InvalidTagNameCharacters", message)


def _refusal(code: str, message: str) -> Refusal:
    return Refusal(400, code, message, gateway=True)
