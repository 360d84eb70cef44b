"""What may be written in a configuration: the keys, their types, and what editors tell about them.

The one place where that is said: a file is checked by it, and `data/schemas/config.schema.json` is made of it, with

    python -m netcfg.config.document > data/schemas/config.schema.json
"""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

Text = Annotated[str, Meta(min_length=1)]
Texts = Text | Annotated[list[Text], Meta(min_length=1)]
Day = Annotated[
    str,
    Meta(
        description="The last day on which it holds, in UTC.",
        examples=["2027-01-31"],
        extra_json_schema={"format": "date"},
    ),
]
Subnet = Annotated[
    str,
    Meta(
        min_length=1,
        description="A subnet, by its resource id or as resource-group/vnet/subnet.",
        examples=["rg-network/vnet-agents/agents"],
    ),
]


class Allow(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """A range that is wanted beside the published ones."""

    cidr: Annotated[
        str,
        Meta(
            min_length=1,
            description="A public IPv4 address or range, no broader than /8.",
            examples=["191.10.18.0/28", "191.10.20.7"],
        ),
    ]
    reason: Annotated[str, Meta(min_length=1, description="Whose it is, because a rule in a vault cannot say so.")]
    until: Day | UnsetType = UNSET


class Remove(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """A rule that has to go, or a private endpoint."""

    value: Annotated[
        str,
        Meta(
            min_length=1,
            description="As a plan shows it: an address, a range, a subnet; or a private endpoint by its resource id.",
            examples=["191.10.19.9/32"],
        ),
    ]
    reason: Annotated[str, Meta(min_length=1, description="Why it goes.")]


class Agents(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """Where the self-hosted agents run."""

    subnets: Annotated[list[Subnet], Meta(description="The subnets of the agents; they get in.")] = []
    discover: (
        Annotated[
            bool,
            Meta(description="Let in the organizations' agent pools, wherever they are found to run."),
        ]
        | UnsetType
    ) = UNSET


class DevOps(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """The project and the service connection by which Azure DevOps uses the vaults; for verify, apply and group."""

    project: Annotated[str, Meta(min_length=1, description="The project that holds the variable groups.")]
    service_connection: Annotated[str, Meta(min_length=1, description="The service connection to Azure, by its name.")]
    organization: (
        Annotated[str, Meta(min_length=1, description="Where the project is, if there are several organizations.")]
        | UnsetType
    ) = UNSET
    variable_group: (
        Annotated[str, Meta(min_length=1, description="The variable group that a vault is linked to.")] | UnsetType
    ) = UNSET
    secrets: Annotated[
        list[Text],
        Meta(
            description="Secrets that a variable group has to map, as patterns in a shell; group refresh adds them.",
            examples=[["app-*"]],
        ),
    ] = []


class Select(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """Vaults that nobody names: all that have every one of the tags, in any of the subscriptions and groups."""

    subscription: (
        Annotated[
            Texts,
            Meta(description="A subscription, by its id, or a list."),
        ]
        | UnsetType
    ) = UNSET
    resource_group: (
        Annotated[Texts, Meta(description="A resource group of the subscription, or a list.")] | UnsetType
    ) = UNSET
    tag: (
        Annotated[
            dict[str, str],
            Meta(
                min_length=1,
                description="Tags that a vault must have, each with its value.",
                examples=[{"team": "web"}],
            ),
        ]
        | UnsetType
    ) = UNSET


Organizations = Annotated[
    Texts,
    Meta(
        description="The Azure DevOps organization that links the vaults, or a list; its geography is looked up.",
        examples=["contoso"],
    ),
]
Geographies = Annotated[
    Texts,
    Meta(
        description="Where the organization's data lives, or a list: US, EU, UK, AU, BR, CA, IN or APAC.",
        examples=["EU"],
    ),
]
PrivateEndpoint = Annotated[
    str,
    Meta(
        min_length=1,
        description="Let the agents in by a private endpoint in this subnet, by id or resource-group/vnet/subnet.",
        examples=["rg-network/vnet-agents/endpoints"],
    ),
]
Grace = Annotated[int, Meta(ge=0, le=3650, description="For how many days a range that was retired is kept; 30.")]
Exclusive = Annotated[
    bool,
    Meta(description="Remove every rule that is neither published nor declared; check calls it an error."),
]
PublicAccess = Annotated[
    Literal["enabled", "disabled"], Meta(description="What is meant for a vault whose public access is Disabled.")
]
KeepDefaultAction = Annotated[bool, Meta(description="Add rules, and leave the default action as it is.")]


# In which subscription a group is has to be said: Azure does not tell one that may not be read from one that is none.
_SOMEWHERE = {"minProperties": 1, "dependentRequired": {"resource-group": ["subscription"]}}


class Vault(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """A vault, by its name or id, or all that a selection finds; and what is meant for it beside what the top says."""

    name: Annotated[str, Meta(min_length=1, description="The vault's name.", examples=["kv-payments"])] | UnsetType = (
        UNSET
    )
    id: (
        Annotated[
            str,
            Meta(min_length=1, description="The vault's resource id, /subscriptions/…"),
        ]
        | UnsetType
    ) = UNSET
    select: Annotated[Select, Meta(extra_json_schema=_SOMEWHERE)] | UnsetType = UNSET
    organization: Organizations | UnsetType = UNSET
    geography: Geographies | UnsetType = UNSET
    allow: Annotated[list[Allow], Meta(description="Ranges that are wanted too, added to those of the top.")] = []
    remove: Annotated[list[Remove], Meta(description="Rules that have to go, added to those of the top.")] = []
    agents: Agents | UnsetType = UNSET
    private_endpoint: PrivateEndpoint | UnsetType = UNSET
    grace: Grace | UnsetType = UNSET
    exclusive: Exclusive | UnsetType = UNSET
    public_access: PublicAccess | UnsetType = UNSET
    keep_default_action: KeepDefaultAction | UnsetType = UNSET


class Waiver(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """Findings of `netcfg check` that somebody lives with."""

    rule: Annotated[
        str,
        Meta(
            min_length=1,
            description="The rule; `netcfg check --explain RULE` tells about it.",
            examples=["foreign-rule"],
        ),
    ]
    reason: Annotated[str, Meta(min_length=1, description="Why that is all right.")]
    vault: (
        Annotated[str, Meta(min_length=1, description="The vault's name, or a pattern as in a shell; all without it.")]
        | UnsetType
    ) = UNSET
    subject: (
        Annotated[
            str,
            Meta(min_length=1, description="What a finding is about, or a pattern as in a shell; all without it."),
        ]
        | UnsetType
    ) = UNSET
    until: Day | UnsetType = UNSET


_ONE_OF = {"oneOf": [{"required": [each]} for each in ("name", "id", "select")]}


class Document(Struct, rename="kebab", forbid_unknown_fields=True, frozen=True):
    """Which vaults are meant, and what for each; a vault's entry counts before the top of the file, lists add up."""

    organization: Organizations | UnsetType = UNSET
    geography: Geographies | UnsetType = UNSET
    ranges: (
        Annotated[
            Literal["table", "service-tag", "union"],
            Meta(description="Whose ranges are wanted: the documentation's table, the service tag, or both (union)."),
        ]
        | UnsetType
    ) = UNSET
    include_canary_regions: (
        Annotated[bool, Meta(description="Count the canary regions (EUAP) as United States.")] | UnsetType
    ) = UNSET
    devops: DevOps | UnsetType = UNSET
    allow: Annotated[list[Allow], Meta(description="Ranges that are wanted too, for every vault below.")] = []
    remove: Annotated[list[Remove], Meta(description="Rules that have to go, from every vault below.")] = []
    agents: Agents | UnsetType = UNSET
    private_endpoint: PrivateEndpoint | UnsetType = UNSET
    grace: Grace | UnsetType = UNSET
    exclusive: Exclusive | UnsetType = UNSET
    public_access: PublicAccess | UnsetType = UNSET
    keep_default_action: KeepDefaultAction | UnsetType = UNSET
    vaults: (
        Annotated[
            list[Annotated[Vault, Meta(extra_json_schema=_ONE_OF)]],
            Meta(min_length=1, description="The vaults. Without this list, each command says which it is about."),
        ]
        | UnsetType
    ) = UNSET
    waivers: Annotated[
        list[Waiver], Meta(description="Findings that `netcfg check` counts as waived; plan and apply ignore them.")
    ] = []


def schema() -> dict[str, Any]:
    """The JSON Schema by which editors complete and check a configuration."""
    (root,), parts = msgspec.json.schema_components([Document], ref_template="#/$defs/{name}")
    body = parts.pop(root["$ref"].rpartition("/")[2])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:netcfg:schema:config",
        **body,
        "title": "The configuration of netcfg",
        "$defs": {name: parts[name] for name in sorted(parts)},
    }


def main() -> None:
    """Write the schema to stdout."""
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
