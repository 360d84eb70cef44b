"""The vaults in Azure: found by name, read with what holds them, and written in one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace

from netcfg.azure.arm import ResourceManager
from netcfg.azure.dataplane.door import Door, unasked
from netcfg.azure.errors import SDK_ERRORS, translate, unsettled
from netcfg.azure.firewall import absent, gone, indexed, listed, perimeters, selected
from netcfg.azure.firewall import names as by_name
from netcfg.azure.firewall.connections import parse_connections
from netcfg.azure.firewall.holders import Holders, readers
from netcfg.azure.firewall.patch import patch
from netcfg.azure.firewall.tags import parse_tags
from netcfg.core.acls import parse_firewall
from netcfg.core.errors import AzureAnswer, NetcfgError, NotInAzure, SubnetsGone, Throttled, WriteUnsettled
from netcfg.core.resources import Tags, Vault, VaultId
from netcfg.core.rules import Firewall, Perimeter
from netcfg.core.target import Selected, Selection
from netcfg.core.wire import Json, an_object

MOST_AT_ONCE = 64  # vaults that are read


class AzureVaults:
    """The vaults that Azure Resource Manager shows to the one who is signed in."""

    # Without the SDK's own client: its models, which nobody wants here, take longer to make than all the rest of a
    # request, and with sixteen vaults side by side that time lies between the last look at each and its write.
    def __init__(self, arm: ResourceManager, knock: Callable[[str], Door] = unasked) -> None:
        self._arm = arm
        self._knock = knock
        self._beside = ThreadPoolExecutor(MOST_AT_ONCE)  # one for all: to begin a thread takes as long as to ask

    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        """The ids of vaults known by name only; a name that stands for none, or cannot be found, maps to the error."""
        return by_name.find(self._arm, names, self._knock)

    def select(self, selection: Selection, *, is_consistent: bool = False) -> Selected:
        """The vaults that a selection means, and every place it names that the sign-in does not see whole; by an index
        that lags, unless it is to be `is_consistent`."""
        with readers() as pool:
            holders = Holders(self._arm, pool, is_consistent=is_consistent)
            if selection.subscriptions:
                holders.look_into(selection.subscriptions)
            else:
                holders.look_everywhere()
            found = selected.select(self._arm, selection, self, is_consistent=is_consistent)
            return _settled(found, selection, holders)

    def show(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        """Many vaults, by id or name, as Resource Graph's index shows them, which lags; what it does not show is asked
        of Resource Manager itself. One that is nowhere maps to the error that says so."""
        return indexed.show(self._arm, vaults, self)

    def listed(self, vaults: Sequence[VaultId | str]) -> Mapping[VaultId | str, Vault | NetcfgError]:
        """The same, as Resource Manager itself lists the vaults of their subscriptions."""
        return listed.listed(self._arm, vaults, self)

    def read(self, vault: VaultId) -> Vault:
        """The vault as Azure shows it now, with how a perimeter holds it; the two are asked side by side."""
        perimeter = self._beside.submit(self._arm.deadline.carried(perimeters.read), self._arm, vault)
        found = self._get(vault)
        return parse_vault_json(found, vault, perimeter.result())

    def read_back(self, vault: Vault) -> Vault:
        """A vault that was read before, as Azure shows it now, but for how a perimeter holds it.

        It ends a write, so it is not given up when the time of the run is over.
        """
        with self._arm.deadline.finishing():
            return parse_vault_json(self._get(vault.id), vault.id, vault.perimeter)

    def turn(self, vault: VaultId) -> AbstractContextManager[None]:
        """A block in which Azure takes a write to the vault, which would else have to wait between the last look at it
        and the write. Begins once it does, or at once when somebody wants us to end."""
        return self._arm.pacing.turn(vault.subscription)

    def write(
        self, vault: Vault, after: Firewall, *, ignore_missing_endpoint: bool = False, tags: Tags | None = None
    ) -> None:
        """Replace the firewall of a vault, and its tags where others are given, in one request, which is tried once.

        `vault` is the vault as just read. A conflict, throttling or broken connection is `WriteUnsettled`: whether the
        write happened is then unknown, and somebody has to look.
        """
        subject = f"vault {vault.name}"
        wanted = vault.tags if tags is None else tags
        if vault.has_odd_tags and wanted != vault.tags:
            raise AzureAnswer(subject, "tags that are no text, and that could not be sent back beside a changed one")
        body = patch(vault, after, wanted, ignore_missing_endpoint=ignore_missing_endpoint)
        try:
            self._arm.patch(_path(vault.id), listed.VERSION, body)
        except Throttled as error:
            raise WriteUnsettled(vault.name, str(error), error.wait, may_have_happened=False, was_sent=False) from error
        except SDK_ERRORS as error:
            if doubt := unsettled(error, subject):
                raise WriteUnsettled(
                    vault.name,
                    doubt.reason,
                    doubt.wait,
                    may_have_happened=doubt.may_have_happened,
                    request_id=doubt.request_id,
                ) from error
            refused = translate(error, subject, self._arm.url)
            if isinstance(refused, SubnetsGone):
                refused = gone.name_rules(self._arm, refused, after)
            raise refused from error

    def _get(self, vault: VaultId) -> Json:
        try:
            return self._arm.get(_path(vault), listed.VERSION, f"vault {vault}")
        except NotInAzure as error:
            raise absent.explain_id(self._arm, vault, error) from error


def _path(vault: VaultId) -> str:
    place = f"/subscriptions/{vault.subscription}/resourceGroups/{vault.resource_group}"
    return f"{place}/providers/Microsoft.KeyVault/vaults/{vault.name}"


def _settled(found: Selected, selection: Selection, holders: Holders) -> Selected:
    """The same with how perimeters hold the vaults that are wanted; of one that was read by itself that is known."""
    wanted = [each for each in found.vaults if selection.wants(each.id)]
    asked = [each for each in wanted if each.perimeter is Perimeter.UNKNOWN]
    answers = dict(zip((each.id for each in asked), holders.settle(asked), strict=True))
    settled = [(each.id, answers.get(each.id, each)) for each in wanted]
    vaults = tuple(each for _, each in settled if isinstance(each, Vault))
    unknown = tuple((id, each) for id, each in settled if isinstance(each, NetcfgError))
    return replace(found, vaults=vaults, illegible=(*found.illegible, *unknown))


def parse_vault_json(found: Json, asked: VaultId, perimeter: Perimeter) -> Vault:
    """The vault in Azure's answer. Its id is the one asked for, written as Azure writes it."""
    subject = f"vault {asked}"
    text = found.get("id")
    if isinstance(text, str) and text.lower() == asked.text.lower():
        asked = replace(asked, text=text)
    properties = an_object(found.get("properties"), subject)
    tags, is_odd = parse_tags(found.get("tags"))
    return Vault(
        asked,
        parse_firewall(properties, subject),
        perimeter,
        parse_connections(properties, subject),
        tags=tags,
        has_odd_tags=is_odd,
        is_role_based=_is_role_based(properties),
    )


def _is_role_based(properties: Json) -> bool | None:
    """Whether roles say who may read, and not access policies; `None` where Azure does not tell."""
    told = properties.get("enableRbacAuthorization")
    return told if isinstance(told, bool) else None
