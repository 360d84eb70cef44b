"""Linked: the vaults that variable groups of organizations take their values from, and whether one of them is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from netcfg.core.discovery import Library
from netcfg.core.errors import BadIdentifier, LinkUnresolved, NetcfgError, NothingLinked, TagsUnknown
from netcfg.core.linkage import Linkage
from netcfg.core.resources import Vault, VaultId, parse_vault
from netcfg.core.target import Selected, Selection
from netcfg.workflow.collaborators import Surroundings

SIDE_BY_SIDE = 8


def linkage(organizations: Iterable[str], around: Surroundings) -> Linkage:
    """The variable groups of the organizations, each of which is asked once; trouble is part of what is known."""
    names = tuple({each.casefold(): each for each in organizations}.values())

    def look(organization: str) -> Library | NetcfgError:
        around.progress.step(f"looking for the variable groups of {organization}")
        try:
            return around.groups.linked(organization)
        except NetcfgError as error:
            return error

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return Linkage(tuple(zip(names, pool.map(look, names), strict=True)))


def select(organizations: Sequence[str], around: Surroundings, *, is_consistent: bool = False) -> Selected:
    """All vaults that variable groups of the organizations use, wherever they are.

    A name that stands for no vault that can be looked at is told with the groups that have it. That nothing at all is
    linked, where everything could be read, is an error.
    """
    known = linkage(organizations, around)
    if not known.vaults and not known.closed:
        raise NothingLinked(organizations)
    names = {name: _name(name) for name in known.vaults}
    wanted = [name for name, error in names.items() if error is None]
    look = around.vaults.listed if is_consistent else around.vaults.show
    shown = look(wanted) if wanted else {}
    answers = {name: error or shown[name] for name, error in names.items()}
    found = {name: each for name, each in answers.items() if isinstance(each, Vault)}
    lost: list[tuple[VaultId | str, NetcfgError]] = [
        (name, LinkUnresolved(name, known.groups_of(name), each))
        for name, each in answers.items()
        if isinstance(each, NetcfgError)
    ]
    return Selected(
        tuple(sorted(found.values(), key=lambda each: each.id.text.lower())),
        illegible=tuple(lost),
        users={each.id.name: known.users(each.id.name) for each in found.values()},
        closed=known.closed,
    )


def _name(text: str) -> NetcfgError | None:
    """What is wrong with the name that a variable group has for its vault; it goes into queries."""
    try:
        found = parse_vault(text)
    except BadIdentifier as error:
        return error
    return None if isinstance(found, str) else BadIdentifier(text, "the name of a vault")


def among(linked: Selected, selection: Selection, found: Selected, *, is_consistent: bool = False) -> Selected:
    """Of the linked vaults, those that another selection finds too, or that are certain to be in its places."""
    there = {each.id for each in found.vaults}
    vaults: list[Vault] = []
    lost = [*linked.illegible]
    for each in linked.vaults:
        if each.id in there or (not selection.tags and selection.may_hold(each.id)):
            vaults.append(each)
        elif selection.may_hold(each.id) and not has_shown(found, each, is_consistent=is_consistent):
            lost.append((each.id, TagsUnknown(each.name)))
    return Selected(tuple(vaults), found.unseen, tuple(lost), found.said, linked.users, linked.closed)


def has_shown(selected: Selected, vault: Vault, *, is_consistent: bool) -> bool:
    """Whether a selection would have shown the vault if it had the tags: the index does not know every vault yet, and
    lists do where they may be read."""
    if not is_consistent:
        return vault.is_indexed
    return not any(is_in(vault.id, place) for place, _ in selected.unseen)


def is_in(vault: VaultId | str, place: str) -> bool:
    """Whether a vault may be in a place; of one by its name nobody knows where it is."""
    return isinstance(vault, str) or f"{vault}/".lower().startswith(f"{place}/".lower())
