"""What is meant for a vault, as a saved plan keeps it: what the command line and the configuration came to.

Nothing is believed because it stands in a file of ours: everything is read as the options are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from netcfg.core.declared import Declaration, parse_day, parse_wanted
from netcfg.core.errors import BadIdentifier
from netcfg.core.geography import Atlas
from netcfg.core.intent import Intent, Removal, parse_removal
from netcfg.core.organization import parse_name
from netcfg.core.private import as_private_endpoint
from netcfg.core.ranges import Policy
from netcfg.core.resources import parse_subnet_or_name
from netcfg.core.rules import IpRule, PublicAccess
from netcfg.core.terms import Terms

Object = dict[str, Any]

LONGEST_GRACE = 3650  # days, as the option has it


def write_intent(intent: Intent) -> Object:
    """Everything that was said, before anybody has asked Azure what it means; `Meanings` reads it."""
    private = intent.private_endpoint or intent.named_private_endpoint
    return {
        "organizations": list(intent.organizations),
        "geographies": [each.id for each in intent.geographies],
        "ranges": intent.policy.value,
        "includeCanaryRegions": intent.canary,
        "subnets": [str(each) for each in (*intent.subnets, *intent.named_subnets)],
        "discoverAgents": intent.discovers_agents,
        "allow": [_declaration(each) for each in intent.allow],
        "remove": [_removal(each) for each in intent.remove],
        "removeReasons": [{"value": _removal(each), "reason": why} for each, why in intent.remove_reasons],
        "removeEndpoints": [str(each) for each in intent.remove_endpoints],
        "privateEndpoint": None if private is None else str(private),
        "graceDays": intent.grace.days,
        "exclusive": intent.exclusive,
        "publicAccess": intent.public_access.value if intent.public_access else None,
        "keepDefaultAction": intent.keep_default_action,
    }


def _declaration(declared: Declaration) -> Object:
    until = declared.until.isoformat() if declared.until else None
    return {"cidr": str(declared.network), "reason": declared.reason, "until": until}


def _removal(removal: Removal) -> str:
    return removal.value if isinstance(removal, IpRule) else str(removal)


@dataclass(frozen=True)
class Meanings:
    """Reads what `write_intent` wrote; `devops` is the address of Azure DevOps. What cannot be meant is an error: a
    `NetcfgError`, or what Python raises about a value of another type."""

    atlas: Atlas
    devops: str

    def intent(self, found: Mapping[str, Any]) -> Intent:
        """What it means. An object that says something else, or the same in another way, is for the caller to tell:
        he writes the intent again and compares."""
        private, access = found["privateEndpoint"], found["publicAccess"]
        for name in found["organizations"]:
            parse_name(name, self.devops)
        if access == PublicAccess.SECURED_BY_PERIMETER.value:
            raise ValueError("publicAccess cannot be asked to be a perimeter's")
        if not 0 <= found["graceDays"] <= LONGEST_GRACE:
            raise ValueError(f"graceDays is not between 0 and {LONGEST_GRACE}")
        endpoints = [(each, as_private_endpoint(each)) for each in found["removeEndpoints"]]
        if strange := next((each for each, id in endpoints if id is None), None):
            raise BadIdentifier(strange, "the id of a private endpoint")
        return Terms(
            organizations=tuple(found["organizations"]),
            geographies=tuple(self.atlas.find(each) for each in found["geographies"]),
            policy=Policy(found["ranges"]),
            canary=is_flag(found["includeCanaryRegions"]),
            subnets=tuple(parse_subnet_or_name(each) for each in found["subnets"]),
            discovers_agents=is_flag(found["discoverAgents"]),
            allow=tuple(_declared(each) for each in found["allow"]),
            remove=tuple(parse_removal(each) for each in found["remove"]),
            remove_reasons=tuple(
                (parse_removal(each["value"]), _text(each["reason"])) for each in found["removeReasons"]
            ),
            remove_endpoints=tuple(id for _, id in endpoints if id),
            private_endpoint=None if private is None else parse_subnet_or_name(private),
            grace=timedelta(days=found["graceDays"]),
            exclusive=is_flag(found["exclusive"]),
            public_access=None if access is None else PublicAccess(access),
            keep_default_action=is_flag(found["keepDefaultAction"]),
        ).intent()


def _declared(found: Mapping[str, Any]) -> Declaration:
    until = found["until"]
    return Declaration(parse_wanted(found["cidr"]), _text(found["reason"]), None if until is None else parse_day(until))


def is_flag(found: object) -> bool:
    """The flag that stands there; 1 and "true" are none."""
    if not isinstance(found, bool):
        raise TypeError(f"{found!r:.80} is neither true nor false")
    return found


def _text(found: object) -> str:
    if not isinstance(found, str) or not found.strip():
        raise ValueError("a reason is missing")
    return found
