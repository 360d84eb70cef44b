"""Audit records as Key Vault writes them, and the same ones in every shape that Azure exports."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

Record = dict[str, Any]

AGENTS = (
    "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg-network"
    "/providers/Microsoft.Network/virtualNetworks/vnet-build/subnets/agents"
)
APPLICATION = "00001111-aaaa-2222-bbbb-3333cccc4444"


def vault(name: str, group: str = "RG-PAYMENTS") -> str:
    place = f"/SUBSCRIPTIONS/00000000-0000-4000-8000-000000000001/RESOURCEGROUPS/{group}"
    return f"{place}/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/{name.upper()}"


def record(
    address: str = "191.10.19.7",
    operation: str = "SecretGet",
    name: str = "kv-payments",
    time: str = "2026-11-19T08:12:01.2691226Z",
    status: int = 200,
    **properties: Any,
) -> Record:
    return {
        "time": time,
        "resourceId": vault(name),
        "operationName": operation,
        "operationVersion": "7.4",
        "category": "AuditEvent",
        "resultType": "Success",
        "resultSignature": "OK",
        "callerIpAddress": address,
        "identity": {
            "claim": {
                "appid": APPLICATION,
                "http://schemas.microsoft.com/identity/claims/objectidentifier": "d9da5048-2737-4770-bd64-000000000000",
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "ada@contoso.com",
            }
        },
        "properties": {
            "clientInfo": "azsdk-python",
            "requestUri": f"https://{name}.vault.azure.net/secrets/one?api-version=7.4",
            "httpStatusCode": status,
            **properties,
        },
    }


def diagnostics(each: Record) -> Record:
    """The record as a row of the table AzureDiagnostics."""
    properties = each["properties"]
    return {
        "TimeGenerated": each["time"],
        "ResourceId": each["resourceId"],
        "Resource": each["resourceId"].rpartition("/")[2],
        "ResourceProvider": "MICROSOFT.KEYVAULT",
        "Category": each["category"],
        "OperationName": each["operationName"],
        "CallerIPAddress": each["callerIpAddress"],
        "ResultSignature": each["resultSignature"],
        "httpStatusCode_d": properties["httpStatusCode"],
        "identity_claim_appid_g": APPLICATION,
        "isAddressAuthorized_b": properties.get("isAddressAuthorized", ""),
        "addrAuthType_s": properties.get("addrAuthType", ""),
        "subnetId_s": properties.get("subnetId", ""),
        "requestUri_s": properties["requestUri"],
    }


def own_table(each: Record) -> Record:
    """The record as a row of Key Vault's own table, AZKVAuditLogs."""
    properties = each["properties"]
    return {
        "TenantId": "99999999-9999-9999-9999-999999999999",
        "TimeGenerated": each["time"],
        "OperationName": each["operationName"],
        "CallerIpAddress": each["callerIpAddress"],
        "HttpStatusCode": properties["httpStatusCode"],
        "Identity": json.dumps(each["identity"]),
        "IsAddressAuthorized": properties.get("isAddressAuthorized", ""),
        "AddressAuthorizationType": properties.get("addrAuthType", ""),
        "SubnetId": properties.get("subnetId", ""),
        "RequestUri": properties["requestUri"],
        "_ResourceId": each["resourceId"].lower(),
        "Type": "AZKVAuditLogs",
    }


def json_lines(found: Iterable[Record]) -> str:
    return "".join(json.dumps(each) + "\r\n" for each in found)


def array(found: Iterable[Record]) -> str:
    return json.dumps(list(found), indent=1)


def event_hub(found: Iterable[Record]) -> str:
    return "\n".join(json.dumps({"records": [each]}) for each in found)


def old_blob(found: Iterable[Record]) -> str:
    return (
        '{\n  "records": \n  [\n' + ",\n".join(json.dumps(each, indent=2) for each in found) + '\n  ]\n  , "more": 1\n}'
    )


def query_answer(found: Iterable[Record]) -> str:
    rows = [own_table(each) for each in found]
    columns = [{"name": name, "type": "string"} for name in rows[0]]
    table = {"name": "PrimaryResult", "columns": columns, "rows": [list(row.values()) for row in rows]}
    return json.dumps({"tables": [table]})


def az_answer(found: Iterable[Record]) -> str:
    return json.dumps([{**diagnostics(each), "TableName": "PrimaryResult"} for each in found], indent=2)


def table(rows: Iterable[Record], delimiter: str = ",") -> str:
    found = list(rows)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(["TimeGenerated [UTC]" if name == "TimeGenerated" else name for name in found[0]])
    writer.writerows(list(each.values()) for each in found)
    return text.getvalue()


def portal_csv(found: Iterable[Record]) -> str:
    return table(diagnostics(each) for each in found)


def own_csv(found: Iterable[Record]) -> str:
    return table((own_table(each) for each in found), ";")


SHAPES = [json_lines, array, event_hub, old_blob, query_answer, az_answer, portal_csv, own_csv]
