"""Somebody who asks Azure DevOps by plain HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import requests

from netcfg.sandbox.server import Sandbox

OVERVIEW = "ms.vss-admin-web.organization-admin-overview-data-provider"
FULL = "make-believe-contoso-full"
MANAGE = "make-believe-contoso-manage"
ACCEPTED = "application/json;api-version=7.1-preview"
JSON = {"Content-Type": "application/json"}
ID = "00000000-0000-4000-8000-000000000"  # and three digits


class Visitor:
    """Asks Azure DevOps, with a personal access token, the tenant's token, or none."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()

    def get(self, path: str, token: str | None = None, method: str = "GET", **more) -> requests.Response:
        auth = None if token is None else ("", token)
        url = path if path.startswith("http") else f"{self.sandbox.devops_url}/{path}"
        more["headers"] = {"Accept": ACCEPTED, **more.get("headers", {})}
        return self.session.request(method, url, auth=auth, timeout=10, allow_redirects=False, **more)

    def groups(self, project: str, query: str = "") -> list[dict[str, Any]]:
        """One page of the variable groups of a project of contoso."""
        answer = self.get(f"contoso/{project}/_apis/distributedtask/variablegroups{query}", FULL)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def group(self, id: int, project: str = "payments") -> Any:
        return self.get(f"contoso/{project}/_apis/distributedtask/variablegroups/{id}", FULL).json()

    def change(self, method: str, path: str = "", body: Any = None, token: str = MANAGE) -> requests.Response:
        """A request to the library of the whole organization."""
        return self.get(f"contoso/_apis/distributedtask/variablegroups{path}", token, method, json=body)

    def connection(self, name: str, project: str = "payments") -> dict[str, Any]:
        path = f"contoso/{project}/_apis/serviceendpoint/endpoints?endpointNames={quote(name)}"
        (found,) = self.get(path, MANAGE).json()["value"]
        return found

    def proxy(
        self, connection: str, source: str, vault: str = "", organization: str = "contoso/payments", **more: Any
    ) -> requests.Response:
        """Azure DevOps asks as the service connection of that number."""
        details = {"dataSourceName": source, "parameters": {"KeyVaultName": vault, **more}}
        path = f"{organization}/_apis/serviceendpoint/endpointproxy?endpointId={ID}{connection}"
        token = MANAGE if organization.startswith("contoso") else "make-believe-fabrikam"
        return self.get(path, token, "POST", json={"dataSourceDetails": details, "resultTransformationDetails": {}})

    def collection(self, organization: str, token: str | None = None, **more) -> requests.Response:
        return self.get(f"{self.sandbox.identity_url}/{organization}/_apis/Organization/Collections/Me", token, **more)

    def overview(self, organization: str, token: str) -> requests.Response:
        asked = {"contributionIds": [OVERVIEW], "dataProviderContext": {"properties": {}}}
        return self.get(f"{organization}/_apis/Contribution/HierarchyQuery", token, "POST", json=asked)
