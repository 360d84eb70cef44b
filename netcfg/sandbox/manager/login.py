"""Signing in: the tenant's token endpoints, and the tokens that the rest of the sandbox believes.

The endpoints are those that the Azure CLI, MSAL and azure-identity ask: OpenID discovery, client credentials, and a
managed identity in its App Service form (`IDENTITY_ENDPOINT`, `IDENTITY_HEADER`).
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from urllib.parse import parse_qs

from netcfg.sandbox.answer import Answer
from netcfg.sandbox.call import Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import roles

_SIGNATURE = "make-believe"
_LIFETIME = 3600
_FAR = 4102444800  # 2100-01-01: the token that every sandbox accepts does not expire


@dataclass(frozen=True)
class Holder:
    """Whose token it is, with the roles it was given, and in which tenant it was issued."""

    principal: Document
    tenant: str


def token(
    state: Document, principal: Document, audience: str = "sandbox", expires: int = _FAR, tenant: str | None = None
) -> str:
    """A token of `principal`, with the claims that clients look into (`tid`, `oid`, `appid`). Nobody real signed it."""
    issuer = tenant or state["tenant"]["id"]
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{issuer}/",
        "tid": issuer,
        "oid": principal["objectId"],
        "appid": principal["appId"],
        "idtyp": "app",
        "exp": expires,
    }
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(claims)}.{_SIGNATURE}"


def default_token(state: Document, tenant: str | None = None) -> str:
    """The token that a sandbox hands out without being asked: the world's default principal, for any audience.

    In a tenant that does not know the principal there is none: a `ValueError`.
    """
    principal = state["principals"][state["principal"]]
    issuer = _tenant(state, principal, tenant or state["tenant"]["id"])
    if issuer is None:
        raise ValueError(f"the principal {principal['name']} is no guest in a tenant {tenant!r} of this world")
    return token(state, principal, tenant=issuer)


def principal_of(state: Document, authorization: str | None) -> Document | None:
    """Whose token an `Authorization` header carries, or None when it is missing, strange or expired."""
    holder = holder_of(state, authorization)
    return None if holder is None else holder.principal


def holder_of(state: Document, authorization: str | None) -> Holder | None:
    """Whose token it is and of which tenant, or None when it is missing, strange or expired."""
    scheme, _, value = (authorization or "").partition(" ")
    parts = value.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != 3 or parts[2] != _SIGNATURE:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
        owner, tenant, fresh = claims["oid"], str(claims["tid"]), claims["exp"] > time.time()
    except (ValueError, KeyError, TypeError):
        return None
    owners = (each for each in state["principals"].values() if fresh and each["objectId"] == owner)
    return next((Holder(roles.entitled(state, each), tenant) for each in owners), None)


def discovery(request: Request, _state: Document) -> Answer:
    """OpenID discovery; MSAL takes the token endpoint from here."""
    here = f"{request.root}/login.microsoftonline.com/{request.names['tenant']}"
    return Answer(
        {
            "issuer": f"{here}/v2.0",
            "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
            "token_endpoint": f"{here}/oauth2/v2.0/token",
            "jwks_uri": f"{here}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
    )


def issue(request: Request, state: Document) -> Answer:
    """A token for client credentials; errors have the AADSTS number that people search for."""
    fields = {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
    if fields.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "AADSTS70003: the sandbox grants client_credentials only.")
    owner = next((each for each in state["principals"].values() if each["appId"] == fields.get("client_id")), None)
    if owner is None:
        return _refused("unauthorized_client", "AADSTS700016: the tenant has no application of that client id.")
    if "client_assertion" not in fields and fields.get("client_secret") != owner.get("secret"):
        return _refused("invalid_client", "AADSTS7000215: Invalid client secret provided.")
    tenant = _tenant(state, owner, request.names["tenant"])
    if tenant is None:
        return _refused(
            "invalid_request", f"AADSTS90002: the sandbox has no tenant '{request.names['tenant']}' for it."
        )
    audience = fields.get("scope", fields.get("resource", "sandbox")).removesuffix("/.default")
    return Answer(_grant(state, owner, audience, tenant))


def managed_identity(request: Request, state: Document) -> Answer:
    """A token for the default principal, as App Service gives it to what runs there: of its own tenant only."""
    if not request.headers.get("x-identity-header"):
        return _refused("invalid_request", "the header X-IDENTITY-HEADER is missing")
    resource = request.query.get("resource", "sandbox")
    granted = _grant(state, state["principals"][state["principal"]], resource, state["tenant"]["id"])
    return Answer(granted | {"expires_on": str(int(time.time()) + _LIFETIME), "resource": resource})


def _tenant(state: Document, owner: Document, name: str) -> str | None:
    """The id of the tenant that `name` means, if `owner` is at home or a guest there."""
    if name.lower() in ("common", "organizations"):
        return str(state["tenant"]["id"])
    known = (each for each in state["tenants"].values() if name.lower() in (each["id"].lower(), each["domain"].lower()))
    found = next(known, None)
    is_home = found is not None and found["id"] == state["tenant"]["id"]
    return str(found["id"]) if found and (is_home or owner["name"] in found["guests"]) else None


def _grant(state: Document, owner: Document, audience: str, tenant: str) -> Document:
    issued = token(state, owner, audience, int(time.time()) + _LIFETIME, tenant)
    return {"token_type": "Bearer", "expires_in": _LIFETIME, "ext_expires_in": _LIFETIME, "access_token": issued}


def _refused(error: str, description: str) -> Answer:
    return Answer({"error": error, "error_description": description}, 401 if error == "invalid_client" else 400)


def _encoded(value: Document) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
