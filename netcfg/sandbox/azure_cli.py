"""How to point the Azure CLI at a running sandbox, without touching the user's own profile."""

from __future__ import annotations

from netcfg.sandbox.server import Sandbox


def lines(sandbox: Sandbox) -> str:
    """The lines to paste into a shell; the sandbox must have been started with TLS, which the CLI insists on."""
    state = sandbox.state
    principal = state["principals"][state["principal"]]
    return f"""\
export AZURE_CONFIG_DIR="$(mktemp -d)" AZURE_CORE_INSTANCE_DISCOVERY=false AZURE_CORE_COLLECT_TELEMETRY=no
export REQUESTS_CA_BUNDLE={sandbox.certificate}
az cloud register --name sandbox --endpoint-resource-manager {sandbox.url}
az cloud set --name sandbox
az login --service-principal --username {principal["appId"]} --password {principal["secret"]} \
--tenant {state["tenant"]["id"]}
"""
