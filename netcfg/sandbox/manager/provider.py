"""What the provider of networks, `Microsoft.Network`, does with every write: a precondition, an operation, an ETag."""

from __future__ import annotations

from netcfg.sandbox import clock
from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Call, Operation
from netcfg.sandbox.ids import SUBSCRIPTION, Document
from netcfg.sandbox.manager import operations

PROVIDER = "/providers/Microsoft.Network"
_OPERATION = SUBSCRIPTION + PROVIDER + "/locations/{location}"


def check_precondition(call: Call, resource: Document) -> None:
    """`If-Match` speaks of the ETag of `resource`, which a subnet shares with its whole network."""
    wanted = call.request.headers.get("if-match")
    if wanted and wanted not in ("*", resource["etag"]):
        message = f"Precondition failed. The ETag {wanted} does not match the current one of {resource['id']}."
        raise Refusal(412, "PreconditionFailed", message, more={"details": []})


def check_idle(call: Call, resource: Document) -> None:
    """One write at a time: of a virtual network with all its subnets, of a private endpoint with its zone group."""
    if operations.busy(call.state, resource["id"].lower()):
        raise another_operation(resource["id"], operations.retry_after(call.state))


def another_operation(resource_id: str, headers: dict[str, str]) -> Refusal:
    """The code is documented, the sentence follows Microsoft.Network's other ones."""
    message = f"Another operation on this or dependent resource is in progress. Resource: {resource_id}."
    return Refusal(429, "AnotherOperationInProgress", message, headers=headers, more={"details": []})


def not_referenced(named: str, by: str) -> Refusal:
    """What was named is not there, or is in another region: Microsoft.Network does not say which of the two."""
    message = (
        f"Resource {named} referenced by resource {by} was not found. Please make sure that the referenced resource "
        "exists, and that both resources are in the same region."
    )
    return Refusal(400, "InvalidResourceReference", message, more={"details": []})


def begin(call: Call, kind: str, resource: Document) -> dict[str, str]:
    """Let `resource` be changed: its state, its new ETag, and where to ask how far it is."""
    if resource["properties"]["provisioningState"] != "Deleting":
        resource["properties"]["provisioningState"] = "Updating"
    resource["etag"] = operations.new_etag()
    name = operations.begin(call.state, kind, resource["id"].lower(), clock.tick(call.state))
    path = (
        f"{_OPERATION.format(subscription=call.names['subscription'], location=resource['location'])}/operations/{name}"
    )
    return {"azure-asyncoperation": call.url(path)} | operations.whole_retry_after(call.state)


def begun(call: Call, shown: Document, headers: dict[str, str], is_new: bool) -> Answer:
    """The answer to a PUT."""
    return Answer(shown, 201, headers) if is_new else Answer(shown, 200, headers | operations.retry_after(call.state))


def accepted(headers: dict[str, str]) -> Answer:
    """The answer to a DELETE."""
    results = headers["azure-asyncoperation"].replace("/operations/", "/operationResults/")
    return Answer(status=202, headers=headers | {"location": results})


def operation_status(call: Call) -> Answer:
    return operations.status(call.state, call.names["operation"])


def operation_result(call: Call) -> Answer:
    """What `Location` points at: 202 while it lasts, then nothing to say."""
    status = operations.status(call.state, call.names["operation"])
    return Answer(status=204) if status.body["status"] == "Succeeded" else Answer(status=202, headers=status.headers)


OPERATIONS = (
    Operation(
        "GET",
        _OPERATION + "/operations/{operation}",
        "Microsoft.Network/locations/operations/read",
        operation_status,
        SUBSCRIPTION,
    ),
    Operation(
        "GET",
        _OPERATION + "/operationResults/{operation}",
        "Microsoft.Network/locations/operationResults/read",
        operation_result,
        SUBSCRIPTION,
    ),
)
