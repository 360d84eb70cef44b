"""Secrets in the data plane: listed, shown, set, changed and deleted. Whatever value is sent, none is kept.

Texts and shapes are those of Microsoft's recordings of its own client libraries.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from netcfg.sandbox import clock
from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.keyvault import contents
from netcfg.sandbox.keyvault.data_plane import Right, Visit, address, page, serve
from netcfg.sandbox.keyvault.firewall import refused

_VALUE = "makeBelieve5Tq8Zr2w"  # of every secret, and like no other text, so that it is noticed anywhere
_LIST = Right("secrets", "list", "readMetadata/action")
_GET = Right("secrets", "get", "getSecret/action")
_LIST_KEYS = Right("keys", "list", "read")
_LIST_CERTIFICATES = Right("certificates", "list", "read")
_ONE = "/secrets/{secret}"


def show(request: Request, state: Document) -> Answer:
    """A page of the list of secrets, or one of them with a made-up value; or the reason why not.

    The request may be made by hand, by somebody in the sandbox who asks a vault himself: with the names `vault` and
    `secret`, the token in `authorization`, and in `x-sandbox-client-address` the address that it comes from.
    """
    return serve(_GET, _get, request, state) if "secret" in request.names else serve(_LIST, _list, request, state)


def _list(visit: Visit) -> Answer:
    secrets = visit.state["secrets"].get(visit.key, {})
    return page(visit, [_shown(visit, each) for _, each in sorted(secrets.items())])


def _get(visit: Visit) -> Answer:
    """An expired secret, and one that is not valid yet, are shown all the same; a disabled one is not."""
    found = _find(visit)
    if found is None:
        return _missing(visit)
    if not found.get("enabled", True):
        return refused(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")
    return Answer({"value": _VALUE, **_shown(visit, found, with_version=True)})


def _set(visit: Visit) -> Answer:
    """A new version, with the attributes that are sent and no others."""
    name, body = visit.request.names["secret"], visit.body
    if not isinstance(body, dict) or not isinstance(body.get("value"), str):
        return refused(400, "BadParameter", "The parameter value is not specified or is no string.")
    if name.lower() in visit.state["deletedSecrets"].get(visit.key, {}):
        message = (
            f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this "
            "state, the secret can only be recovered or purged."
        )
        return refused(409, "Conflict", message, "ObjectIsDeletedButRecoverable")
    before = _find(visit) or {"name": name}
    if before.get("managed"):
        return _kept_by_certificate("set")
    given = _given(body)
    if given is None:
        return _bad_attributes()
    now = _now(visit.state)
    after = {"name": before["name"], "version": uuid.uuid4().hex, "created": now, "updated": now, **given}
    return Answer({"value": body["value"], **_shown(visit, _keep(visit, after), with_version=True)})


def _update(visit: Visit) -> Answer:
    """What is left out stays as it is."""
    found = _find(visit)
    if found is None:
        return _missing(visit)
    if found.get("managed"):
        return _kept_by_certificate("update")
    given = _given(visit.body or {})
    if given is None:
        return _bad_attributes()
    after = found | given | {"updated": _now(visit.state)}
    return Answer(_shown(visit, _keep(visit, after), with_version=True))


def _delete(visit: Visit) -> Answer:
    """Kept for as long as its vault says; the name is taken until it is purged."""
    found = _find(visit)
    if found is None:
        return _missing(visit)
    if found.get("managed"):
        return _kept_by_certificate("delete")
    _forget(visit, "secrets", found)
    gone = {**found, "deleted": _now(visit.state)}
    _remember(visit, "deletedSecrets", gone)
    return Answer(_shown_deleted(visit, gone))


def _get_deleted(visit: Visit) -> Answer:
    found = _find(visit, "deletedSecrets")
    return Answer(_shown_deleted(visit, found)) if found else _missing(visit)


def _recover(visit: Visit) -> Answer:
    found = _find(visit, "deletedSecrets")
    if found is None:
        return _missing(visit)
    _forget(visit, "deletedSecrets", found)
    kept = {key: value for key, value in found.items() if key != "deleted"}
    return Answer(_shown(visit, _keep(visit, kept), with_version=True))


def _purge(visit: Visit) -> Answer:
    found = _find(visit, "deletedSecrets")
    if found is None:
        return _missing(visit)
    if visit.vault["properties"].get("enablePurgeProtection"):
        message = "Operation purge is not allowed because purge protection is enabled for this vault."
        return refused(403, "Forbidden", message, "ForbiddenByPolicy")  # neither is known word for word
    _forget(visit, "deletedSecrets", found)
    return Answer(status=204)


def _list_keys(visit: Visit) -> Answer:
    keys = visit.state["keys"].get(visit.key, {})
    return page(visit, [_object(visit, each, "keys", "kid") for _, each in sorted(keys.items())])


def _list_certificates(visit: Visit) -> Answer:
    found = visit.state["certificates"].get(visit.key, {})
    shown = [_object(visit, each, "certificates", "id") for _, each in sorted(found.items())]
    return page(visit, [each | {"subject": ""} for each in shown])


def _find(visit: Visit, section: str = "secrets") -> Document | None:
    """By name, whatever its case; a version that is named must be the one that counts."""
    names = visit.request.names
    found: Document | None = visit.state[section].get(visit.key, {}).get(names["secret"].lower())
    if found is None or names.get("version", "") in ("", contents.version(found, visit.vault)):
        return found
    return None


def _keep(visit: Visit, secret: Document) -> Document:
    _remember(visit, "secrets", secret)
    return secret


def _remember(visit: Visit, section: str, secret: Document) -> None:
    held = visit.state[section].get(visit.key, {})
    visit.state[section][visit.key] = {**held, secret["name"].lower(): secret}


def _forget(visit: Visit, section: str, secret: Document) -> None:
    held = visit.state[section][visit.key]
    visit.state[section][visit.key] = {key: each for key, each in held.items() if key != secret["name"].lower()}


def _now(state: Document) -> int:
    return int(datetime.fromisoformat(clock.tick(state)).timestamp())


def _given(body: Any) -> Document | None:
    """What a body says of a secret; None where it cannot mean that."""
    if not isinstance(body, dict) or not isinstance(body.get("attributes") or {}, dict):
        return None
    sent = body.get("attributes") or {}
    found = {key: sent[key] for key in ("enabled", "exp", "nbf") if sent.get(key) is not None}
    found |= {key: body[key] for key in ("contentType", "tags") if body.get(key) is not None}
    return found if all(_fits(key, value) for key, value in found.items()) else None


def _fits(key: str, value: Any) -> bool:
    kind = {"enabled": bool, "contentType": str, "tags": dict}.get(key, int)
    return isinstance(value, kind) and (kind is not int or not isinstance(value, bool))


def _bad_attributes() -> Answer:
    return refused(400, "BadParameter", "An attribute, the content type or the tags cannot be read.")


def _shown(visit: Visit, secret: Document, with_version: bool = False) -> Document:
    name = secret["name"] + (f"/{contents.version(secret, visit.vault)}" if with_version else "")
    shown = {key: secret[key] for key in ("contentType",) if secret.get(key)}
    shown |= {"id": address(visit, "secrets", name)}
    shown |= {key: secret[key] for key in ("managed", "tags") if secret.get(key)}
    return shown | {"attributes": contents.attributes(secret, visit.vault, visit.api_version)}


def _shown_deleted(visit: Visit, secret: Document) -> Document:
    days = visit.vault["properties"].get("softDeleteRetentionInDays", 90)
    return {
        "recoveryId": address(visit, "deletedsecrets", secret["name"]),
        "deletedDate": secret["deleted"],
        "scheduledPurgeDate": secret["deleted"] + int(timedelta(days=days).total_seconds()),
        **_shown(visit, secret, with_version=True),
    }


def _object(visit: Visit, each: Document, kind: str, identified_by: str) -> Document:
    shown: Document = {identified_by: address(visit, kind, each["name"])}
    shown |= {"managed": True} if each.get("managed") else {}
    return shown | {"attributes": contents.attributes(each, visit.vault, visit.api_version)}


def _missing(visit: Visit) -> Answer:
    names = visit.request.names
    named = f"{names['secret']}/{names['version']}" if names.get("version") else names["secret"]
    message = (
        f"A secret with (name/id) {named} was not found in this key vault. If you recently deleted this secret you may "
        "be able to recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return refused(404, "SecretNotFound", message)


def _kept_by_certificate(operation: str) -> Answer:
    message = (
        f'Operation "{operation}" is not allowed on this secret, since it is associated with a certificate. Perform '
        "the operation on the corresponding certificate."
    )
    return refused(403, "Forbidden", message, "SecretManagedByKeyVault")


Look = Callable[[Request, Document], Answer]


def _by(right: Right, handle: Callable[[Visit], Answer]) -> Look:
    return lambda request, state: serve(right, handle, request, state)


def _right(permission: str, action: str) -> Right:
    return Right("secrets", permission, action)


_DELETED = "/deletedsecrets/{secret}"
# Client libraries that mean the version that counts end the path with a slash.
VIEWS: tuple[tuple[str, str, Look], ...] = (
    ("GET", "/secrets", show),
    *(("GET", _ONE + end, show) for end in ("", "/", "/{version}")),
    ("GET", _DELETED, _by(_right("get", "readMetadata/action"), _get_deleted)),
    ("GET", "/keys", _by(_LIST_KEYS, _list_keys)),
    ("GET", "/certificates", _by(_LIST_CERTIFICATES, _list_certificates)),
)
CHANGES: tuple[tuple[str, str, Look], ...] = (
    ("PUT", _ONE, _by(_right("set", "setSecret/action"), _set)),
    *(("PATCH", _ONE + end, _by(_right("set", "update/action"), _update)) for end in ("", "/", "/{version}")),
    ("DELETE", _ONE, _by(_right("delete", "delete"), _delete)),
    ("DELETE", _DELETED, _by(_right("purge", "purge/action"), _purge)),
    ("POST", _DELETED + "/recover", _by(_right("recover", "recover/action"), _recover)),
)
