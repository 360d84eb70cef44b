"""Granting: let the identity behind a service connection read the secrets of a vault, and wait until that counts."""

from __future__ import annotations

from dataclasses import dataclass

from netcfg.core.errors import GrantMoved
from netcfg.core.linking.grouping import Grant
from netcfg.core.linking.groups import ServiceConnection
from netcfg.core.proof import Proof
from netcfg.core.verification import Obstacle
from netcfg.workflow.collaborators import Surroundings
from netcfg.workflow.proving import Found, prove

EFFECTIVE = 600.0  # seconds; a role may take ten minutes to count


@dataclass(frozen=True)
class Given:
    """Whether anything was written, and what Azure DevOps gets to read since."""

    is_written: bool
    proof: Proof


def give(grant: Grant, connection: ServiceConnection, around: Surroundings, *, group: str = "") -> Given:
    """Give the permission if it is missing still, and wait until it counts.

    Whoever agreed to it saw one identity, and a role or a policy, perhaps an hour ago: where the connection is somebody
    else's by now, or the vault asks for the other of the two, nothing is given.
    """
    around.progress.step(f"looking again whom {grant.vault.name} is to let read its secrets")
    now = around.linking.connections.find(connection.project, connection.id)
    vault = around.vaults.read(grant.vault.id)
    proof = prove(vault.id, Found(now), 0.0, around, group=group, can_grant=True)
    is_missing = proof.obstacle is Obstacle.PERMISSION
    if moved := grant.what_moved(connection, now, vault, proof.identity if is_missing else None):
        raise GrantMoved(grant.connection, grant.vault.name, moved)
    if not is_missing or around.stop.is_set():
        return Given(False, proof)
    around.progress.step(f"letting {grant.connection} read the secrets of {grant.vault.name}")
    with around.finishing():  # what became of a write has to be known, also when there is no time left
        is_written = around.linking.grants.allow(vault, grant.object_id, grant.tenant)
    # One that was there already may have been given a minute ago, so it is waited for as well.
    proof = prove(vault.id, Found(now), EFFECTIVE, around, group=group, was_granted=True, can_grant=True)
    return Given(is_written, proof)
