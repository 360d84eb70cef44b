"""What a recognised message means in words, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from netcfg.core.messages.cause import Cause
from netcfg.core.messages.clues import Clues
from netcfg.core.messages.roles import least_role_for
from netcfg.core.roles import only_role_for, role_for
from netcfg.core.shell import quote
from netcfg.core.verification import REPLACES, Client

Advice = tuple[str, tuple[str, ...]]

SUBNET = "RESOURCE-GROUP/VNET/SUBNET"
_SECRETS_USER = "Key Vault Secrets User"


def advise(cause: Cause, means: str, clues: Clues, program: str) -> Advice:
    """What to tell, and the commands that follow; names that the message does not tell stand in capitals.

    `means` is what the sign itself says, which takes the place of the general words.
    """
    said, steps = _ADVICE[cause](_Case(clues, program))
    return (f"{means}{f' (vault {clues.vault})' if clues.vault else ''}" if means else said), steps


@dataclass(frozen=True)
class _Case:
    """What somebody met with, and what he calls the program."""

    clues: Clues
    program: str

    @property
    def vault(self) -> str:
        """The vault's name for a command."""
        return self.clues.vault or "VAULT"

    @property
    def the_vault(self) -> str:
        return self.clues.vault or "the vault"

    @property
    def apply(self) -> str:
        return f"{self.program} apply {self.vault} --organization ORG"

    @property
    def looks(self) -> tuple[str, str]:
        """The two ways to make the vault itself say what is in the way."""
        verify = f"{self.program} verify {self.vault}"
        return f"{verify} --through-devops --organization ORG", f"{verify} --from-here"

    @property
    def who(self) -> str:
        caller = "Azure DevOps" if self.clues.is_relayed else "the caller"
        address, subnet = self.clues.address or None, self.clues.subnet or None
        return f"{caller}, which it sees as {Client(address, subnet)}" if address or subnet else caller

    @property
    def identity(self) -> str:
        clues = self.clues
        if clues.object_id and clues.client and clues.client != clues.object_id:
            return f" (application {clues.client}, object id {clues.object_id})"
        return f" (object id {clues.object_id})" if clues.object_id else ""

    @property
    def data_role(self) -> str:
        """The least role for what was tried, where it is known; Azure DevOps tries to read secrets."""
        if self.clues.action:
            return least_role_for(self.clues.action)
        return _SECRETS_USER if self.clues.is_relayed else ""

    @property
    def vault_id(self) -> str:
        """Where a role is given: on the vault that refuses, by its id, and on no other that a text may name."""
        return (_vault_of(self.clues.resource) if self._is_its_own else "") or "VAULT-ID"

    @property
    def scope(self) -> str:
        """What Azure Resource Manager refused to let somebody touch."""
        return (self.clues.resource or "SCOPE") if self._is_its_own else "VAULT-ID"

    @property
    def _is_its_own(self) -> bool:
        """Whether what was refused is of no other vault than the one that the message is about."""
        other, vault = _vault_of(self.clues.resource).rpartition("/")[2], self.clues.vault
        return not other or not vault or other.lower() == vault.lower()

    def firewall(self) -> Advice:
        clues = self.clues
        said = f"the firewall of {self.the_vault} refuses {self.who}; whether permissions are missing, too, shows later"
        if clues.subnet:
            return said, (f"{self.apply} --subnet {quote(clues.subnet)}",)
        if clues.is_disputed or clues.subnets:
            which = "more than one client" if clues.subnets else "more than one client address"
            return f"{said}; this text names {which}, so which of them it refuses is not told", self.looks
        if not clues.address:
            return f"{said}; which address it refuses this text does not tell", self.looks
        if not Client(clues.address).public:
            return said, (f"{self.apply} --subnet {SUBNET}",)
        return said, (f"{self.program} ranges who {clues.address}", self.apply)

    def public_access(self) -> Advice:
        said = (
            f"public access to {self.the_vault} is off, so that its rules are not even asked, and the caller did not "
            "come by a private endpoint; Azure DevOps itself never does, and cannot link this vault while it is so. "
            "Look whether it is so still, and turn public access on if it is meant to be public"
        )
        verify = self.looks[0 if self.clues.is_relayed else 1]
        return said, (
            verify,
            f"{self.apply} --public-access enabled",
            f"{self.apply} --private-endpoint {SUBNET}",
        )

    def perimeter(self) -> Advice:
        public = Client(self.clues.address).public
        said = (
            f"the network security perimeter of {self.the_vault} refuses {self.who}; it alone decides, rules of the "
            "vault do nothing there, and its owner has to add an inbound access rule"
        )
        command = (
            "az network perimeter profile access-rule create --resource-group GROUP --perimeter-name PERIMETER "
            f"--profile-name PROFILE --name NAME --address-prefixes '[{f'{public}/32' if public else 'CIDR'}]'"
        )
        return said, (command,)

    def role(self) -> Advice:
        role = self.data_role
        said = (
            f"the network lets the caller in; its identity{self.identity} lacks a role on {self.the_vault}: "
            f"{role or 'one that has what it tried'}. One that is given counts after some minutes"
        )
        command = (
            f"az role assignment create --role {quote(role or 'ROLE')} "
            f"--assignee-object-id {self.clues.object_id or 'OBJECT-ID'} --scope {quote(self.vault_id)}"
        )
        return said, (command,)

    def policy(self) -> Advice:
        lacking = self.clues.permission or "a permission, for Azure DevOps get and list for secrets"
        said = (
            f"the access policies of {self.the_vault} decide who may do what in it, and the caller's identity"
            f"{self.identity} lacks {lacking}; {REPLACES}"
        )
        who = self.clues.object_id or "OBJECT-ID"
        query = quote(f"properties.accessPolicies[?objectId=='{who}'].permissions")
        return said, (
            f"az keyvault show --name {self.vault} --query {query}",
            f"az keyvault set-policy --name {self.vault} --object-id {who} {_permissions(self.clues.permission)}",
        )

    def hidden(self) -> Advice:
        return "this text is shown whatever the cause was; most often it is the firewall", self.looks

    def no_vault(self) -> Advice:
        said = (
            f"{self.clues.vault or 'the host'} has no address there: no vault has that name, or the network's DNS "
            "answers for a private zone that has no record for it"
        )
        return said, (self.looks[1], "az keyvault list-deleted --resource-type vault --query '[].name'")

    def name(self) -> Advice:
        said = (
            f"no DNS server answered there for {self.clues.vault or 'the host'}, which mostly passes; nothing is known "
            "of the vault"
        )
        return said, (self.looks[1],)

    def absent(self) -> Advice:
        secret = f"secret {self.clues.secret}" if self.clues.secret else "such secret"
        said = (
            f"{self.the_vault} lets the caller in and has no {secret}: it was deleted or renamed, and a variable group "
            "or a pipeline still asks for it"
        )
        return said, (f"az keyvault secret list --vault-name {self.vault} --query '[].name'",)

    def unusable(self) -> Advice:
        secret = self.clues.secret
        said = (
            f"{self.the_vault} lets the caller in, and the secret{f' {secret}' if secret else ''} is disabled, has "
            "expired or is not valid yet"
        )
        command = f"az keyvault secret show --vault-name {self.vault} --name {quote(secret or 'NAME')}"
        return said, (f"{command} --query attributes",)

    def connection(self) -> Advice:
        return "the service connection cannot sign in, so that nothing is known of the vault yet", (self.looks[0],)

    def sign_in(self) -> Advice:
        tenant = f" --tenant {self.clues.tenant}" if self.clues.tenant else ""
        return "the sign-in was refused, so that nothing is known of the vault yet", (f"az login{tenant}",)

    def endpoint(self) -> Advice:
        subnets = self.clues.subnets
        who = f"{len(subnets)} subnets lack" if len(subnets) > 1 else "a subnet lacks"
        said = (
            f"{who} the service endpoint Microsoft.KeyVault, without which Azure takes no rule for a subnet; netcfg "
            "writes the rule first and enables the endpoint then"
        )
        return said, (f"{self.apply} {' '.join(f'--subnet {quote(each)}' for each in subnets or (SUBNET,))}",)

    def conflict(self) -> Advice:
        said = (
            f"somebody else changed {self.the_vault}, or a network that it shares with other vaults, at the same "
            "moment, and nothing was written; netcfg looks again and tries again by itself"
        )
        return said, (f"{self.program} plan {self.vault} --organization ORG",)

    def throttled(self) -> Advice:
        return f"{self.the_vault} and what is around it was asked too often; wait for some minutes", ()

    def permission(self) -> Advice:
        clues = self.clues
        if not clues.action:
            return "whoever ran the command lacks a permission", ()
        role = role_for(clues.action)
        said = f"{clues.client or 'the identity'} may not do {clues.action} on {clues.resource or 'it'}; needed: {role}"
        command = (
            f"az role assignment create --role {quote(only_role_for(clues.action) or 'ROLE')} "
            f"--assignee {quote(clues.object_id or clues.client or 'OBJECT-ID')} "
            f"--scope {quote(self.scope)}"
        )
        return said, (command,)

    def argument(self) -> Advice:
        said = (
            "Azure refused all of the rules for one of them: no vault takes a private range, and who comes from one is "
            "let in by the subnet"
        )
        return said, (f"{self.apply} --subnet {SUBNET}",)

    def unknown(self) -> Advice:
        return "no known message is in this text; what the vault itself says tells more", self.looks


_ADVICE: Mapping[Cause, Callable[[_Case], Advice]] = {
    Cause.FIREWALL: _Case.firewall,
    Cause.PUBLIC_ACCESS: _Case.public_access,
    Cause.PERIMETER: _Case.perimeter,
    Cause.ROLE: _Case.role,
    Cause.POLICY: _Case.policy,
    Cause.HIDDEN: _Case.hidden,
    Cause.NO_VAULT: _Case.no_vault,
    Cause.NAME: _Case.name,
    Cause.ABSENT: _Case.absent,
    Cause.UNUSABLE: _Case.unusable,
    Cause.CONNECTION: _Case.connection,
    Cause.SIGN_IN: _Case.sign_in,
    Cause.ENDPOINT: _Case.endpoint,
    Cause.CONFLICT: _Case.conflict,
    Cause.THROTTLED: _Case.throttled,
    Cause.PERMISSION: _Case.permission,
    Cause.ARGUMENT: _Case.argument,
    Cause.UNKNOWN: _Case.unknown,
}


def _vault_of(resource: str) -> str:
    """The id of the vault that something belongs to; roles are given on the whole vault."""
    parts = resource.split("/")
    lowered = [each.lower() for each in parts]
    return "/".join(parts[: lowered.index("vaults") + 2]) if "vaults" in lowered[:-1] else ""


def _permissions(lacking: str) -> str:
    """The option that gives what is missing; who reads secrets needs both of these."""
    permission, _, kind = lacking.partition(" for ")
    if kind in ("keys", "certificates"):
        return f"--{kind.removesuffix('s')}-permissions {permission}"
    others = "" if permission in ("", "get", "list") else f" {permission}"
    return f"--secret-permissions get list{others}"
