"""The verdict on one look at a vault: what is in the way, and the next step."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import assert_never

from netcfg.core.messages.cause import Cause
from netcfg.core.messages.diagnosis import refusal
from netcfg.core.rules import DefaultAction, Perimeter, PublicAccess
from netcfg.core.shell import quote
from netcfg.core.verification import (
    REPLACES,
    Answer,
    Client,
    Failure,
    Fault,
    Hope,
    Known,
    Observation,
    Obstacle,
    Remedy,
    Resolution,
    Verification,
    is_this_machine,
    parse_address,
)


def judge(seen: Observation, known: Known | None = None, program: str = "netcfg") -> Verification:
    """What `seen` proves. What Azure shows of the vault, where it is `known`, explains and never decides.

    The next steps are to be pasted, so they call the `program` as the caller says it, root options and all.
    """
    match seen.said:
        case Answer() as answer:
            found = _heard(seen, answer, known, program)
        case Failure() as failure:
            found = _failed(seen, failure, known)
        case None:
            found = _unresolved(seen, known, program)
        case _:
            assert_never(seen.said)
    return replace(found, notes=_notes(seen))


# --- it answered --------------------------------------------------------------------------------------------------

_OBSTACLES = {
    Cause.FIREWALL: Obstacle.FIREWALL,
    Cause.PUBLIC_ACCESS: Obstacle.PUBLIC_ACCESS,
    Cause.PERIMETER: Obstacle.PERIMETER,
    Cause.ROLE: Obstacle.PERMISSION,
    Cause.POLICY: Obstacle.PERMISSION,
}
DELETED = ("az keyvault list-deleted --resource-type vault --query '[].name'",)
# Only who got past every firewall is told of roles and policies with these.
_PAST_THE_FIREWALL = ("ForbiddenByRbac", "ForbiddenByPolicy")
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


def _heard(seen: Observation, answer: Answer, known: Known | None, program: str) -> Verification:
    if answer.status == 200 and answer.is_authenticated and answer.has_names:
        message = f"nothing is in the way: {seen.vault} shows its secret names to this machine{_way(seen)}"
        return Verification(seen, True, None, message)
    if answer.status == 401 and answer.is_authenticated:
        message = f"{seen.vault} did not accept the token: {_words(answer)}"
        fix = Remedy("sign in again, in the tenant of the vault; nothing is known of its firewall before that")
        return Verification(seen, None, Obstacle.SIGN_IN, message, fix)
    if answer.status == 404 and answer.code == "VaultNotFound":
        message = f"{seen.host} has an address, and no vault is there{_way(seen)}"
        fix = Remedy("check the name, and whether it was deleted", DELETED)
        return Verification(seen, False, Obstacle.NO_VAULT, message, fix)
    if answer.status in _PASSING:
        message = f"{seen.host} cannot answer now: {_words(answer)}"
        fix = Remedy("run it again in some minutes")
        return Verification(seen, None, Obstacle.ANSWER, message, fix, hope=Hope.RETRY)
    obstacle = _obstacle(answer) if answer.status == 403 else None
    if obstacle is Obstacle.PERMISSION and answer.is_authenticated:
        return _forbidden(seen, answer, known)
    if obstacle and obstacle is not Obstacle.PERMISSION:
        return _refused(seen, obstacle, client_of(answer.message), known, program)
    message = f"{seen.host} answered what no vault is known to answer: {_words(answer)}"
    fix = Remedy("look for a proxy or a sign-in page that answers in its place, then run it again")
    return Verification(seen, None, Obstacle.ANSWER, message, fix)


def _obstacle(answer: Answer) -> Obstacle | None:
    """What a refusal is about; `None` for one that nobody has seen."""
    cause = refusal(answer.inner, answer.message)
    return _OBSTACLES.get(cause) if cause else None


def client_of(message: str) -> Client:
    """As whom the text of a refusal names this machine."""
    found = re.search(r"client address(?:: ?| \()([0-9a-f.:]+)", message, re.IGNORECASE)
    address = parse_address(found[1].rstrip(".")) if found else None
    subnet = re.search(r" from (?:subnet )?(/subscriptions/[^\s,;]+)", message, re.IGNORECASE)
    return Client(str(address) if address else None, subnet[1] if subnet else None)


def _refused(seen: Observation, obstacle: Obstacle, client: Client, known: Known | None, program: str) -> Verification:
    """The network is not let in. What Azure shows tells whether that may change without anybody's doing."""
    if obstacle is Obstacle.PERIMETER and known and not is_held(known):
        obstacle = Obstacle.FIREWALL  # a perimeter that only learns lets in whom the rules let in, too
    coming = _coming(known, client) if known else None
    message = _REFUSALS[obstacle].format(vault=seen.vault, client=client) + (f", although {coming}" if coming else "")
    if obstacle is Obstacle.FIREWALL:
        fix = _remedy(seen, client, known, program)
    elif obstacle is Obstacle.PUBLIC_ACCESS:
        fix = _closed(seen, known, program)
    else:
        who = client.address or "its address"
        fix = Remedy(
            f"have the owner of the perimeter add an inbound access rule for {who}, or come by a private endpoint"
        )
    if coming:
        again = f"{program} verify {seen.vault} --from-here"
        words = f"look again, a change may take 15 minutes; if that ends alike, {fix.words}"
        fix = Remedy(words, (again, *fix.commands))
    hope = Hope.CHANGE if coming else Hope.NONE if known else Hope.PERHAPS
    return Verification(seen, False, obstacle, message, fix, client, hope)


_REFUSALS = {
    Obstacle.FIREWALL: "the firewall of {vault} refuses this machine, which it sees as {client}",
    Obstacle.PUBLIC_ACCESS: "public access to {vault} is off, and this machine did not come by a private endpoint",
    Obstacle.PERIMETER: "the network security perimeter of {vault} refuses this machine, which it sees as {client}",
}


def is_held(known: Known) -> bool:
    """Whether a perimeter decides alone; where that cannot be seen it may."""
    access = known.vault.firewall.public_access
    return known.vault.perimeter not in (Perimeter.NONE, Perimeter.LEARNING) or access is not PublicAccess.ENABLED


def _coming(known: Known, client: Client) -> str | None:
    """What Azure shows that speaks for the machine: then what is refused may be let in soon."""
    if shown := admission(known, client):
        return shown
    if is_open_to_rules(known) and known.vault.firewall.rule_set.virtual_network_rules and not client.subnet:
        return "Azure shows rules for subnets, and it may be in one whose service endpoint is not effective yet"
    return None


def is_open_to_rules(known: Known) -> bool:
    """Whether it is by rules, or by none at all, that Azure shows the vault to let people in."""
    return (
        known.vault.firewall.public_access is PublicAccess.ENABLED and known.vault.perimeter is not Perimeter.ENFORCED
    )


def admission(known: Known, client: Client) -> str | None:
    """By what Azure shows the vault to let `client` in; `None` where it shows nothing of the kind."""
    if not is_open_to_rules(known):
        return None
    rules = known.vault.firewall.rule_set
    if rules.default_action is DefaultAction.ALLOW:
        return "Azure shows that all networks are let in"
    if client == Client():
        return "Azure shows that public access is on, by rules"
    if client.subnet:
        named = any(each.key == client.subnet.rstrip("/").lower() for each in rules.virtual_network_rules)
        return "Azure shows a rule for that subnet" if named else None
    address = parse_address(client.address or "")
    if any(each.network and address in each.network for each in rules.ip_rules):
        return "Azure shows a rule for that address"
    return None


def _remedy(seen: Observation, client: Client, known: Known | None, program: str) -> Remedy:
    """What lets this machine in."""
    command = f"{program} apply {seen.vault} --organization ORG"
    by_endpoint = f"{_linking('its network', seen, known)}, or " if known and known.approved else ""
    if client.subnet:
        return Remedy(f"{by_endpoint}let its subnet in", (f"{command} --subnet {quote(client.subnet)}",))
    by_subnet = f"{command} --subnet ID"
    if not client.public:
        return Remedy(f"{by_endpoint}let the subnet of this machine in, whose id is ID", (by_subnet,))
    words = f"{by_endpoint}let its address in, or on an agent the subnet of this machine, whose id is ID"
    return Remedy(words, (f"{command} --allow '{client.public}/32=REASON'", by_subnet))


def _closed(seen: Observation, known: Known | None, program: str) -> Remedy:
    """The ways to a vault without public access."""
    command = f"{program} apply {seen.vault} --organization ORG"
    if known and known.approved:
        return Remedy(_linking("this machine's network", seen, known))
    words = "give it a private endpoint, or open it by rules"
    return Remedy(words, (f"{command} --private-endpoint SUBNET-ID", f"{command} --public-access enabled"))


def _linking(network: str, seen: Observation, known: Known) -> str:
    return f"link {network} to the private DNS zone {seen.zone}, where {_named(known)} is to be found"


def _named(known: Known) -> str:
    return f"the private endpoint {' or '.join(known.approved)}"


def _forbidden(seen: Observation, answer: Answer, known: Known | None) -> Verification:
    """The network is open, and the identity may not read: which permission it needs, and the command that gives it."""
    told = re.search(r"\boid=([0-9a-f-]{36})", answer.message, re.IGNORECASE)
    who = told[1] if told else (seen.bearer and seen.bearer.object_id) or "OBJECT-ID"
    place = re.search(r"Resource: '(/subscriptions/[^']+?/vaults/[^'/]+)", answer.message, re.IGNORECASE)
    scope = str(known.vault.id) if known else place[1] if place else "VAULT-ID"
    by_policy = answer.inner.lower() != "forbiddenbyrbac" and "authorized to perform action" not in answer.message
    words = "this gives it, effective within ten minutes"
    if by_policy:
        words += f"; {REPLACES}"
        needed = "Get and List for secrets in its access policies"
        grant = f"az keyvault set-policy --name {seen.vault} --object-id {quote(who)} --secret-permissions get list"
    else:
        needed = "the role Key Vault Secrets User"
        grant = (
            f"az role assignment create --role 'Key Vault Secrets User' --assignee-object-id {quote(who)} "
            f"--scope {quote(scope)}"
        )
    let_in = answer.inner in _PAST_THE_FIREWALL
    so_far = "lets this machine in, but its identity" if let_in else "says that the identity of this machine"
    message = f"{seen.vault} {so_far} may not list secrets{_way(seen)}; it needs {needed}"
    fix = Remedy(words, (grant,))
    return Verification(seen, True if let_in else None, Obstacle.PERMISSION, message, fix)


# --- it did not answer --------------------------------------------------------------------------------------------


def _failed(seen: Observation, failure: Failure, known: Known | None) -> Verification:
    host, reason = seen.host, failure.reason
    match failure.fault:
        case Fault.UNTRUSTED:
            message = (
                f"the certificate at {host} is signed by nobody whom this machine trusts ({reason}), as is that of "
            )
            message += "a proxy that opens TLS; no token was sent"
            fix = Remedy(
                "have the proxy leave this host alone, or name the file of its authority in REQUESTS_CA_BUNDLE"
            )
            return Verification(seen, False, Obstacle.TLS, message, fix)
        case Fault.WRONG_HOST:
            message = (
                f"the certificate at {host} is another host's ({reason}), so {_end(seen)} is not the vault; "
                "no token was sent"
            )
            fix = Remedy(f"look what the hosts file, the DNS and the records of {seen.zone} say of {host}")
            return Verification(seen, False, Obstacle.TLS, message, fix)
        case Fault.OUTDATED:
            message = f"the certificate at {host} is not valid today ({reason}); no token was sent"
            return Verification(seen, False, Obstacle.TLS, message, Remedy("look at the clock of this machine"))
        case Fault.NO_TLS:
            message = f"{_end(seen)} takes connections for {host} and does not speak TLS with this machine ({reason})"
            fix = Remedy("look for a firewall appliance or a proxy on the way that ends the connection")
            return Verification(seen, False, Obstacle.TLS, message, fix)
        case Fault.SIGN_IN:
            fix = Remedy("mend the sign-in, then run it again; nothing is known of the vault's firewall before that")
            return Verification(seen, None, Obstacle.SIGN_IN, f"nobody could sign in to {host}: {reason}", fix)
        case Fault.PROXY:
            message = f"the proxy {seen.proxy} let no connection to {host} through ({reason})"
            fix = Remedy(f"have it allow {host}, port 443, or go past it with NO_PROXY={host}")
            return Verification(seen, None, Obstacle.NETWORK, message, fix, hope=Hope.RETRY)
        case Fault.CONNECTION:
            message = f"no connection to {host} came about at {_end(seen)} ({reason})"
            fix = Remedy(_routes(seen, known))
            return Verification(seen, None, Obstacle.NETWORK, message, fix, hope=Hope.RETRY)
        case _:
            assert_never(failure.fault)


def _routes(seen: Observation, known: Known | None) -> str:
    """What to look at where nothing answers."""
    if seen.stand_in:
        return f"look at the proxy, VPN or overlay network of this machine that has {seen.stand_in}"
    if not seen.is_private:
        return "let port 443 out to the service tag AzureKeyVault, or set HTTPS_PROXY where a proxy is the way out"
    state = f"; Azure shows {', '.join(known.unapproved)}" if known and known.unapproved else ""
    return f"look at the peering, the routes and the rules on the way, and whether the endpoint is approved{state}"


def _unresolved(seen: Observation, known: Known | None, program: str) -> Verification:
    host, lookup = seen.host, seen.lookup
    if lookup.resolution is Resolution.HIDDEN:
        message = (
            f"{host} has no address here: the DNS of this network answers for the private zone {seen.zone}, to which "
            "the name points, and has no record for the vault"
        )
        link = (
            f"az network private-dns link vnet update --resource-group GROUP --zone-name {seen.zone} --name LINK "
            "--resolution-policy NxDomainRedirect"
        )
        fix = Remedy(
            "give its private endpoint a record there, or let what has no record resolve publicly",
            (f"{program} apply {seen.vault} --private-endpoint SUBNET-ID", link),
        )
        return Verification(seen, False, Obstacle.DNS, message, fix)
    if lookup.resolution is Resolution.ABSENT:
        return _absent(seen, known)
    message = f"{host} could not be resolved: {lookup.reason}"
    fix = Remedy("look at the network and the DNS servers of this machine, then run it again")
    return Verification(seen, None, Obstacle.DNS, message, fix, hope=Hope.RETRY)


def _absent(seen: Observation, known: Known | None) -> Verification:
    if known:
        message = f"the DNS of this network says that {seen.host} does not exist, and yet Azure has {known.vault.id}"
        fix = Remedy("let that DNS forward the names of vaults to Azure's resolver, 168.63.129.16")
        return Verification(seen, False, Obstacle.DNS, message, fix)
    message = (
        f"{seen.host} does not exist: the cloud has no vault of that name, or this network's DNS knows no public one"
    )
    fix = Remedy("check the name, the cloud (--cloud), and whether it was deleted", DELETED)
    return Verification(seen, False, Obstacle.NO_VAULT, message, fix)


# --- words --------------------------------------------------------------------------------------------------------


def _way(seen: Observation) -> str:
    """By which way the answer came."""
    if seen.proxy:
        return f", through the proxy {seen.proxy}"
    if seen.is_private:
        return f", by the private endpoint at {seen.address}"
    return f", at {seen.address}" if seen.address else ""


def _end(seen: Observation) -> str:
    return f"the proxy {seen.proxy}" if seen.proxy else seen.address or "its address"


def _words(answer: Answer) -> str:
    """The answer as it came, in one line that is not too long; what is no error has no words."""
    code = ", ".join(filter(None, (answer.inner or answer.code, f"HTTP {answer.status}")))
    line = " ".join(answer.message.split())
    return f"{line[:200]}{'…' if len(line) > 200 else ''} ({code})".strip()


def _notes(seen: Observation) -> tuple[str, ...]:
    notes = []
    if seen.bearer and seen.bearer.home:
        notes.append(
            f"the vault belongs to the tenant {seen.bearer.tenant}, so the token is for it and not {seen.bearer.home}"
        )
    if seen.proxy and seen.lookup.resolution is not Resolution.PUBLIC:
        notes.append("the proxy resolves the name itself, so what it is here does not matter")
    if seen.stand_in:
        notes.append(
            f"{seen.host} resolves to {seen.stand_in}, which is an address of a local network or proxy and neither the "
            "vault's public one nor one that private endpoints usually have"
        )
    if is_this_machine(seen.address) and not seen.proxy:
        notes.append(f"{seen.address} is this machine itself; look into its hosts file")
    return tuple(notes)
