"""The firewall of a vault, as its data plane enforces it: rules, public access, perimeters.

Texts of the refusals: azure-devops-docs#8581, steampipe-plugin-azure#127, and Key Vault's page of common error codes.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.ids import Document
from netcfg.sandbox.network.machine import Caller


def keep_out(state: Document, vault: Document, caller: Caller) -> Answer | None:
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
            f"link.\r\nCaller: {caller.address}\r\nVault: {place(vault)}"
        )
        return refused(403, "Forbidden", message, "ForbiddenByConnection")
    rules = properties.get("networkAcls")
    if rules is None or rules["defaultAction"] == "Allow" or _rules_admit(rules, caller):
        return None
    if associations:
        return _not_by_perimeter(caller)
    origin = f"{caller.address} from {caller.subnet or 'unknown subnet'}"
    message = (
        "Client address is not authorized and caller is not a trusted service.\r\n"
        f"Client address: {origin}\r\nVault: {place(vault)}"
    )
    return refused(403, "Forbidden", message, "ForbiddenByFirewall")


def place(vault: Document) -> str:
    """How the data plane's messages call a vault."""
    return f"{vault['name']};location={vault['location']}"


def refused(status: int, code: str, message: str, inner: str | None = None) -> Answer:
    """A refusal in the data plane's shape, where what is meant often stands in the inner code only."""
    error: Document = {"code": code, "message": message}
    return Answer({"error": error | ({"innererror": {"code": inner}} if inner else {})}, status)


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
    return refused(403, "Forbidden", message, "ForbiddenByNsp")  # the inner code is not known
