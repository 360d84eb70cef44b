"""What an organization needs vaults for, as text and as a document: its agents, and the vaults of its groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netcfg.core.agents import AgentPool, PoolKind
from netcfg.core.discovery import Discovery, LinkedGroup
from netcfg.core.errors import NetcfgError
from netcfg.formats import phrases
from netcfg.formats.page import Page, Row

TITLES = {
    PoolKind.SCALE_SET: "scale set pools",
    PoolKind.MANAGED: "Managed DevOps Pools",
    PoolKind.SELF_HOSTED: "self-hosted pools",
    PoolKind.HOSTED: "Microsoft-hosted pools",
}


def text(found: Discovery, page: Page) -> str:
    """The pools of each kind, the vaults, and last the command to go on with."""
    blocks = [
        [*page.paragraph(found.organization, "title"), *page.paragraph(_tally(found))],
        *_pools(found, page),
        _vaults(found, page),
        _undetermined(found, page),
        page.paragraph(f"next: {_next(found)}") if found.status != 1 else [],
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks if block) + "\n"


def document(found: Discovery) -> dict[str, Any]:
    """What the document of kind `discovery` says. A half that could not be read is null, and never an empty list."""
    pools, vaults = found.known_pools, found.vaults
    return {
        "organization": found.organization,
        "pools": None if isinstance(found.pools, NetcfgError) else [_pool(each) for each in pools],
        "vaults": None
        if isinstance(found.library, NetcfgError)
        else [{"name": name, "groups": [_group(each) for each in groups]} for name, groups in vaults.items()],
        "undetermined": [{"subject": subject, "reason": str(error)} for subject, error in found.undetermined],
        "summary": {
            **_numbers(found),
            "vaults": None if isinstance(found.library, NetcfgError) else len(vaults),
        },
    }


def _numbers(found: Discovery) -> dict[str, int | None]:
    """The pools in numbers, of which there is none where nobody knows them."""
    pools = found.known_pools
    numbers = {
        "pools": len(pools),
        "subnets": len({subnet for pool in pools for subnet in pool.subnets}),
        "addresses": len({address for pool in pools for address in pool.addresses}),
        "unknown": sum(bool(pool.unknown or pool.error) for pool in pools),
    }
    return dict.fromkeys(numbers) if isinstance(found.pools, NetcfgError) else {**numbers}


def _pool(pool: AgentPool) -> dict[str, Any]:
    return {
        "name": pool.name,
        "kind": pool.kind.value,
        "agents": pool.agents,
        "resource": pool.resource,
        "subnets": [str(each) for each in pool.subnets],
        "addresses": [f"{each}/32" for each in pool.addresses],
        "unknown": str(pool.error or pool.unknown) or None,
    }


def _group(group: LinkedGroup) -> dict[str, str]:
    return {"project": group.project, "group": group.name, "connection": group.connection}


def _tally(found: Discovery) -> str:
    pools = phrases.count(len(found.known_pools), "agent pool")
    vaults = phrases.count(len(found.vaults), "vault")
    return " · ".join(
        [
            "agent pools unknown" if isinstance(found.pools, NetcfgError) else pools,
            "vaults unknown" if isinstance(found.library, NetcfgError) else f"{vaults} in variable groups",
            *([f"{phrases.count(len(found.closed_projects), 'project')} unknown"] if found.closed_projects else []),
        ]
    )


def _pools(found: Discovery, page: Page) -> list[list[str]]:
    """A block for each kind. What is unknown of all its pools for one reason is said once, above them."""
    blocks = []
    for kind, title in TITLES.items():
        pools = [each for each in found.known_pools if each.kind is kind]
        reasons = {_reason(each) for each in pools}
        shared = reasons.pop() if len(reasons) == 1 and (len(pools) > 1 or not pools[0].resource) else ""
        if pools:
            reason = page.paragraph(shared, "quiet", first="  ", others="  ") if shared else []
            rows = page.listing(_row(each, shared) for each in pools)
            blocks.append([*page.paragraph(title, "title"), *reason, *rows])
    return blocks


def _row(pool: AgentPool, shared: str) -> Row:
    places = [*(f"{each.short}, in {_location(each.resource_group, each.subscription)}" for each in pool.subnets)]
    places += [", ".join(f"{each}/32" for each in pool.addresses)]
    reason = _reason(pool)
    cells = tuple(each for each in (*places, _agents(pool), reason if reason != shared else "") if each)
    return Row("?" if reason else " ", pool.name, cells, "set" if reason else "")


def _reason(pool: AgentPool) -> str:
    """Why not all is known of it."""
    return f"could not be read: {pool.error}" if pool.error else pool.unknown


def _agents(pool: AgentPool) -> str:
    """How many there are, where that is not Azure's own business: one without any needs no rule."""
    own = pool.kind is PoolKind.SELF_HOSTED and pool.agents is not None
    return phrases.count(pool.agents or 0, "agent") if own else ""


def _location(group: str, subscription: str) -> str:
    return f"{group} of subscription {subscription}"


def _vaults(found: Discovery, page: Page) -> list[str]:
    rows = [Row(" ", name, tuple(map(_use, groups))) for name, groups in found.vaults.items()]
    return [*page.paragraph("vaults that variable groups use", "title"), *page.listing(rows)] if rows else []


def _use(group: LinkedGroup) -> str:
    return f"{group.name} of {group.project}, by the service connection {group.connection}"


def _undetermined(found: Discovery, page: Page) -> list[str]:
    """What is told nowhere else: halves as a whole, and projects."""
    halves = (("agent pools", found.pools), ("variable groups", found.library))
    unread = [(what, half) for what, half in halves if isinstance(half, NetcfgError)]
    unread += [(f"project {each.name}", each.error) for each in found.closed_projects]
    return page.listing(Row("?", what, (f"unknown, because {error}",), "set") for what, error in unread)


def _next(found: Discovery) -> str:
    """Only where there is an agent to let in does it help to look for them again."""
    agents = " --agents discover" if _are_placed(found.known_pools) else ""
    return f"netcfg plan VAULT --organization {found.organization}{agents}"


def _are_placed(pools: Iterable[AgentPool]) -> bool:
    return any(pool.is_placed for pool in pools)
