"""The JSON of a variable group that is linked to a vault: what it says, and what is sent to change it.

A write replaces the whole group, so everything that was found goes back, also what nobody here knows. Shapes are those
of the REST reference, version 7.1, and of what Microsoft's Terraform provider sends.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from netcfg.core.errors import DevOpsAnswer, PlainValues, SharersUnknown
from netcfg.core.linking.groups import LINKED, Mapping, Project, ServiceConnection, VariableGroup
from netcfg.devops.answer import Question
from netcfg.devops.pages import Json, kind, number, text

_REFERENCES = "variableGroupProjectReferences"


def parse_group(found: Json, project: Project, question: Question) -> VariableGroup:
    """The group as the project shows it. Of one that is not linked nothing but its id, name and type is looked at: its
    variables are values."""
    group = VariableGroup(
        number(found, "id", question), text(found, "name", question), project, text(found, "type", question)
    )
    if not group.is_linked:
        return group
    vault, connection = parse_link(found, question)
    variables = _variables(found, question)
    return replace(
        group,
        vault=vault,
        connection=connection,
        mappings=tuple(parse_mapping(name, each) for name, each in variables.items()),
        modified=_told(found, "modifiedOn"),
        refreshed=_told(found["providerData"], "lastRefreshedOn"),
        is_shared=found.get("isShared") is True,
        projects=_sharers(found),
        # Of the variables nothing is kept twice, and no value at all.
        found=json.dumps({key: each for key, each in found.items() if key != "variables"}),
    )


def parse_link(found: Json, question: Question) -> tuple[str, str]:
    """The vault, which Azure DevOps knows by its name only, and the id of the service connection that reads it."""
    link: Any = found.get("providerData")
    if not isinstance(link, dict):
        what = f"providerData = {kind(link)} of a linked group in {question.subject}"
        raise DevOpsAnswer(question.url, what, "the name of its vault")
    return text(link, "vault", question), text(link, "serviceEndpointId", question)


def parse_mapping(name: str, found: object) -> Mapping:
    """A secret that the group maps; one that was never refreshed may have nothing but its name.

    What is written in another way is no error, which would hide all other groups of the project: it is kept as it was
    found. A value is dropped: Azure DevOps shows none of a secret, so it is that of a plain variable.
    """
    if found is not None and not isinstance(found, dict):
        return Mapping(name, has_value=True, is_legible=False)  # it may be a value, and nothing else
    facts: Json = found or {}
    has_value = facts.get("value") is not None
    kept = {**facts, "value": None} if has_value else found
    expires, kind = facts.get("expires"), facts.get("contentType")
    moment = _moment(expires)
    return Mapping(
        name,
        facts.get("enabled") is not False,
        moment,
        _told(facts, "contentType"),
        json.dumps(kept, sort_keys=True),
        has_value,
        not has_value
        and facts.get("isSecret", True) is True
        and isinstance(facts.get("enabled", True), bool)
        and (kind is None or isinstance(kind, str))
        and (expires is None or moment is not None),
    )


def changed_group(group: VariableGroup, mappings: Sequence[Mapping], now: datetime) -> bytes:
    """What is sent so that the group has these mappings and is otherwise as it was found."""
    if values := sorted(each.name for each in mappings if each.has_value):
        raise PlainValues(group.name, values)
    found: Json = json.loads(group.found)
    sent = {
        **found,
        "variables": {each.name: _variable(each) for each in mappings},
        "providerData": {**found["providerData"], "lastRefreshedOn": _written(now)},
        # A project that is not named would lose the group, and lists name none at all.
        _REFERENCES: found.get(_REFERENCES) or [_own_reference(group, found)],
    }
    return json.dumps(sent).encode()


def new_group(
    project: Project, name: str, vault: str, connection: ServiceConnection, mappings: Sequence[Mapping], now: datetime
) -> bytes:
    """What is sent to make a group that is linked to the vault, in that project only."""
    sent = {
        "name": name,
        "description": "",
        "type": LINKED,
        "providerData": {"serviceEndpointId": connection.id, "vault": vault, "lastRefreshedOn": _written(now)},
        "variables": {each.name: _changed(each, {}) for each in mappings},
        _REFERENCES: [_reference(project, name, "")],
    }
    return json.dumps(sent).encode()


def _variables(found: Json, question: Question) -> dict[str, object]:
    variables = found.get("variables")
    if variables is None:
        return {}
    if not isinstance(variables, dict):
        what = f"variables of another kind in the linked group {found['name']!r}"
        raise DevOpsAnswer(question.url, what, "an object")
    return variables


def _variable(mapping: Mapping) -> Json | None:
    """The mapping as it was found, unless something of it is to be another."""
    found: Json | None = json.loads(mapping.found) if mapping.found else {}
    if mapping.found and parse_mapping(mapping.name, found) == mapping:
        return found
    return _changed(mapping, found or {})


def _changed(mapping: Mapping, found: Json) -> Json:
    """What is known of the mapping, and what else was found of it."""
    sent = {"value": None, "isSecret": True, **found}
    sent |= {"enabled": mapping.enabled, "contentType": mapping.content_type}
    if mapping.expires is None:
        return {key: each for key, each in sent.items() if key != "expires"}
    return sent | {"expires": _written(mapping.expires)}


def _sharers(found: Json) -> tuple[str, ...]:
    """The names of the projects that have the group; Azure DevOps tells them of a single group, and not in a list."""
    references = found.get(_REFERENCES)
    inside = [each.get("projectReference") for each in references or () if isinstance(each, dict)]
    return tuple(sorted(_told(each, "name") or _told(each, "id") for each in inside if isinstance(each, dict)))


def _own_reference(group: VariableGroup, found: Json) -> Json:
    if group.is_shared:
        raise SharersUnknown(group.name)
    return _reference(group.project, group.name, _told(found, "description"))


def _reference(project: Project, name: str, description: str) -> Json:
    return {
        "name": name,
        "description": description,
        "projectReference": {"id": project.id, "name": project.name},
    }


def _moment(value: object) -> datetime | None:
    """A time as .NET writes it: with up to seven digits of a second, of which six are kept, and in UTC unless it says
    otherwise. None where it is no time."""
    try:
        found = datetime.fromisoformat(value if isinstance(value, str) else "")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _told(found: Json, field: str) -> str:
    """A text that need not be there."""
    value = found.get(field)
    return value if isinstance(value, str) else ""
