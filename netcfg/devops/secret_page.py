"""A page of the list of a vault's secrets, as the vault itself writes it: names, and no value anywhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from netcfg.core.errors import DevOpsAnswer
from netcfg.core.linking.secrets import Secret
from netcfg.devops.answer import Question
from netcfg.devops.pages import Json, kind, shown

_LIST = "the names of a vault's secrets"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def parse_page(text: str, vault: str, question: Question) -> tuple[dict[str, Secret], str]:
    """The secrets of a page by key, and the token of the next, empty after the last. What is no page of this vault is
    an error: secrets of another one would be mapped, and its own taken for gone."""
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        found = "broken JSON" if text.strip() else "nothing"
        raise DevOpsAnswer(question.url, found, _LIST) from error
    listed = document.get("value") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise DevOpsAnswer(question.url, "no list 'value'", _LIST)
    secrets = [_secret(each, vault, question) for each in listed]
    return {each.key: each for each in secrets}, _token(document.get("nextLink"), question)


def _token(link: object, question: Question) -> str:
    """The token in the address of the next page. An address without one is no end: there is more, and no way to it."""
    if link is None or link == "":
        return ""
    try:
        query = urlsplit(link).query if isinstance(link, str) else ""
    except ValueError:
        query = ""
    # Not parse_qs, which takes a `+` of base64 for a blank.
    pairs = [each.partition("=") for each in query.split("&")]
    tokens = [unquote(value) for key, _, value in pairs if unquote(key).casefold() == "$skiptoken"]
    if len(tokens) != 1 or not tokens[0]:
        raise DevOpsAnswer(question.url, "a nextLink without one $skiptoken", "the way to the next page")
    return tokens[0]


def _secret(found: Json, vault: str, question: Question) -> Secret:
    attributes = found.get("attributes")
    if not isinstance(attributes, dict):
        raise DevOpsAnswer(question.url, f"attributes = {kind(attributes)} of a secret", "an object")
    enabled, managed, type = attributes.get("enabled"), found.get("managed"), found.get("contentType")
    for field, value in (("enabled", enabled), ("managed", managed)):
        if value is not None and not isinstance(value, bool):
            raise DevOpsAnswer(question.url, f"{field} = {kind(value)} of a secret", "true or false")
    return Secret(
        _name(found.get("id"), vault, question),
        enabled is not False,
        _moment(attributes.get("exp"), "exp", question),
        _moment(attributes.get("nbf"), "nbf", question),
        type if isinstance(type, str) else "",
        managed is True,
    )


def _name(id: object, vault: str, question: Question) -> str:
    """The name in the id of a secret, `https://<vault>/secrets/<name>`, with its version or without.

    Of the host only the first label is the vault's name: the rest differs from cloud to cloud.
    """
    try:
        address = urlsplit(id if isinstance(id, str) else "")
        host, parts = address.hostname or "", address.path.split("/")
    except ValueError:
        host, parts = "", []
    if len(parts) < 3 or parts[1].casefold() != "secrets" or not parts[2]:
        raise DevOpsAnswer(question.url, f"id = {shown(id)} of a secret", "an id with /secrets/ and a name")
    if host.partition(".")[0] != vault.lower():
        raise DevOpsAnswer(question.url, f"a secret of {host or 'no vault'}", f"the secrets of {vault}")
    return unquote(parts[2])


def _moment(value: object, field: str, question: Question) -> datetime | None:
    """Seconds since 1970. What lies beyond the calendar, milliseconds perhaps, is as far as it goes."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise DevOpsAnswer(question.url, f"{field} = {kind(value)} of a secret", "seconds since 1970")
    try:
        return _EPOCH + timedelta(seconds=value)
    except OverflowError:
        return _LAST if value > 0 else _FIRST
