"""The data plane of a vault: `https://NAME.vault.azure.net`, here a prefix. It enforces the vault's own firewall.

Who asks is told first that a token is missing, whatever the firewall says: a 401 proves nothing about the network.
Texts of the refusals: azure-devops-docs#8581, steampipe-plugin-azure#127, and Key Vault's page of common error codes.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from urllib.parse import urlencode

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import login
from netcfg.sandbox.manager.gate import allowed
from netcfg.sandbox.network.machine import Caller, caller

_READ = "Microsoft.KeyVault/vaults/secrets/readMetadata/action"
_MOST = 25  # names on one page


def show(request: Request, state: Document) -> Answer:
    """A page of the list of secrets, or one of them without its value; or the reason why not."""
    key, secret = request.names["vault"].lower(), request.names.get("secret")
    vault = state["vaults"].get(key)
    if vault is None:
        return _refused(404, "VaultNotFound", "in Azure this name would not resolve at all", None)
    come = caller(request, state, vault)
    holder = login.holder_of(state, request.headers.get("authorization"))
    if holder is None:
        return _challenge(request, vault, "AKV10000: Request is missing a Bearer or PoP token.")
    if holder.tenant != vault["properties"]["tenantId"]:
        issuers = (f"https://sts.windows.net/{each}/" for each in (vault["properties"]["tenantId"], holder.tenant))
        return _challenge(request, vault, "AKV10032: Invalid issuer. Expected one of {}, found {}.".format(*issuers))
    refusal = firewall(state, vault, come) or _forbidden(vault, holder, "get" if secret else "list")
    if refusal is not None:
        return refusal
    names = [each for each in state["secrets"].get(key, []) if secret in (None, each)]
    if secret and not names:
        message = f"A secret with (name/id) {secret} was not found in this key vault."
        return _refused(404, "SecretNotFound", message, None)
    return Answer(_secret(vault, names[0])) if secret else _page(request, vault, sorted(names))


def firewall(state: Document, vault: Document, caller: Caller) -> Answer | None:
    """What keeps `caller` out, or None. Who comes by a private endpoint is asked nothing, not even by a perimeter.

    A perimeter that only learns admits beside the rules, and alone where public access is off. Its own refusal then
    names both; that it does is inferred, from the one sentence of it that Microsoft shows.
    """
    if caller.endpoint:
        return None
    properties = vault["properties"]
    access = properties.get("publicNetworkAccess", "Enabled")
    associations = state["perimeters"].get(vault["name"].lower(), [])
    is_alone = access == "SecuredByPerimeter" or any(_mode(each) == "Enforced" for each in associations)
    if _perimeter_admits(associations, caller):
        return None
    if is_alone or (associations and access == "Disabled"):
        return _not_by_perimeter(caller)
    if access == "Disabled":
        message = (
            "Public network access is disabled and request is not from a trusted service nor via an approved private "
            f"link.\r\nCaller: {caller.address}\r\nVault: {_place(vault)}"
        )
        return _refused(403, "Forbidden", message, "ForbiddenByConnection")
    rules = properties.get("networkAcls")
    if rules is None or rules["defaultAction"] == "Allow" or _rules_admit(rules, caller):
        return None
    if associations:
        return _not_by_perimeter(caller)
    origin = f"{caller.address} from {caller.subnet or 'unknown subnet'}"
    message = (
        "Client address is not authorized and caller is not a trusted service.\r\n"
        f"Client address: {origin}\r\nVault: {_place(vault)}"
    )
    return _refused(403, "Forbidden", message, "ForbiddenByFirewall")


def _rules_admit(rules: Document, caller: Caller) -> bool:
    """With a service endpoint the private address arrives: then only rules for subnets count."""
    if caller.subnet:
        return any(each["id"] == caller.subnet for each in rules["virtualNetworkRules"])
    return any(_contains(each["value"], caller.address) for each in rules["ipRules"])


def _perimeter_admits(associations: list[Document], caller: Caller) -> bool:
    rules = [rule for each in associations for rule in each["properties"]["profile"]["accessRules"]]
    return any(_contains(prefix, caller.address) for rule in rules for prefix in rule["properties"]["addressPrefixes"])


def _contains(value: str, address: str) -> bool:
    """A value that cannot be read admits nobody."""
    try:
        return IPv4Address(address) in IPv4Network(value)
    except ValueError:
        return False


def _mode(association: Document) -> str:
    return str(association["properties"]["resourceAssociation"]["accessMode"])


def _not_by_perimeter(caller: Caller) -> Answer:
    message = (
        "Request was not allowed by NSP rules and the client address is not authorized and caller was ignored because "
        f"bypass is set to None Client address: {caller.address}"
    )
    return _refused(403, "Forbidden", message, "ForbiddenByNsp")  # the inner code is not known


def _forbidden(vault: Document, holder: login.Holder, permission: str) -> Answer | None:
    """By roles or by access policies, as the vault says; a role counts as given unless it is denied."""
    principal = holder.principal
    issuer = f"iss=https://sts.windows.net/{holder.tenant}/"
    who = f"appid={principal['appId']};oid={principal['objectId']};{issuer}"
    if not vault["properties"].get("enableRbacAuthorization", True):
        if permission in _permissions(vault, principal):
            return None
        message = (
            f"The user, group or application '{who}' does not have secrets {permission} permission on key vault "
            f"'{_place(vault)}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"
        )
        return _refused(403, "Forbidden", message, "AccessDenied")
    if allowed(principal, _READ, vault["id"]):
        return None
    message = (
        "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role "
        f"definitions were changed recently, please observe propagation time.\r\nCaller: {who}\r\nAction: '{_READ}'\r\n"
        f"Resource: '{vault['id'].lower()}'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\n"
        f"DecisionReason: null \r\nVault: {_place(vault)}\r\n"
    )
    return _refused(403, "Forbidden", message, "ForbiddenByRbac")


def _permissions(vault: Document, principal: Document) -> set[str]:
    """What the access policies let the principal do with secrets."""
    mine = [each for each in vault["properties"]["accessPolicies"] if each["objectId"] == principal["objectId"]]
    named = {name.lower() for each in mine for name in each["permissions"].get("secrets") or []}
    return {"get", "list"} if "all" in named else named


def _challenge(request: Request, vault: Document, message: str) -> Answer:
    """Whose token is missing, and for whom: the vaults of the cloud that the first part of the path stands for."""
    where = f'Bearer authorization="https://login.microsoftonline.com/{vault["properties"]["tenantId"]}", '
    refused = _refused(401, "Unauthorized", message, None)
    resource = f'resource="https://{request.path.split("/")[1].lower()}"'
    return Answer(refused.body, 401, {"www-authenticate": where + resource})


def _page(request: Request, vault: Document, names: list[str]) -> Answer:
    """A page of names; the last one has a `nextLink` too, which is null."""
    try:
        size = int(request.query.get("maxresults", _MOST))
        start = int(request.query.get("$skiptoken", 0))
    except ValueError:
        size = start = 0
    if not 1 <= size <= _MOST:
        message = f"The maxresults parameter is out of range. It must be between 1 and {_MOST}."
        return _refused(400, "BadParameter", message, None)
    end = start + size
    more = urlencode({**request.query, "$skiptoken": end}, safe="$")
    link = f"{request.root}{request.path}?{more}" if names[end:] else None
    return Answer({"value": [_secret(vault, name) for name in names[start:end]], "nextLink": link})


def _secret(vault: Document, name: str) -> Document:
    return {"id": f"{vault['properties']['vaultUri']}secrets/{name}", "attributes": {"enabled": True}, "tags": {}}


def _place(vault: Document) -> str:
    return f"{vault['name']};location={vault['location']}"


def _refused(status: int, code: str, message: str, inner: str | None) -> Answer:
    error: Document = {"code": code, "message": message}
    return Answer({"error": error | ({"innererror": {"code": inner}} if inner else {})}, status)
