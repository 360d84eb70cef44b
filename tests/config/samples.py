"""A configuration in which every key is written, for the tests of those who read it."""

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
VAULT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-payments/providers/Microsoft.KeyVault/vaults/kv-ready"
SUBNET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks"
    "/vnet-agents/subnets/agents"
)
ENDPOINT = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network/privateEndpoints/pe-old"
)

WHOLE = f"""\
organization: [contoso, fabrikam]
geography: [EU, united states]
ranges: table
include-canary-regions: true
devops: {{organization: contoso, project: payments, service-connection: azure-prod,
  variable-group: payments-secrets, secrets: [app-*, db-password]}}
allow:
  - cidr: 191.10.18.0/28
    reason: head office
    until: 2027-01-31
remove:
  - {{value: 191.10.19.9/32, reason: left the building}}
  - {{value: {ENDPOINT}, reason: replaced}}
agents: {{subnets: [{SUBNET}, rg-build/vnet-build/runners], discover: true}}
private-endpoint: rg-network/vnet-agents/endpoints
grace: 10
exclusive: false
public-access: disabled
keep-default-action: true
vaults:
  - name: kv-payments
    organization: adventure
    geography: UK
    allow: [{{cidr: 191.10.20.7, reason: partner}}]
    remove: [{{value: rg-network/vnet-agents/old, reason: gone}}]
    agents: {{subnets: [rg-x/vnet-x/agents], discover: false}}
    private-endpoint: {SUBNET}
    grace: 0
    exclusive: true
    public-access: enabled
    keep-default-action: false
  - id: {VAULT}
  - select:
      subscription: {SUBSCRIPTION.upper()}
      resource-group: [RG-Payments, rg-orders]
      tag: {{Team: payments, env: ""}}
waivers:
  - {{rule: foreign-rule, vault: kv-*, subject: 191.10.19.7/32, reason: partner link, until: 2027-03-01}}
  - {{rule: broad-range, reason: wanted}}
"""
