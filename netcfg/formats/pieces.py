"""The pieces of a private way in, as the rows of a diff tell them: what each is called, and where it lies."""

from __future__ import annotations

from typing import assert_never

from netcfg.core.approval import PieceId
from netcfg.core.plan import Change
from netcfg.core.private import (
    NewEndpoint,
    NewLink,
    NewPiece,
    NewRecord,
    NewZone,
    OldPiece,
    OwnersApproval,
    PieceKind,
)
from netcfg.core.resources import VaultId


def told(change: Change, vault: VaultId) -> tuple[str, tuple[str, ...]]:
    """The name of the piece, and what is said of it."""
    piece = change.piece
    match piece:
        case NewEndpoint():
            where = f"private endpoint in {piece.subnet.short}, {piece.location}, {_place(piece.id, vault)}"
            return piece.id.name, (where, "approved at once where the sign-in may, else by the vault's owner")
        case NewZone():
            return piece.id.name, (f"private DNS zone, {_place(piece.id, vault)}",)
        case NewRecord():
            return piece.name, (f"record in {piece.zone.name}, {_place(piece.zone, vault)}, by {_group(piece.id)}",)
        case NewLink():
            return piece.id.name, (
                f"link of {piece.network.name} to {piece.id.parent.name}, {_place(piece.id.parent, vault)}",
            )
        case OldPiece():
            return piece.id.name, (_old(piece, vault),)
        case OwnersApproval():
            what = f"private endpoint, {_place(piece.id, vault)}: {change.was} → {change.value}"
            return piece.id.name, (what, f"by the vault's owner: {piece.command}")
        case None:
            return change.value, ()
        case _:
            assert_never(piece)


def document(piece: NewPiece | OldPiece | OwnersApproval) -> dict[str, str]:
    """What a document tells of the piece beside its id."""
    match piece:
        case NewEndpoint():
            return {"location": piece.location}
        case NewRecord():
            return {"zone": str(piece.zone)}
        case NewLink():
            return {"zone": str(piece.id.parent), "network": str(piece.network)}
        case OwnersApproval():
            return {"endpoint": str(piece.id), "connection": str(piece.connection)}
        case NewZone() | OldPiece():
            return {}
        case _:
            assert_never(piece)


def _old(piece: OldPiece, vault: VaultId) -> str:
    match piece.kind:
        case PieceKind.ENDPOINT:
            return f"private endpoint, {_place(piece.id, vault)}"
        case PieceKind.ZONE:
            return f"private DNS zone, {_place(piece.id, vault)}: nothing else is in it"
        case PieceKind.RECORD:
            return f"zone group of {piece.id.parent.name}, with the vault's record"
        case PieceKind.LINK:
            return f"link to {piece.id.parent.name}, {_place(piece.id.parent, vault)}: nothing else is in that"
        case _:
            assert_never(piece.kind)


def _group(id: PieceId) -> str:
    return f"the zone group {id.name} of {id.parent.name}"


def _place(id: PieceId, vault: VaultId) -> str:
    """The resource group of a piece, and its subscription where that is not the vault's."""
    abroad = f" of subscription {id.subscription}" if id.subscription != vault.subscription else ""
    return f"in {id.resource_group}{abroad}"
