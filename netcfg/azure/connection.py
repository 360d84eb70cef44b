"""Azure, ready to be asked: vaults and subnets behind one pipeline and one credential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

from netcfg.azure import service_tags
from netcfg.azure.agents.machines import AzureMachines
from netcfg.azure.arm import ResourceManager
from netcfg.azure.credentials import ConstantToken, Credential
from netcfg.azure.dataplane.door import Door, unasked
from netcfg.azure.endpoints import PUBLIC, Cloud, parse_endpoint
from netcfg.azure.exits.neighbourhood import AzureNeighbourhood
from netcfg.azure.firewall.vaults import AzureVaults
from netcfg.azure.grants import AzureGrants
from netcfg.azure.holdings import AzureHoldings
from netcfg.azure.network.subnets import AzureSubnets
from netcfg.azure.pacing import Pacing
from netcfg.azure.private.links import AzurePrivateLinks
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.http import ANSWER_TIMEOUT


@dataclass(frozen=True)
class Azure:
    """The collaborators of the workflow, and what they share. Leaving the block closes the connections."""

    vaults: AzureVaults
    subnets: AzureSubnets
    neighbourhood: AzureNeighbourhood
    private: AzurePrivateLinks
    machines: AzureMachines
    holdings: AzureHoldings
    grants: AzureGrants
    arm: ResourceManager

    def service_tags(self, subscription: str) -> bytes:
        """The service tags of the cloud, as the subscription's Service Tag Discovery API tells them."""
        return service_tags.fetch(self.arm, subscription)

    def __enter__(self) -> Azure:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.arm.close()


def connect(
    credential: Credential | str,
    *,
    cloud: Cloud = PUBLIC,
    resource_manager: str | None = None,
    timeout: float = ANSWER_TIMEOUT,
    tell: Callable[[str], None] = lambda _: None,
    knock: Callable[[str], Door] = unasked,
    pacing: Pacing | None = None,
    deadline: Deadline = UNLIMITED,
    now: Callable[[], datetime] | None = None,
) -> Azure:
    """Azure at `resource_manager`, else where `cloud` has it; nobody signs in before something is asked.

    `credential` may be a token, as the sandbox has one. `timeout` is how many seconds one answer may take. `tell` hears
    of each tenant other than the sign-in's that a token is taken of. `knock` asks the vault of a name whose it is,
    where nothing else tells why it is not found. `pacing` holds back what Azure would not take just now, and after the
    `deadline` nothing is asked any more. `now` tells the time of this machine, if Azure's is to be compared with it.
    """
    url = parse_endpoint(resource_manager or cloud.resource_manager)
    source = ConstantToken(credential) if isinstance(credential, str) else credential
    arm = ResourceManager(url, cloud.scope, source, timeout, tell, pacing, deadline, now)
    return Azure(
        vaults=AzureVaults(arm, knock),
        subnets=AzureSubnets(arm),
        neighbourhood=AzureNeighbourhood(arm),
        private=AzurePrivateLinks(arm, cloud.private_zone),
        machines=AzureMachines(arm),
        holdings=AzureHoldings(arm),
        grants=AzureGrants(arm),
        arm=arm,
    )
