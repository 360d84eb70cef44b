"""Whether a file has the keys and the types of a configuration: all that is wrong, not the first of it.

The types say what is expected; msgspec would tell of one fault a time, without its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from msgspec import inspect

from netcfg.config.document import Document, Vault
from netcfg.config.place import Faults, Place, shown
from netcfg.config.yaml import Node
from netcfg.core.errors import AcceptanceInFile, MissingKey, UnknownKey, WrongValue


def check(root: Place, faults: Faults) -> None:
    """Add to `faults` everything in which the file is not as `Document` says."""
    _check(root, _document(), faults)


@cache
def _document() -> inspect.Type:
    return inspect.type_info(Document)


def _check(place: Place, kind: inspect.Type, faults: Faults) -> None:
    kind = _bare(kind)
    if isinstance(kind, inspect.UnionType):
        fitting = [each for each in kind.types if _fits(place, each)]
        kind = _bare(fitting[0]) if fitting else kind
    if not _fits(place, kind):
        _refuse(place, kind, faults)
        return
    value = place.node.value
    match kind, value:
        case inspect.StructType(), Mapping():
            _check_keys(place, kind, value, faults)
        case inspect.ListType(), _:
            for each in place.items():
                _check(each, kind.item_type, faults)
        case inspect.DictType(), Mapping():
            for key in value:
                _check(place.at(key), kind.value_type, faults)
        case _:
            pass
    if isinstance(kind, inspect.ListType | inspect.DictType | inspect.StrType) and _is_empty(value, kind.min_length):
        faults.add(place, WrongValue("nothing", f"{_expected(kind)} that is not empty"))


def _is_empty(value: object, least: int | None) -> bool:
    return bool(least) and not value


def _check_keys(place: Place, kind: inspect.StructType, value: Mapping[str, Node], faults: Faults) -> None:
    fields = {each.encode_name: each for each in kind.fields}
    for key in value:
        if key in fields:
            _check(place.at(key), fields[key].type, faults)
        elif key in ("accept", "acceptances", "guards", "yes"):
            faults.add(place.at(key), AcceptanceInFile(key))
        else:
            faults.add(place.at(key), UnknownKey(key, fields, is_for_all=kind.cls is Vault and key in _top()))
    for key, each in fields.items():
        if each.required and key not in value:
            faults.add(place, MissingKey(key, fields))


def _top() -> set[str]:
    document = _document()
    return {each.encode_name for each in document.fields} if isinstance(document, inspect.StructType) else set()


def _bare(kind: inspect.Type) -> inspect.Type:
    """The type without what only editors are told."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return kind


def _fits(place: Place, kind: inspect.Type) -> bool:
    """Whether a value is of a kind, whatever is in it."""
    value = place.node.value
    match _bare(kind):
        case inspect.StructType() | inspect.DictType():
            return isinstance(value, Mapping)
        case inspect.ListType():
            return isinstance(value, tuple)
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType(ge=least, le=most):
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and (least or 0) <= int(str(value)) <= (most or int(str(value)))
        case inspect.LiteralType(values=values):
            return value in values
        case _:
            return False


def _refuse(place: Place, kind: inspect.Type, faults: Faults) -> None:
    value = place.node.value
    wants_text = isinstance(kind, inspect.StrType) and isinstance(value, bool | int | float)
    choices = kind.values if isinstance(kind, inspect.LiteralType) else ()
    hint = "put it in quotes" if wants_text else "leave the key out if nothing is meant" if value is None else ""
    faults.add(place, WrongValue(shown(value), _expected(kind), hint, [str(each) for each in choices]))


def _expected(kind: inspect.Type) -> str:
    match _bare(kind):
        case inspect.StructType(fields=fields):
            return f"a mapping with keys such as {', '.join(each.encode_name for each in fields[:3])}"
        case inspect.DictType():
            return "a mapping of names and values"
        case inspect.ListType():
            return "a list"
        case inspect.StrType():
            return "text"
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} to {most:,}"
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case inspect.UnionType(types=types):
            return " or ".join(_expected(each) for each in types)
        case _:
            return "something else"
