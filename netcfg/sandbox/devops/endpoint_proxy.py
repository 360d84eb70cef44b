"""The service-endpoint proxy: Azure DevOps asks somebody else, as a service connection, and tells what was said.

The answer is HTTP 200 whatever was said; how it went is in the body. A vault is really asked, from an address of the
organization, so that its firewall and its roles decide. Refusals are worded as in azure-devops-docs#8581; what a name
that does not resolve, and a data source that does not exist, are answered with is inferred from neighbouring errors.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from zlib import crc32

from netcfg.sandbox import ids
from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.devops import connections, projects
from netcfg.sandbox.devops.door import View, Visit, page, refused
from netcfg.sandbox.ids import Document
from netcfg.sandbox.keyvault import secrets
from netcfg.sandbox.manager import login
from netcfg.sandbox.manager.gate import allowed

_VERSION = "api-version=2016-10-01"
_NAME = re.compile(r"[0-9A-Za-z-]+")
_READ = "Microsoft.KeyVault/vaults/read"

# The data sources of the endpoint type azurerm that ask a vault.
_SOURCES = {
    "AzureKeyVaultSecrets": f"/secrets?{_VERSION}",
    "AzureKeyVaultSecretsWithSkipToken": f"/secrets?{_VERSION}&$skiptoken={{skip}}",
    "AzureKeyVaultListSecretsTestConnection": f"/secrets?maxresults=1&{_VERSION}",
    "AzureKeyVaultGetSecretTestConnection": f"/secrets/nonexistingrandomsecretname?{_VERSION}",
}
_LISTS = ("AzureKeyVaultsList", "AzureKeyVaults", "AzureKeyVaultListVaults")

_HTML, _BARE, _NUMBERS = "html", "no statusCode", "numbers"


@dataclass(frozen=True)
class _Said:
    """How it went: a status as .NET spells it, and what came back or went wrong."""

    status: str
    result: tuple[str, ...] = ()
    problem: str = ""


def check(organization: Document) -> None:
    """A `ValueError` where the world says of an organization what cannot be played."""
    fault, name = organization.get("proxy", {}), organization["name"]
    if not organization["leaves"]:
        raise ValueError(f"the organization {name!r} leaves by no address; name at least one")
    if fault.get("answers", _HTML) not in (_HTML, _BARE, _NUMBERS) or fault.keys() - {"answers", "status"}:
        known = f'{{"status": 500}}, or {{"answers": …}} with {_HTML}, {_BARE} or {_NUMBERS}'
        raise ValueError(f"the proxy of {name!r} cannot misbehave like {fault}; known are {known}")
    for each in (each for one in organization["projects"] for each in one.get("serviceConnections", [])):
        if each.get("broken") not in (None, *_TROUBLES):
            known = ", ".join(_TROUBLES)
            raise ValueError(f"a connection of {name!r} is broken by {each['broken']!r}; known are {known}")
        if connections.environment(each) not in connections.SUFFIXES:
            clouds = ", ".join(connections.SUFFIXES)
            raise ValueError(f"a connection of {name!r} is of the cloud {each['environment']!r}; known are {clouds}")


def ask(visit: Visit) -> Answer:
    """What is wrong with the question itself is refused; everything else is an answer."""
    return projects.within(visit, lambda project: _asked(visit, project))


def _asked(visit: Visit, project: Document) -> Answer:
    wanted = visit.request.query.get("endpointId", "").lower()
    sent = visit.body if isinstance(visit.body, dict) else {}
    details = sent.get("dataSourceDetails")
    if not wanted or not isinstance(details, dict) or not details.get("dataSourceName"):
        problem = "The id of a service connection and the name of a data source are both needed."
        return refused(400, "", problem, "InvalidServiceEndpointRequestException")
    usable = connections.usable(visit.organization, project["id"])
    connection = next((each for each in usable if each["id"] == wanted), None)
    if connection is None:
        problem = f"Service connection {wanted} does not exist in project {project['name']}, or you may not use it."
        return refused(404, "", problem, "ServiceEndpointNotFoundException")
    if connection.get("isDisabled"):
        problem = f"Service connection {wanted} is disabled."
        return refused(400, "", problem, "InvalidServiceEndpointRequestException")
    source = str(details["dataSourceName"])
    if connections.kind(connection) != connections.AZURE or source not in (*_SOURCES, *_LISTS):
        problem = f"Data source {source} is none of the service connection type {connections.kind(connection)}."
        return refused(400, "", problem, "DataSourceNotFoundException")
    parameters = details.get("parameters")
    return _spoilt(visit) or _run(visit, connection, source, parameters if isinstance(parameters, dict) else {})


def _run(visit: Visit, connection: Document, source: str, parameters: Document) -> Answer:
    vault = str(parameters.get("KeyVaultName") or "")
    if source in _SOURCES and not _NAME.fullmatch(vault):
        problem = f"A call to the host {vault!r} is not allowed: it is not trusted."
        return refused(400, "", problem, "InvalidServiceEndpointRequestException")
    authorization = _sign_in(visit, connection)
    if isinstance(authorization, _Said):
        return _told(visit, authorization)
    if source in _LISTS:
        return _told(visit, _vaults(visit, connection, authorization))
    skip = str(parameters.get("SkipToken") or "")
    where = f"https://{vault}.{connections.SUFFIXES[connections.environment(connection)]}"
    url = where + _SOURCES[source].replace("{skip}", skip)
    return _told(visit, _relayed(visit, authorization, vault, url, _address(visit.organization, vault, source)))


def _sign_in(visit: Visit, connection: Document) -> str | _Said:
    """The token that the connection gets, as a header, or what Microsoft Entra says instead."""
    if connections.scheme(connection) == connections.MANAGED or "servicePrincipal" not in connection:
        return _Said("badRequest", problem="The service connection has no identity that Azure DevOps could sign in as.")
    state, client = visit.state, connection["servicePrincipal"]
    tenant = connections.tenant(connection, state)
    principal = next((each for each in state["principals"].values() if each["appId"] == client), None)
    guests = state["tenants"].get(tenant, {"guests": []})["guests"]
    if principal is None or (tenant != state["tenant"]["id"] and principal["name"] not in guests):
        return _Said("badRequest", problem=_no_application(visit, connection, tenant))
    if connection.get("broken"):
        return _Said("badRequest", problem=_TROUBLES[connection["broken"]](visit, connection, tenant))
    return f"Bearer {login.token(state, principal, 'https://vault.azure.net', tenant=tenant)}"


def _expired(visit: Visit, connection: Document, _tenant: str) -> str:
    return _no_token(
        visit,
        f"AADSTS7000222: The provided client secret keys for app '{connection['servicePrincipal']}' are expired. Visit "
        "the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using "
        "certificate credentials for added security: https://aka.ms/certCreds.",
    )


def _no_application(visit: Visit, connection: Document, tenant: str) -> str:
    known = visit.state["tenants"].get(tenant)
    return _no_token(
        visit,
        f"AADSTS700016: Application with identifier '{connection['servicePrincipal']}' was not found in the directory "
        f"'{known['name'] if known else tenant}'. This can happen if the application has not been installed by the "
        "administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication "
        "request to the wrong tenant.",
    )


def _no_match(visit: Visit, connection: Document, _tenant: str) -> str:
    """After a project, an organization or a connection was renamed."""
    return (
        "Microsoft Entra rejected the token issued by Azure DevOps with error code AADSTS700213: No matching federated "
        "identity record found for presented assertion subject "
        f"'{connections.subject(visit.organization, connection)}'. Assertion Issuer: "
        f"'{connections.issuer(visit.organization)}'. {_trace(visit)}"
    )


_TROUBLES = {
    "secret-expired": _expired,
    "no-such-application": _no_application,
    "federation-subject-mismatch": _no_match,
}


def _no_token(visit: Visit, said: str) -> str:
    failed = "Failed to obtain the Json Web Token(JWT) using service principal client ID. Exception message: "
    return f"{failed}{said} {_trace(visit)}"


def _trace(visit: Visit) -> str:
    nothing = "00000000-0000-4000-8000-000000000000"
    return f"Trace ID: {nothing} Correlation ID: {nothing} Timestamp: {visit.state['today']} 09:00:00Z"


def _relayed(visit: Visit, authorization: str, vault: str, url: str, address: str) -> _Said:
    """What the vault says to a request that is made as it would be: whatever stands in a skip token is in the URL."""
    known = visit.state["vaults"].get(vault.lower())
    host = url.split("/")[2]
    if known is None or not known["properties"]["vaultUri"].lower().startswith(f"https://{host.lower()}"):
        problem = f"{_QUERIED}: '{url}'. Error Message: 'No such host is known. ({host}:443)'"
        return _Said("unused", problem=problem)  # the status with which .NET begins, and nobody set another one
    request = _request(visit, authorization, url, address)
    answer = secrets.show(request, visit.state)
    if answer.status == 200:
        listed = answer.body
        if isinstance(listed, dict) and listed.get("nextLink"):
            here = request.root + request.path.partition("/secrets")[0]
            listed = {**listed, "nextLink": listed["nextLink"].replace(here, f"https://{host}")}
        return _Said("ok", (_compact(listed),))
    status = _SPELT.get(answer.status, ("internalServerError", "InternalServerError"))
    said = f"Status Code: '{status[1]}', Response from server: '{_compact(answer.body)}'"
    return _Said(status[0], problem=f"{_QUERIED}: '{url}'. {said}")


def _request(visit: Visit, authorization: str, url: str, address: str) -> Request:
    whole = urlsplit(url)
    parts = whole.path.split("/")
    vault, _, suffix = whole.netloc.partition(".")
    names = {"vault": vault} | ({"secret": parts[2]} if len(parts) > 2 else {})
    return Request(
        root=visit.request.root,
        method="GET",
        path=f"/{suffix}/{vault}{quote(whole.path)}",
        names=names,
        query=dict(parse_qsl(whole.query, keep_blank_values=True)),
        headers={"authorization": authorization, "x-sandbox-client-address": address},
        content=b"",
        peer="",
    )


def _vaults(visit: Visit, connection: Document, authorization: str) -> _Said:
    """The vaults of the connection's subscription that its identity may read in Resource Manager: one string each."""
    principal = login.principal_of(visit.state, authorization)
    within = f"/subscriptions/{connection.get('subscription', '')}"
    seen = [
        {key: each[key] for key in ("id", "name", "type", "location", "tags")}
        for each in sorted(visit.state["vaults"].values(), key=lambda each: str(each["id"]))
        if principal and ids.within(each["id"], within) and allowed(principal, _READ, each["id"])
    ]
    return _Said("ok", tuple(_compact(each) for each in seen))


def _address(organization: Document, vault: str, source: str) -> str:
    """Azure DevOps has many addresses: which one a request leaves by depends on the vault, and on what is asked."""
    leaves: list[str] = organization["leaves"]
    return leaves[crc32(f"{vault.lower()}/{source}".encode()) % len(leaves)]


def _told(visit: Visit, said: _Said) -> Answer:
    """`errorMessage` is empty where nothing went wrong. In older versions of the API the status is a number."""
    status: Any = said.status
    if visit.organization.get("proxy", {}).get("answers") == _NUMBERS:
        status = next((number for number, spelt in _SPELT.items() if spelt[0] == said.status), 306)
    told = {"result": list(said.result), "statusCode": status, "errorMessage": said.problem}
    return Answer({**told, "activityId": _ACTIVITY})


def _spoilt(visit: Visit) -> Answer | None:
    """What is answered in place of an answer where the world says that the proxy misbehaves."""
    fault = visit.organization.get("proxy", {})
    if "status" in fault:
        return refused(fault["status"], "TF400898", "An Internal Error Occurred.", "Exception")
    if fault.get("answers") == _HTML:
        return page("Azure DevOps Services")
    if fault.get("answers") == _BARE:
        return Answer({"result": []})
    return None


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_QUERIED = "Failed to query service connection API"
_ACTIVITY = "00000000-0000-4000-8000-000000000902"
_SPELT = {
    200: ("ok", "OK"),
    400: ("badRequest", "BadRequest"),
    401: ("unauthorized", "Unauthorized"),
    403: ("forbidden", "Forbidden"),
    404: ("notFound", "NotFound"),
}

VIEWS = (
    View("dev.azure.com", "POST", "/{project}/_apis/serviceendpoint/endpointproxy", "vso.serviceendpoint_query", ask),
)
