"""The data plane of a vault: `https://NAME.vault.azure.net`, here a prefix. It enforces the vault's own firewall.

Who asks is told first that a token is missing, whatever the firewall says: a 401 proves nothing about the network.
Texts of the refusals: azure-devops-docs#8581 and Key Vault's page of common error codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from netcfg.sandbox import login
from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.gate import allowed
from netcfg.sandbox.ids import Document

_READ = "Microsoft.KeyVault/vaults/secrets/readMetadata/action"


@dataclass(frozen=True)
class Caller:
    """Where a request comes from: an address, or a subnet with the service endpoint."""

    address: str
    subnet: str

    @classmethod
    def of(cls, request: Request) -> Caller:
        """The sandbox's two own headers say it; else it is the other end of the connection."""
        address = request.headers.get("x-sandbox-client-address", request.peer)
        return cls(address, request.headers.get("x-sandbox-client-subnet", "").lower())


def show(request: Request, state: Document) -> Answer:
    """The list of secrets, or one of them without its value; or the reason why not."""
    key, secret = request.names["vault"].lower(), request.names.get("secret")
    vault = state["vaults"].get(key)
    if vault is None:
        return _refused(404, "VaultNotFound", "in Azure this name would not resolve at all", None)
    principal = login.principal_of(state, request.headers.get("authorization"))
    if principal is None:
        return _challenge(state)
    refusal = firewall(state, vault, Caller.of(request))
    if refusal is not None:
        return refusal
    if not allowed(principal, _READ, vault["id"]):
        message = f"Caller is not authorized to perform action on resource.\r\nVault: {_place(vault)}"
        return _refused(403, "Forbidden", message, "ForbiddenByRbac")
    names = [each for each in state["secrets"].get(key, []) if secret in (None, each)]
    if secret and not names:
        message = f"A secret with (name/id) {secret} was not found in this key vault."
        return _refused(404, "SecretNotFound", message, None)
    shown = [_secret(vault, name) for name in names]
    return Answer(shown[0] if secret else {"value": shown, "nextLink": None})


def firewall(state: Document, vault: Document, caller: Caller) -> Answer | None:
    """What keeps `caller` out, or None. The perimeter is asked first, then public access, then the rules."""
    properties = vault["properties"]
    access = properties.get("publicNetworkAccess", "Enabled")
    associations = state["perimeters"].get(vault["name"].lower(), [])
    if access == "SecuredByPerimeter" or any(_mode(each) == "Enforced" for each in associations):
        return None if _perimeter_admits(associations, caller) else _not_by_perimeter(caller)
    if access == "Disabled":
        message = (
            "Public network access is disabled and request is not from a trusted service nor via an approved private "
            f"link.\r\nCaller: {caller.address}\r\nVault: {_place(vault)}"
        )
        return _refused(403, "Forbidden", message, "ForbiddenByConnection")
    rules = properties.get("networkAcls")
    if rules is None or rules["defaultAction"] == "Allow" or _rules_admit(rules, caller):
        return None
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


def _challenge(state: Document) -> Answer:
    message = "AKV10000: Request is missing a Bearer or PoP token."
    where = f'Bearer authorization="https://login.microsoftonline.com/{state["tenant"]["id"]}", '
    refused = _refused(401, "Unauthorized", message, None)
    return Answer(refused.body, 401, {"www-authenticate": where + 'resource="https://vault.azure.net"'})


def _secret(vault: Document, name: str) -> Document:
    return {"id": f"{vault['properties']['vaultUri']}secrets/{name}", "attributes": {"enabled": True}, "tags": {}}


def _place(vault: Document) -> str:
    return f"{vault['name']};location={vault['location']}"


def _refused(status: int, code: str, message: str, inner: str | None) -> Answer:
    error: Document = {"code": code, "message": message}
    return Answer({"error": error | ({"innererror": {"code": inner}} if inner else {})}, status)
