"""The data plane of a vault: `https://NAME.vault.azure.net`, here a prefix. Who gets in, and the pages it answers with.

Who asks is told first that a token is missing, whatever the firewall says: a 401 proves nothing about the network.
Then comes the firewall, then the role or access policy, and only then whether what is asked for is there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.keyvault import contents, firewall, propagation
from netcfg.sandbox.keyvault.firewall import place, refused
from netcfg.sandbox.manager import login
from netcfg.sandbox.manager.gate import allowed_data
from netcfg.sandbox.network.machine import caller

_MOST = 25  # names on one page


@dataclass(frozen=True)
class Right:
    """What somebody must be allowed to do with the `kind` of object: a permission of access policies, or an action of
    roles."""

    kind: str
    permission: str
    action: str

    @property
    def whole(self) -> str:
        return f"Microsoft.KeyVault/vaults/{self.kind}/{self.action}"


@dataclass(frozen=True)
class Visit:
    """Somebody in a vault, who may do what the request is for."""

    request: Request
    state: Document
    vault: Document

    @property
    def key(self) -> str:
        """The vault's name, as the state keeps it."""
        return str(self.vault["name"]).lower()

    @property
    def api_version(self) -> str:
        """What the client asks by; a request without it is answered by what is newest."""
        return self.request.query.get("api-version", "7.6")

    @property
    def body(self) -> Any:
        """The JSON that was sent, or None."""
        try:
            return json.loads(self.request.content or b"null")
        except ValueError:
            return None


def serve(right: Right, handle: Callable[[Visit], Answer], request: Request, state: Document) -> Answer:
    """What `handle` answers to who gets in, or the reason why not."""
    vault = state["vaults"].get(request.names["vault"].lower())
    if vault is None:
        return refused(404, "VaultNotFound", "in Azure this name would not resolve at all")
    come = caller(request, state, vault)
    holder = login.holder_of(state, request.headers.get("authorization"))
    if holder is None:
        return _challenge(request, vault, "AKV10000: Request is missing a Bearer or PoP token.")
    if holder.tenant != vault["properties"]["tenantId"]:
        issuers = (f"https://sts.windows.net/{each}/" for each in (vault["properties"]["tenantId"], holder.tenant))
        return _challenge(request, vault, "AKV10032: Invalid issuer. Expected one of {}, found {}.".format(*issuers))
    enforced = propagation.enforced(state, vault)
    name = request.names.get("secret", "")
    refusal = firewall.keep_out(state, enforced, come) or _forbidden(enforced, holder, right, name)
    if refusal is None and name and not contents.NAME.fullmatch(name):
        refusal = refused(400, "BadParameter", f"The request URI contains an invalid name: {name}")
    return refusal or handle(Visit(request, state, vault))


def page(visit: Visit, items: list[Document]) -> Answer:
    """A page of items; the last one has a `nextLink` too, which is null.

    What comes after `$skiptoken=` is opaque, and chosen to hold a plus and an equals sign: who puts it into an address
    undecoded and unencoded is told that it is invalid.
    """
    query = dict(visit.request.query)
    size, start = _number(query.get("maxresults", str(_MOST))), _unpacked(query.get("$skiptoken", ""))
    if size is None or not 1 <= size <= _MOST:
        message = f"The maxresults parameter is out of range. It must be between 1 and {_MOST}."
        return refused(400, "BadParameter", message)
    if start is None:
        return refused(400, "BadParameter", "The skiptoken is invalid.")  # the sentence is not known
    end = start + size
    return Answer({"value": items[start:end], "nextLink": _link(visit, end) if items[end:] else None})


def address(visit: Visit, kind: str, name: str = "") -> str:
    """Azure's own address of an object. While its name goes into the DNS a new vault's has no slash at its end."""
    return f"{visit.vault['properties']['vaultUri'].rstrip('/')}/{kind}" + (f"/{name}" if name else "")


def _link(visit: Visit, start: int) -> str:
    """The parameters in the order in which Azure has them."""
    request = visit.request
    sizes = {key: value for key, value in request.query.items() if key == "maxresults"}
    others = {key: value for key, value in request.query.items() if key not in ("maxresults", "$skiptoken")}
    asked = urlencode({**others, "$skiptoken": _packed(start), **sizes}, safe="$", quote_via=quote)
    return f"{request.root}{request.path}?{asked}"


def _packed(start: int) -> str:
    """Such as `Pj4+MiEyNQ==`."""
    marker = f">>>2!{start}"
    return base64.b64encode((marker if len(marker) % 3 else f"{marker} ").encode()).decode()


def _unpacked(token: str) -> int | None:
    try:
        marker = base64.b64decode(token, validate=True).decode()
    except ValueError:
        return None
    return _number(marker.removeprefix(">>>2!").strip()) if token else 0


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _forbidden(vault: Document, holder: login.Holder, right: Right, name: str) -> Answer | None:
    """By roles or by access policies, as the vault says; a role counts as given unless it is denied, or the principal
    is one that has only what it was given."""
    principal = holder.principal
    issuer = f"iss=https://sts.windows.net/{holder.tenant}/"
    who = f"appid={principal['appId']};oid={principal['objectId']};{issuer}"
    if not vault["properties"].get("enableRbacAuthorization", True):
        if {right.permission, "all"} & _permissions(vault, holder, right.kind):
            return None
        message = (
            f"The user, group or application '{who}' does not have {right.kind} {right.permission} permission on key "
            f"vault '{place(vault)}'. For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125287"
        )
        return refused(403, "Forbidden", message, "AccessDenied")
    resource = f"{vault['id']}/{right.kind}/{name}" if name else vault["id"]
    if allowed_data(principal, right.whole, resource):
        return None
    message = (
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
        f"definitions were changed recently, please observe propagation time.\r\nCaller: {who}\r\n"
        f"Action: '{right.whole}'\r\nResource: '{resource.lower()}'\r\nAssignment: (not found)\r\n"
        f"DenyAssignmentId: null\r\nDecisionReason: null \r\nVault: {place(vault)}\r\n"
    )
    return refused(403, "Forbidden", message, "ForbiddenByRbac")


def _permissions(vault: Document, holder: login.Holder, kind: str) -> set[str]:
    """What the access policies let the principal do. One for an application that acts on its behalf is none for it."""
    mine = [
        each
        for each in vault["properties"].get("accessPolicies") or []
        if each["objectId"] == holder.principal["objectId"]
        and each.get("tenantId", holder.tenant) == holder.tenant
        and not each.get("applicationId")
    ]
    return {name.lower() for each in mine for name in each["permissions"].get(kind) or []}


def _challenge(request: Request, vault: Document, message: str) -> Answer:
    """Whose token is missing, and for whom: the vaults of the cloud that the first part of the path stands for."""
    where = f'Bearer authorization="https://login.microsoftonline.com/{vault["properties"]["tenantId"]}", '
    refusal = refused(401, "Unauthorized", message)
    resource = f'resource="https://{request.path.split("/")[1].lower()}"'
    return Answer(refusal.body, 401, {"www-authenticate": where + resource})
