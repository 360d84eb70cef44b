"""Everything that can go wrong for a user: one class for each, which takes the facts and builds the sentence."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from netcfg.core.resources import VaultId
    from netcfg.core.target import Location


DAY = 24 * 3600  # seconds


class NetcfgError(Exception):
    """Something that a user can act on: what was found, what was expected, what to do next."""

    status: ClassVar[int] = 1

    def __init__(self, message: str, *, request_id: str | None = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class UsageError(NetcfgError):
    """What was asked for cannot be meant; nothing was sent anywhere."""

    status = 2


def _perhaps(text: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` when something known is close to `text`, else nothing."""
    near = get_close_matches(text.lower(), [each.lower() for each in known], n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _near(text: str, known: Iterable[str]) -> str:
    """The same for names that people gave, spelt as they spelt them."""
    spelt = {each.lower(): each for each in known}
    near = get_close_matches(text.lower(), spelt, n=1)
    return f"; did you mean {spelt[near[0]]!r}?" if near else ""


def _some(items: Iterable[str], most: int = 5) -> str:
    """The first few of a list that may be long."""
    found = list(items)
    more = f"; and {len(found) - most:,} more" if len(found) > most else ""
    return "; ".join(found[:most]) + more


def how_long(seconds: float) -> str:
    """A time that somebody has to wait, in the unit that he thinks in."""
    for unit, size in (("second", 1), ("minute", 60), ("hour", 3600)):
        number = round(seconds / size) if seconds < DAY else 0
        if 0 < number < 120:
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "more than a day" if seconds >= DAY else "a moment"


# --- what was asked for -------------------------------------------------------------------------------------------


class UnknownGeography(UsageError):
    def __init__(self, text: str, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(
            f"{text!r} is not a geography of Azure DevOps; one of {', '.join(names)}{_perhaps(text, names)}"
        )


class NoGeography(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "neither an organization nor a geography was given, and ranges of every geography are never meant; "
            "give --organization NAME, or --geography with one of US, EU, UK, AU, BR, CA, IN, APAC"
        )


class NoVault(UsageError):
    """`beside` is a file that lies here and looks like a configuration, and is none by its name."""

    def __init__(self, beside: str = "") -> None:
        advice = (
            f"{beside!r} lies here and is not read: rename it netcfg.yaml, or name it with --config"
            if beside
            else "give a vault's name or resource id, or write a netcfg.yaml with 'netcfg init'"
        )
        super().__init__(f"no vault was given, and no configuration names any; {advice}")


class NothingToExplain(UsageError):
    def __init__(self, vault: str | None) -> None:
        found = f"the vault {vault!r} and no address" if vault else "nothing"
        super().__init__(
            f"{found} was given to explain; give VAULT and ADDRESS (an address, a range, or a subnet as "
            "resource-group/vnet/subnet), or an error message with --error TEXT, '-' to read it from stdin"
        )


class NoOrganization(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "--agents discover asks an organization for its agent pools, and none was given; give --organization NAME"
        )


class BadRange(UsageError):
    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r} cannot be allowed: {reason}")


class BadDeclaration(UsageError):
    def __init__(self, text: str, reason: str) -> None:
        super().__init__(
            f"{text!r} is not a declaration: {reason}; write 'CIDR=reason' or 'CIDR=reason;until=2027-01-31'"
        )


class BadDate(UsageError):
    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a day; write it as 2027-01-31")


class BadIdentifier(UsageError):
    def __init__(self, text: str, expected: str) -> None:
        super().__init__(f"{text!r} is not {expected}")


class BothWanted(UsageError):
    def __init__(self, value: str, wanted: str) -> None:
        super().__init__(
            f"{value} was asked to be removed, but it is {wanted} and would be added again; "
            "leave out its removal, or what asks for it"
        )


class ConflictingOptions(UsageError):
    def __init__(self, one: str, other: str, reason: str) -> None:
        super().__init__(f"{one} and {other} exclude each other: {reason}; leave one of them out")


class BadShard(UsageError):
    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a shard; write I/N, as in 3/8: the third of eight parts, from 1/8 to 8/8")


class BadTag(UsageError):
    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is not a tag; write KEY=VALUE, or KEY= for a tag without a value")


class OptionAlone(UsageError):
    def __init__(self, option: str, other: str) -> None:
        super().__init__(f"{option} says nothing without {other}; give that too, or leave it out")


class EmptyOption(UsageError):
    def __init__(self, option: str) -> None:
        super().__init__(
            f"{option} was given without a value, as a script gives it whose variable is empty; give one, or leave "
            f"{option} out"
        )


class RepeatedOption(UsageError):
    def __init__(self, option: str, times: int) -> None:
        super().__init__(
            f"{option} was given {times} times, and says one thing alone; leave out what is not meant, as the last of "
            "them would count without a word"
        )


class BadWaves(UsageError):
    def __init__(self, option: str, text: str, reason: str) -> None:
        super().__init__(
            f"{option} {text!r} cannot be meant: {reason}; expected are growing numbers of vaults or percents, the "
            "last of them 100%, as in 1,10%,100%"
        )


class UnknownGuard(UsageError):
    def __init__(self, text: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(f"{text!r} is not a guard; one of {', '.join(names)}{_perhaps(text, names)}")


class UnacceptableGuard(UsageError):
    def __init__(self, guard: str, reason: str) -> None:
        super().__init__(f"the guard {guard!r} cannot be accepted: {reason}")


class BareAcceptance(UsageError):
    def __init__(self, guard: str) -> None:
        super().__init__(
            f"several vaults are chosen, so say for which {guard!r} is accepted: --accept {guard}=VAULT-PATTERN"
        )


class UnknownEdition(UsageError):
    def __init__(self, text: str, known: Iterable[str]) -> None:
        super().__init__(
            f"{text!r} is not the day of an edition, PUBLISHER:DAY, nor a .json file; one of {', '.join(known)}"
        )


class AmbiguousEdition(UsageError):
    def __init__(self, text: str, candidates: Iterable[str]) -> None:
        super().__init__(f"{text!r} is the day of several editions; say which is meant: {' or '.join(candidates)}")


class NotAnAddress(UsageError):
    def __init__(self, text: str, reason: str = "") -> None:
        super().__init__(
            f"{text!r} is not an IP address or range{reason and f': {reason}'}; "
            "write one like 40.74.28.9, 40.74.28.0/23 or 2620:1ec:4::1"
        )


class NoRanges(UsageError):
    def __init__(self, policy: str) -> None:
        super().__init__(f"the chosen edition has no ranges of the publisher {policy!r}; choose another with --ranges")


class SetupIncomplete(UsageError):
    """`missing` are the options that nobody gave, as they would be typed; there is nobody to be asked."""

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__(
            "setup asks on a terminal alone for what it was not told, and this is none: give "
            f"{', '.join(missing)}; the configuration may say all but --yes"
        )


class BadAnswer(UsageError):
    """`expected` is what would have been one."""

    def __init__(self, text: str, expected: str) -> None:
        super().__init__(f"{repr(text) if text else 'nothing'} is no answer; {expected} is expected")


class GroupThere(UsageError):
    def __init__(self, name: str) -> None:
        super().__init__(f"a variable group {name!r} is there already, and not linked as this one is to be")


class NoVantage(UsageError):
    def __init__(self, vault: str) -> None:
        super().__init__(
            f"it was not said from where {vault} is to be read; --from-here reads it from this machine, "
            "as the agent that runs here would, and --through-devops has Azure DevOps itself read it"
        )


class NoRelay(UsageError):
    """`missing` are the names of what was not said, of the options and of the keys alike; `why` it has to be."""

    def __init__(
        self, missing: Iterable[str], why: str = "Azure DevOps reads a vault by a service connection of a project"
    ) -> None:
        names = list(missing)
        super().__init__(
            f"{why}, and it was not said which; give {', '.join(f'--{each}' for each in names)}, or under devops: in "
            f"the configuration the {'key' if len(names) == 1 else 'keys'} {', '.join(names)}"
        )


class ManyConnections(UsageError):
    """`which` begins the sentence: who has several."""

    def __init__(self, which: str, connections: Iterable[str]) -> None:
        super().__init__(
            f"{which} several service connections to Azure ({_some(sorted(connections))}), and it was not said which; "
            "choose with --project and --service-connection, or with these keys under devops: in the configuration"
        )


class RelayOfNone(UsageError):
    """Somebody asked for a proof of vaults none of which a connection of his can read. `reasons` has one for each."""

    def __init__(self, reasons: Iterable[str]) -> None:
        super().__init__(
            f"by this --project and --service-connection Azure DevOps is to read none of the vaults: {_some(reasons)}; "
            "name those of an organization that they serve, or leave the options out"
        )


class BadProxy(UsageError):
    """The address is not quoted, because it may hold a password."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"the proxy that HTTPS_PROXY or ALL_PROXY names for {host} cannot be used: its address is not like "
            f"http://HOST:PORT; mend that (in a password write # as %23, ? as %3F, / as %2F and @ as %40), or go past "
            f"it with NO_PROXY={host}"
        )


class OutputFailed(NetcfgError):
    """`where` is stdout, or a file that was asked for beside it."""

    def __init__(self, reason: str, where: str = "stdout") -> None:
        super().__init__(f"the result cannot be written to {where}: {reason}")


class BadReport(UsageError):
    def __init__(self, text: str, reason: str, option: str = "--report") -> None:
        super().__init__(f"{option} {text!r} cannot be written: {reason}")
        self.reason = reason


class UnknownFormat(UsageError):
    def __init__(self, text: str, format: str, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(
            f"--report {text!r} cannot be written: {format!r} is no format of this command; "
            f"one of {', '.join(names)}{_perhaps(format, names)}"
        )


class SandboxTrouble(NetcfgError):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the sandbox cannot be used: {reason}; 'netcfg sandbox reset' begins anew, --data-dir names another folder"
        )


class NoTerminal(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "there is no terminal to ask on, and nothing is changed unasked; give --yes to apply without a question"
        )


class MissingExtra(UsageError):
    def __init__(self, extra: str, module: str) -> None:
        super().__init__(f"this needs the extra {extra!r} ({module} is not installed); install netcfg[{extra}]")


# --- the configuration --------------------------------------------------------------------------------------------


class BadConfiguration(UsageError):
    """What is wrong in a configuration, each with its line and key in front; beyond twenty faults they are counted.

    `faults` are the sentences, and `places` the line of each; `is_all` is whether somebody has looked to the end.
    """

    MOST = 20

    def __init__(self, faults: Iterable[tuple[Location, str, NetcfgError]], *, is_all: bool = True) -> None:
        found = list(faults)
        told = found[: self.MOST]
        more = [f"and {'' if is_all else 'at least '}{len(found) - len(told):,} more"] if len(found) > len(told) else []
        self.places: tuple[Location | None, ...] = (*(place for place, _, _ in told), *(None for _ in more))
        self.faults = (*(f"{place}: {f'{key}: ' if key else ''}{error}" for place, key, error in told), *more)
        super().__init__("; ".join(self.faults))


class NotMeant(NetcfgError):
    """What a file says of one vault cannot be meant, and the other vaults have nothing to do with that."""

    def __init__(self, where: Location, error: NetcfgError) -> None:
        super().__init__(f"{where}: {error}", request_id=error.request_id)


class ConfigurationUnreadable(UsageError):
    def __init__(self, file: str, reason: str, advice: str) -> None:
        super().__init__(f"the configuration {file!r} cannot be read: {reason}; {advice}")


class AuditLogUnreadable(UsageError):
    def __init__(self, file: str, reason: str, advice: str) -> None:
        super().__init__(f"the audit log {file!r} cannot be read: {reason}; {advice}")


class NotAnAuditLog(UsageError):
    """Nothing in the file tells who called a vault. That is not the same as nobody having called."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            f"{file!r} is no audit log of Key Vault: {reason}; give the AuditEvent records that a diagnostic setting "
            "writes, or a result of Log Analytics as JSON or CSV"
        )


class TooManyCallers(UsageError):
    def __init__(self, most: int) -> None:
        super().__init__(f"the audit log has more than {most:,} callers; give a part of it: fewer vaults or days")


class EmptyConfiguration(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "nothing is written in it, and a mapping with keys such as organization and vaults was expected; "
            "write one, or remove the file"
        )


class BadYaml(UsageError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"this is not the YAML that a configuration is written in: {reason}")


class DuplicateKey(UsageError):
    def __init__(self, key: str, line: int) -> None:
        super().__init__(f"the key {key!r} is there twice, first on line {line}; make one of them")


class UnknownKey(UsageError):
    """`is_for_all` is whether the key would be known at the top of the file."""

    def __init__(self, key: str, known: Iterable[str], *, is_for_all: bool = False) -> None:
        names = list(known)
        where = "; it is for the whole run: write it at the top of the file" if is_for_all else _perhaps(key, names)
        super().__init__(f"{key!r} is not a key here; one of {', '.join(names)} was expected{where}")


class AcceptanceInFile(UsageError):
    def __init__(self, key: str) -> None:
        super().__init__(
            f"{key!r} is not a key: a configuration accepts no guard, because it would do so for plans that nobody has "
            "looked at; give --accept on the command line"
        )


class MissingKey(UsageError):
    def __init__(self, key: str, known: Iterable[str]) -> None:
        super().__init__(f"the key {key!r} is missing, which is expected here; the keys are {', '.join(known)}")


class OneOfThese(UsageError):
    def __init__(self, keys: Iterable[str], found: int) -> None:
        names = ", ".join(keys)
        super().__init__(f"{found or 'none'} of the keys {names} {'are' if found else 'is'} here; one was expected")


class WrongValue(UsageError):
    def __init__(self, found: str, expected: str, advice: str = "", known: Iterable[str] = ()) -> None:
        perhaps = _perhaps(found.strip("'"), known)
        super().__init__(f"{found} was found where {expected} was expected{advice and f'; {advice}'}{perhaps}")


class BlankReason(UsageError):
    def __init__(self) -> None:
        super().__init__("it is blank, and a reason was expected: whose it is, or why")


class UnknownCheck(UsageError):
    def __init__(self, text: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(f"{text!r} is not a rule of 'netcfg check'; one of {', '.join(names)}{_perhaps(text, names)}")


class WaiverOfNoVault(UsageError):
    """A waiver of a finding that no vault has, which names one."""

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"{rule} is found once for the whole run and not in a vault, so its waiver names none; leave out 'vault'"
        )


class ConflictingTerms(UsageError):
    def __init__(self, vault: str, key: str, places: Iterable[str]) -> None:
        super().__init__(
            f"{vault} is chosen by {' and by '.join(places)}, which say different things about {key}; "
            "say it once, or on the command line"
        )


class TwoIds(UsageError):
    def __init__(self, vault: str, ids: Iterable[str]) -> None:
        super().__init__(
            f"{vault} is named with different ids, {' and '.join(ids)}, and there is one vault of a name; "
            "leave out the one that is not right"
        )


class NotInConfiguration(UsageError):
    def __init__(self, vault: str, file: str) -> None:
        super().__init__(
            f"{vault} is in no entry of {file}, and none of its selections finds it, so what is meant for it is not "
            "known; add it there, or name another file with --config"
        )


class GroupAlone(UsageError):
    """Azure gives one answer for a group that may not be read and for one that is not there."""

    def __init__(self) -> None:
        super().__init__(
            "a resource group is selected without its subscription, and in every other one a group of that name might "
            "be overlooked, because Azure does not tell one that may not be read from one that is not there; "
            "name the subscriptions with the key 'subscription'"
        )


class NoLinkingOrganization(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "--linked asks an organization for its variable groups, and none was given; give --organization NAME"
        )


class NothingLinked(NetcfgError):
    def __init__(self, organizations: Iterable[str]) -> None:
        super().__init__(
            f"no variable group of {' or '.join(organizations)} that this sign-in sees is linked to a vault, so "
            "nothing is selected; check the organization, or link a group with 'netcfg group link'"
        )


class NoLibrary(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "whose variable groups are meant is not said; give --organization NAME, or 'organization' in the "
            "configuration"
        )


class SeveralOrganizations(UsageError):
    """One is needed, by which Azure DevOps reads a vault or whose variable groups are meant."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(
            f"several organizations are named ({', '.join(names)}), and one is meant here: say which with "
            "--organization, or with the key organization under devops: in the configuration"
        )


class NoSuchGroup(NetcfgError):
    def __init__(self, word: str, organization: str, known: Iterable[str], *, is_part: bool) -> None:
        names = sorted(set(known))
        seen = f"it shows {_some(map(repr, names))}" if names else "it shows none"
        unread = ", and some projects could not be read" if is_part else ""
        super().__init__(
            f"{organization} shows this sign-in no variable group {word!r}{_near(word, names)}; {seen}{unread}: check "
            "the name and the project, or ask to be made a user of the group"
        )


class AmbiguousGroup(UsageError):
    """`groups` are the project and the id of each that has the name."""

    def __init__(self, word: str, groups: Iterable[tuple[str, int]]) -> None:
        told = "; ".join(f"{id} of the project {project!r}" for project, id in groups)
        super().__init__(f"several variable groups are called {word!r}: {told}; give the id of one instead of the name")


class GroupUnlinked(NetcfgError):
    def __init__(self, name: str, project: str, type: str) -> None:
        super().__init__(
            f"the variable group {name!r} of the project {project!r} is of type {type!r} and is linked to no vault, so "
            "there is nothing to compare it with; name one that 'netcfg group list' shows"
        )


class GroupElsewhere(NetcfgError):
    def __init__(self, name: str, vault: str, wanted: Iterable[str]) -> None:
        super().__init__(
            f"the variable group {name!r} is linked to {vault}, not to {' or '.join(wanted)}; leave out the vault, or "
            "name another group"
        )


class NotLinked(NetcfgError):
    """A vault that was named, and that no variable group uses that could be read."""

    def __init__(self, vault: str, place: str) -> None:
        super().__init__(
            f"no variable group of {place} that this sign-in sees is linked to {vault}; check the name, or link one "
            f"with 'netcfg group link {vault}'"
        )


class ContentsUnknown(NetcfgError):
    """Neither Azure DevOps nor Azure Resource Manager told which secrets a vault has."""

    def __init__(self, vault: str, connection: str, refused: str, unlisted: str) -> None:
        super().__init__(
            f"which secrets {vault} has is not known, so nobody can say whether what is mapped is there: Azure DevOps "
            f"could not list them by the service connection {connection!r} ({refused}), nor could this sign-in by "
            f"Azure Resource Manager ({unlisted})"
        )


class DevOpsCouldNotAsk(NetcfgError):
    """The vault's answer came to nothing that says whether Azure DevOps may read it."""

    def __init__(self, vault: str, connection: str, said: str) -> None:
        super().__init__(
            f"whether Azure DevOps may read {vault} by the service connection {connection!r} is not known: {said}; ask "
            "again later"
        )


class NoProjectShown(NetcfgError):
    """Azure DevOps leaves out what may not be seen: none at all is more likely no permission than no project."""

    def __init__(self, organization: str) -> None:
        super().__init__(
            f"{organization} shows this sign-in no project, so which vaults its variable groups use is not known; sign "
            "in as a user of its projects, or name the vaults"
        )


class LinkUnresolved(NetcfgError):
    """Variable groups know their vault by its name only, and that one stands for none that can be looked at."""

    def __init__(self, vault: str, groups: Iterable[str], error: NetcfgError) -> None:
        super().__init__(f"{vault!r} is linked to {_some(groups)}: {error}", request_id=error.request_id)


class TagsUnknown(NetcfgError):
    """Tags are read from Resource Graph's index, which learns of a new vault only after a while."""

    def __init__(self, vault: str) -> None:
        super().__init__(
            f"{vault} is not in the index of Resource Graph yet, so its tags are not known; run it again in some "
            "minutes, or name the vault"
        )


class NothingInBoth(NetcfgError):
    def __init__(self, selection: str, file: str) -> None:
        super().__init__(
            f"nothing is selected: none of {selection} is chosen by {file}; check what is written there, or name "
            "another file with --config"
        )


class NothingSelected(NetcfgError):
    def __init__(self, selection: str, where: str) -> None:
        super().__init__(
            f"{where} selects nothing: this sign-in sees none of {selection}; "
            "check what is written there, and whether the sign-in may read those vaults"
        )


class SubscriptionNotShown(NetcfgError):
    def __init__(self, subscription: str) -> None:
        super().__init__(
            f"this sign-in does not see the subscription {subscription}, so which vaults are selected there is not "
            "known; check its id, or assign Reader there"
        )


class VaultsNotListed(NetcfgError):
    def __init__(self, where: str, error: NetcfgError) -> None:
        super().__init__(
            f"this sign-in may see only some of the vaults of {where}, so which are selected there is not known; "
            f"{'check its name, ' if '/resourcegroups/' in where else ''}assign Reader there, or select less: {error}",
            request_id=error.request_id,
        )


class GroupNotShown(NetcfgError):
    def __init__(self, group: str, subscriptions: int) -> None:
        super().__init__(
            f"there is no resource group {group!r} in any of the subscriptions that were looked at, {subscriptions} in "
            "all; check its name"
        )


# --- what was found -----------------------------------------------------------------------------------------------


class UnknownValue(NetcfgError):
    """A value that Azure did not have when this was written: guessing what it means could open or close a vault."""

    def __init__(self, subject: str, value: object, expected: Iterable[str]) -> None:
        super().__init__(
            f"{subject} is {value!r}, which this version does not know (known: {', '.join(expected)}); "
            "nothing was planned for it, update netcfg"
        )


class UnknownRegion(NetcfgError):
    def __init__(self, code: str, where: str) -> None:
        super().__init__(
            f"{where} names the region {code!r}, which belongs to no geography that this version knows; "
            "say which it is with --geography, and report the code"
        )


class BadEdition(NetcfgError):
    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"the edition {source} cannot be used: {reason}")


class NoEdition(NetcfgError):
    def __init__(self, publisher: str, where: str) -> None:
        super().__init__(
            f"no edition of the {publisher} is at hand in {where}; reinstall netcfg, its data folder is part of it"
        )


class TooManyRules(NetcfgError):
    def __init__(self, vault: str, kind: str, wanted: int, limit: int) -> None:
        super().__init__(
            f"{vault} would have {wanted:,} {kind} and a vault holds {limit:,}; "
            "remove some with --remove, choose one geography, or use a private endpoint"
        )


class PerimeterUnread(NetcfgError):
    """Under a perimeter that enforces, the best rules do nothing."""

    def __init__(self, vault: str) -> None:
        super().__init__(
            f"whether a network security perimeter holds {vault} could not be read, and under one rules may do "
            "nothing; assign Reader on the vault, which may read that too"
        )


class RulesUnseen(NetcfgError):
    """Azure may keep the rules of a vault to itself while its public access is Disabled."""

    def __init__(self, vault: str) -> None:
        super().__init__(
            f"Azure shows no rules of {vault} while its public access is Disabled, so which it has is not known; say "
            "--public-access disabled where it is meant to stay so, and its rules do not matter"
        )


class RecordUnread(NetcfgError):
    """An endpoint without a record hides its vault."""

    def __init__(self, vault: str, zone: str) -> None:
        super().__init__(
            f"whether the zone {zone} has the record of {vault} could not be read, and without it nobody finds the "
            "private endpoint; have somebody assign Reader on it"
        )


class Interrupted(NetcfgError):
    def __init__(self) -> None:
        super().__init__(
            "somebody ended the run before this vault was done; run the same command again, it goes on where this one "
            "stopped"
        )


class CommandNotBegun(Interrupted):
    """The same for `exec`, of which nothing is left to go on with."""

    def __init__(self) -> None:
        NetcfgError.__init__(
            self, "somebody ended the run before the command was begun, and nothing that it let in is let in any more"
        )


class TimeOver(NetcfgError):
    """The time of the run, which `--timeout` sets. `waiting` is what was waited for then, if anything was."""

    def __init__(self, seconds: float, waiting: str = "") -> None:
        what = f"while {waiting}" if waiting else "before this was done"
        super().__init__(f"the {seconds:g} seconds of --timeout were over {what}; give it more, or run it again")


class WaveFailed(NetcfgError):
    """Why a vault of a later wave was left as it is."""

    def __init__(self, wave: str, vault: str, error: NetcfgError) -> None:
        super().__init__(
            f"{wave} failed at {vault}, and nothing was begun after that: {error}", request_id=error.request_id
        )


class PutBack(NetcfgError):
    status = 7

    def __init__(self, vault: str, differences: Iterable[str]) -> None:
        super().__init__(
            f"{vault} was written, and after the wait Azure shows something else ({_some(differences)}): a policy or "
            "somebody else changed it; its activity log says who"
        )


class VaultMoved(NetcfgError):
    status = 6

    def __init__(self, vault: str, moved: Iterable[str]) -> None:
        super().__init__(f"{vault} changed since it was planned ({_some(moved)}); plan again and look at the new plan")


class PlanMoved(VaultMoved):
    """The same for a plan that somebody saved: everything is told that is not as it was then."""

    def __init__(self, vault: str, moved: Iterable[str]) -> None:
        super(VaultMoved, self).__init__(
            f"{vault} is not changed, as the saved plan does not hold any more: {_some(moved, 50)}; plan again and "
            "look at the new plan"
        )


class NotPlanned(NetcfgError):
    """`reason` names the vault, or the selection, as errors do."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the plan was saved without it ({reason}); plan again")


class SavedPlanUnreadable(UsageError):
    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file!r} is no saved plan: {reason}; name a file that 'netcfg plan --out' wrote")


class SavedPlanRefused(NetcfgError):
    status = 6

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"the plan {file!r} is not applied, and nothing was changed: {reason}; plan again")


class NotVerified(NetcfgError):
    status = 7

    def __init__(self, vault: str, differences: Iterable[str]) -> None:
        super().__init__(
            f"{vault} was written, and Azure shows something else than what was sent ({_some(differences)}); "
            "somebody else may be writing too: plan again"
        )


class PublicAccessOff(NetcfgError):
    def __init__(self, vault: str) -> None:
        super().__init__(
            f"public access to {vault} is Disabled, so no rule lets this machine in, and exec does not open it; "
            "come by a private endpoint, which needs no exec, or say with apply --public-access enabled what is meant"
        )


class SecuredByPerimeter(NetcfgError):
    def __init__(self, vault: str) -> None:
        super().__init__(
            f"{vault} is secured by a network security perimeter, where rules do nothing; have the owner of the "
            "perimeter add an inbound access rule for this machine, or come by a private endpoint"
        )


class TooManyTags(NetcfgError):
    def __init__(self, vault: str, found: int, limit: int) -> None:
        super().__init__(
            f"{vault} has {found} tags and takes {limit}, so none can remember that this machine was let in, and "
            "without it nobody would take its address out after a crash; remove a tag"
        )


class AddressUnknown(NetcfgError):
    def __init__(self, answers: Iterable[str]) -> None:
        super().__init__(
            f"the public address of this machine is not certain: {'; '.join(answers)}; two services have to name the "
            "same one: say it with --address, or name other services with --address-from"
        )


class OtherAddress(NetcfgError):
    def __init__(self, vault: str, seen: str, given: str) -> None:
        super().__init__(
            f"{vault} sees this machine come from {seen} and not from {given}: it leaves its network by several "
            f"addresses, or by a proxy; if all its requests come from there, say --address {seen}"
        )


class NotLetIn(NetcfgError):
    """Without `seconds` it was not even tried."""

    def __init__(self, vault: str, why: str, seconds: float | None = None) -> None:
        found = "cannot let this machine in" if seconds is None else f"did not let this machine in in {seconds:.0f} s"
        super().__init__(f"{vault} {found}, so the command was not run: {why}")


class NotTakenOut(NetcfgError):
    """`tag` remembers until when the machine was to be let in, and `command` takes it out after that."""

    status = 7

    def __init__(self, vault: str, network: str, tag: str, until: str, command: str, why: str) -> None:
        super().__init__(
            f"{network} may still be let in by {vault}: that it was taken out could not be proved ({why}); the tag "
            f"{tag} remembers it until {until}, and after that any apply or '{command}' takes it out"
        )


class NoCommand(UsageError):
    """`vault` is the vault that was named."""

    def __init__(self, vault: str = "VAULT") -> None:
        super().__init__(
            f"no command was given to run while this machine is let in; write it after --, as in "
            f"'netcfg exec {vault} -- az keyvault secret list --vault-name {vault}'"
        )


class CommandNotStarted(NetcfgError):
    """`status` is what a shell ends with: 127 where there is no such command, 126 where it cannot be run."""

    def __init__(
        self, command: str, why: str, status: int, then: str = "give a program that is on the PATH, or its path"
    ) -> None:
        super().__init__(f"{command!r} was not run: {why}; {then}")
        self.exit_status = status


class BadDuration(UsageError):
    def __init__(self, text: str, most: str) -> None:
        super().__init__(f"{text!r} is not a time of up to {most}; write it as 90s, 15m or 1h")


class FilesThere(UsageError):
    def __init__(self, paths: Iterable[str]) -> None:
        found = list(paths)
        verb = "is" if len(found) == 1 else "are"
        super().__init__(
            f"{', '.join(found)} {verb} there already, and nothing was written; move what is yours away, choose "
            "another folder with --directory, or overwrite with --force"
        )


class VaultWithheld(NetcfgError):
    """For rules that are to be given to other code, which asks no guard."""

    status = 5

    def __init__(self, vault: str, refusals: Iterable[tuple[str, str]], options: Iterable[str]) -> None:
        told = "; ".join(f"{guard}: {message}" for guard, message in refusals)
        accepting = " ".join(options)
        advice = f"then accept what is meant: {accepting}" if accepting else "and leave it out: that cannot be accepted"
        super().__init__(
            f"{vault} is not exported, because a guard refuses its plan ({told}); look at it with 'netcfg plan', "
            f"{advice}"
        )


class MapIncomplete(NetcfgError):
    """For code that goes over a map of vaults, and takes one that is missing for one that should go."""

    def __init__(self, absent: Iterable[str], given: Iterable[str]) -> None:
        found = list(given)
        which = f"name on the command line the vaults that can be exported: {_some(found)}"
        many = f"select none but the {len(found):,} that can be exported"
        super().__init__(
            f"nothing is exported, because {_some(absent)} would be missing in the map; mend what is said above, or "
            f"{which if len(found) <= 5 else many}"
        )


class RulesHidden(NetcfgError):
    def __init__(self, vault: str) -> None:
        super().__init__(
            f"{vault} is not exported: its public access is Disabled and Azure shows no rules of it, so an empty list "
            "might take away rules that nobody sees; leave it out, or say --public-access enabled"
        )


class RulesIdle(NetcfgError):
    def __init__(self, vault: str) -> None:
        super().__init__(
            f"{vault} is not exported: a network security perimeter secures it, so its rules do nothing; leave it out"
        )


class EndpointNotEnabled(NetcfgError):
    """For a vault whose rules are in place while its agents' subnet could not follow."""

    def __init__(self, subnet: str, error: NetcfgError) -> None:
        super().__init__(
            f"the service endpoint on {subnet} was not enabled, so nothing was tightened: {error}",
            request_id=error.request_id,
        )


class EndpointNotShown(NetcfgError):
    def __init__(self) -> None:
        super().__init__(
            "Azure said that it was enabled, and does not show it, or not as Succeeded; a policy or somebody else may "
            "have taken it away: "
            "look into the activity log of the virtual network, then run it again"
        )


class SubnetDeleting(NetcfgError):
    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject} is being deleted; leave it out, or wait until it is gone and make it anew")


class WriteNotBegun(NetcfgError):
    def __init__(self, subject: str) -> None:
        super().__init__(
            f"{subject} was left as it is, because the run was interrupted; "
            "run the same command again, it goes on where this one stopped"
        )


class RecordNotWritten(NetcfgError):
    """A record of what is about to be done cannot be kept, so it is not done."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            f"the record cannot be written to {where!r}: {reason}; nothing is changed that could not be undone: make "
            "room there, or have records kept elsewhere, by --record-to of apply or --data-dir before the command"
        )


class RecordUnreadable(NetcfgError):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the record {path!r} cannot be read: {reason}; 'netcfg history' names those that can be")


class LaterUnknown(NetcfgError):
    """What a later run did would be taken for that of the run that is undone."""

    def __init__(self, vault: str, why: str) -> None:
        super().__init__(
            f"what was done to {vault} after that run is not known: {why}; mend that file, or put it elsewhere to undo "
            "without it"
        )


class NoRecord(UsageError):
    """`found` are the ids that begin like the one that was asked for."""

    def __init__(self, asked: str, folder: str, found: Iterable[str] = ()) -> None:
        several = list(found)
        if several:
            said = f"{asked!r} is the beginning of {len(several)} records: {_some(several, 3)}; give more of it"
        else:
            said = f"there is no record {asked!r} in {folder!r}; 'netcfg history' names those that are there"
        super().__init__(said)


class RecordOfElsewhere(UsageError):
    def __init__(self, run: str, there: str, here: str) -> None:
        super().__init__(
            f"the record {run} was made in {there}, and this command is about {here}; give the options before the "
            "command that were given then"
        )


class EndpointHeld(NetcfgError):
    """The endpoint switches the agents' source address for every vault at once."""

    def __init__(self, subnet: str, vaults: Iterable[str]) -> None:
        super().__init__(
            f"the service endpoint on {subnet} would cut its agents off from {', '.join(vaults)}, which could not be "
            "opened to them; mend that, or leave those out"
        )


# --- the organization ---------------------------------------------------------------------------------------------


class BadOrganization(UsageError):
    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not an organization of Azure DevOps: up to 50 letters, digits and hyphens are expected, "
            "or its address as in https://dev.azure.com/NAME"
        )


class BadServiceUrl(UsageError):
    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url!r} cannot stand for Azure DevOps: {reason}")


class BadToken(UsageError):
    """The token itself is never quoted."""

    def __init__(self, credential: str) -> None:
        super().__init__(
            f"{credential} holds a character that no token has, a blank or a line break perhaps; set it anew"
        )


class OrganizationNotFound(NetcfgError):
    def __init__(self, organization: str, url: str) -> None:
        super().__init__(
            f"Azure DevOps knows no organization {organization!r} at {url}; "
            "check the name, it is the first part of the path"
        )


class SignInRefused(NetcfgError):
    """Azure DevOps answers a bad token with its sign-in page, as 302, 203 or 200, and only now and then with 401."""

    def __init__(
        self, organization: str, credential: str, found: str = "its sign-in page", needed: str | None = None
    ) -> None:
        super().__init__(
            f"Azure DevOps answered the request for {organization!r} with {found}, so it did not accept {credential}; "
            "it may be expired, revoked, too narrow, or made for another organization: make a new one"
            + (f"; it needs {needed}" if needed else "")
        )


class NoDevOpsPermission(NetcfgError):
    """`needed` is the permission in words; `said` is what Azure DevOps gave as the reason, if anything."""

    def __init__(
        self,
        organization: str,
        credential: str,
        subject: str,
        needed: str,
        said: str | None = None,
        *,
        verb: str = "read",
    ) -> None:
        reason = f" ({said})" if said else ""
        super().__init__(f"{credential} may not {verb} {subject} of {organization!r}{reason}; it needs {needed}")


class DevOpsShowsNone(NetcfgError):
    """Azure DevOps answers 404 for an organization that is not there, and to a token that may not see what is."""

    def __init__(self, organization: str, credential: str, subject: str, needed: str) -> None:
        super().__init__(
            f"Azure DevOps shows {credential} nothing where {subject} of {organization!r} should be; "
            f"check the name of the organization, and that the credential has what it takes: {needed}"
        )


class NoPoolsShown(NetcfgError):
    """Every organization has `Default` and `Azure Pipelines`, and Azure DevOps leaves out what may not be seen."""

    def __init__(self, organization: str, credential: str, needed: str) -> None:
        super().__init__(
            f"Azure DevOps shows {credential} no agent pool of {organization!r}, and every organization has some, so "
            f"which there are is not known; it needs the role Reader on all agent pools there, beside {needed}"
        )


class NoDevOpsCredential(NetcfgError):
    def __init__(self, reason: str) -> None:
        super().__init__(
            f"no credential for Azure DevOps: {reason}; "
            "set AZURE_DEVOPS_EXT_PAT or SYSTEM_ACCESSTOKEN, or sign in with 'az login'"
        )
        self.reason = reason


class GeographyUnknown(NetcfgError):
    def __init__(self, organization: str, tried: Iterable[str]) -> None:
        super().__init__(
            f"the geography of {organization!r} could not be found ({'; '.join(tried)}); "
            "read it in Organization settings, Overview, and give it with --geography"
        )


class NoConnection(NetcfgError):
    """Azure DevOps leaves out what may not be seen."""

    def __init__(self, project: str, organization: str) -> None:
        super().__init__(
            f"the project {project!r} of {organization!r} shows no service connection to Azure; name another project "
            "with --project, make one in its settings, or look whether the sign-in may see them"
        )


class DevOpsUnreachable(NetcfgError):
    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"Azure DevOps did not answer at {url}: {reason}; check the network and HTTPS_PROXY, then run it again"
        )


class DevOpsAnswer(NetcfgError):
    def __init__(self, url: str, found: str, expected: str) -> None:
        super().__init__(f"Azure DevOps answered {url} with {found} where {expected} was expected; run it again later")


class DevOpsRefused(NetcfgError):
    """A write that Azure DevOps understood and did not do; nothing was changed."""

    def __init__(self, subject: str, status: int, said: str | None) -> None:
        super().__init__(
            f"Azure DevOps did not write {subject}: status {status}"
            + (f" ({said})" if said else "")
            + "; nothing was changed, so mend what it says and run the same command again"
        )
        self.http_status = status


class DevOpsUnsettled(NetcfgError):
    """A write to Azure DevOps whose effect is not known: look, and decide anew.

    `wait` is how many seconds it asked for, `None` when it did not say. `may_have_happened` is false where it said that
    it did nothing: throttling (429).
    """

    def __init__(
        self,
        subject: str,
        reason: str,
        wait: float | None = None,
        *,
        may_have_happened: bool = True,
        request_id: str | None = None,
    ) -> None:
        found = "whether it happened is not known" if may_have_happened else "nothing was changed"
        super().__init__(
            f"the write of {subject} was not settled: {reason}, and {found}; "
            "run the same command again, it looks at what is there first",
            request_id=request_id,
        )
        self.wait = wait
        self.may_have_happened = may_have_happened


class NoSuchProject(NetcfgError):
    """Azure DevOps leaves out what may not be seen, and does not say that it does."""

    def __init__(self, organization: str, wanted: str, shown: Iterable[str]) -> None:
        names = sorted(shown)
        seen = f"the projects that it shows to this sign-in are {_some(map(repr, names))}" if names else "it shows none"
        super().__init__(
            f"{organization} shows this sign-in no project {wanted!r}{_near(wanted, names)}; {seen}, and what a "
            "sign-in may not see is not shown: check the name, or ask to be made a user of that project"
        )


class NoSuchConnection(NetcfgError):
    """Azure DevOps leaves out what may not be seen, and does not say that it does. `shown` are those to Azure."""

    def __init__(self, project: str, wanted: str, shown: Iterable[str], needed: str) -> None:
        names = sorted(shown)
        seen = f"those to Azure that it shows are {_some(map(repr, names))}" if names else "it shows none to Azure"
        super().__init__(
            f"the project {project!r} shows this sign-in no service connection {wanted!r}{_near(wanted, names)}; "
            f"{seen}, and what a sign-in may not see is not shown: check the name, and that it has {needed}"
        )


class AmbiguousConnection(NetcfgError):
    def __init__(self, project: str, wanted: str, ids: Iterable[str]) -> None:
        super().__init__(
            f"the project {project!r} has several service connections {wanted!r}: {_some(sorted(ids))}; "
            "give the id of one instead of the name"
        )


class WrongConnection(NetcfgError):
    def __init__(self, name: str, type: str) -> None:
        super().__init__(
            f"{name!r} is a service connection of type {type!r}, and a vault is read by one of type 'azurerm'; "
            "name one to Azure Resource Manager"
        )


class ConnectionDisabled(NetcfgError):
    def __init__(self, name: str, project: str) -> None:
        super().__init__(
            f"the service connection {name!r} of the project {project!r} is disabled, so Azure DevOps does not use it; "
            "enable it in Project settings, Service connections, or name another"
        )


class ConnectionNotReady(NetcfgError):
    """`trouble` is what Azure DevOps says is wrong, if it says anything."""

    def __init__(self, name: str, project: str, trouble: str) -> None:
        super().__init__(
            f"the service connection {name!r} of the project {project!r} is not ready"
            + (f" ({trouble})" if trouble else "")
            + "; mend it in Project settings, Service connections, with 'Verify', or name another"
        )


class ConnectionGone(NetcfgError):
    """Azure DevOps was to ask a vault by a connection that it does not know any more."""

    def __init__(self, name: str, project: str, said: str | None, *, request_id: str | None = None) -> None:
        super().__init__(
            f"the project {project!r} has no service connection {name!r} any more, or does not show it to this sign-in"
            + (f" ({said})" if said else "")
            + "; look at Project settings, Service connections",
            request_id=request_id,
        )


class NotRelayed(NetcfgError):
    """Azure DevOps would not even ask the vault."""

    def __init__(self, name: str, project: str, vault: str, said: str | None, *, request_id: str | None = None) -> None:
        super().__init__(
            f"Azure DevOps did not ask the vault {vault} by the service connection {name!r} of the project {project!r}"
            + (f" ({said})" if said else "")
            + "; look at the connection in Project settings, Service connections",
            request_id=request_id,
        )


class VariableGroupGone(NetcfgError):
    def __init__(self, name: str, id: int, project: str) -> None:
        super().__init__(
            f"the variable group {name!r} (id {id}) is not in the project {project!r} any more, or not shown to this "
            "sign-in; 'netcfg group list' shows what is there"
        )


class GroupNotLinked(NetcfgError):
    """Its variables are values, which nobody here looks at, let alone writes."""

    def __init__(self, name: str, type: str) -> None:
        super().__init__(
            f"the variable group {name!r} is of type {type!r} and takes no values from a vault, so it is left as it "
            "is; name a group that is linked to a vault, or another name for a new one"
        )


class SharersUnknown(NetcfgError):
    """A write takes a group from every project that it does not name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the variable group {name!r} is shared with other projects and Azure DevOps does not say with which, so "
            "a write would take it from them; it is left as it is, so change it on the library page"
        )


# --- variable groups ----------------------------------------------------------------------------------------------


class NothingWished(UsageError):
    def __init__(self, vault: str) -> None:
        super().__init__(
            f"which secrets of {vault!r} are to be mapped was not said; "
            "give --secret NAME, --match PATTERN or --all, or patterns as devops.secrets in the configuration"
        )


class OneVault(UsageError):
    def __init__(self, names: Iterable[str]) -> None:
        found = sorted(names)
        what = f"the configuration has {len(found)} ({_some(found)})" if found else "none was named"
        super().__init__(f"one vault is meant here, and {what}; name it")


class GroupOfAnother(NetcfgError):
    """The group is linked already, and not as is wanted; `what` it differs in is its vault or its connection."""

    def __init__(self, name: str, what: str, found: str, wanted: str) -> None:
        super().__init__(
            f"the variable group {name!r} is linked already, with the {what} {found!r} and not {wanted!r}, so it stays "
            "as it is; name that one, or another group"
        )


class NoSuchSecret(NetcfgError):
    """`kind` is what else has this name in the vault, and cannot be mapped."""

    def __init__(self, name: str, vault: str, shown: Iterable[str], kind: str = "") -> None:
        what = f"it is the name of a {kind}, and only secrets can be mapped" if kind else "check the name"
        super().__init__(f"the vault {vault!r} has no secret {name!r}{_near(name, shown)}; {what}")


class SecretUnusable(NetcfgError):
    def __init__(self, name: str, vault: str, state: str) -> None:
        super().__init__(
            f"the secret {name!r} of the vault {vault!r} is {state}, so no job would get it; "
            "put that right in the vault first, or leave the secret out"
        )


class SecretReserved(NetcfgError):
    def __init__(self, name: str, prefix: str) -> None:
        super().__init__(
            f"the secret {name!r} cannot be used: Azure Pipelines keeps variables to itself whose names begin with "
            f"{prefix!r}, and no task gets them; keep the value under another name too, and map that"
        )


class NothingMatches(NetcfgError):
    def __init__(self, pattern: str, vault: str, names: Iterable[str]) -> None:
        found = sorted(names)
        seen = f"its {len(found):,} secrets are {_some(found)}" if found else "it has none"
        super().__init__(f"no secret of the vault {vault!r} matches {pattern!r}; {seen}")


class NothingToMap(NetcfgError):
    """`why` are the notes on those that were left out."""

    def __init__(self, vault: str, why: Iterable[str]) -> None:
        found = list(why)
        seen = f"; {_some(found)}" if found else ": it has none"
        super().__init__(
            f"the vault {vault!r} has no secret that can be mapped{seen}, and Azure DevOps takes no group without any"
        )


class PlainValues(NetcfgError):
    """A group that is linked to a vault is not supposed to hold any; `names` are the variables."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(
            f"the variable group {name!r} is linked to a vault and holds plain variables all the same "
            f"({_some(names)}), which a write would empty, so it stays as it is; move them to a group of their own on "
            "the library page"
        )


class MappedTwice(NetcfgError):
    """`names` are spellings that differ in case alone, which pipelines do not tell apart."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(
            f"the variable group {name!r} maps the same name several times ({_some(names)}), so which of them counts "
            "is not known and it stays as it is; leave one of each on the library page"
        )


class DigitsForName(UsageError):
    """A group of that name could be taken for the group of that id, and one that comes later for it."""

    def __init__(self, name: str, project: str) -> None:
        super().__init__(
            f"the project {project!r} shows this sign-in no variable group with the id or the name {name!r}, and a new "
            "one is not called by digits alone, which every command takes for an id; give another name, or the "
            "project of the group"
        )


class GroupEmptied(NetcfgError):
    def __init__(self, name: str, vault: str, removed: int) -> None:
        super().__init__(
            f"the vault {vault!r} has none of the {removed:,} secrets any more that the variable group {name!r} maps, "
            "and Azure DevOps takes no group without any; delete the group, or map others with --secret, --match or "
            "--all"
        )


class IdentityUnknown(NetcfgError):
    """There is nobody for certain to give a permission to; `why` is what Azure DevOps was told."""

    def __init__(self, connection: str, why: str) -> None:
        super().__init__(
            f"nothing can be granted to the identity behind the service connection {connection!r}, as its object id is "
            f"not known for certain: {why}; look in the project's settings and in Entra as whom it signs in, before "
            "anybody is given a permission"
        )


class GrantMoved(NetcfgError):
    """Whom a permission is for, or how the vault gives it, is otherwise than when it was planned."""

    status = 6

    def __init__(self, connection: str, vault: str, moved: Iterable[str]) -> None:
        super().__init__(
            f"what lets {connection} read the secrets of {vault} changed since it was planned ({_some(moved)}); "
            "nothing was written for it, so run the same command again and look at the new plan"
        )


class GroupMoved(NetcfgError):
    def __init__(self, name: str, differences: Iterable[str]) -> None:
        super().__init__(
            f"the variable group {name!r} is no longer as it was when this was planned: {_some(differences)}; "
            "nothing was written to it, so plan again"
        )


class SecretsMoved(NetcfgError):
    """What a vault holds is otherwise than when a group was planned for it."""

    status = 6

    def __init__(self, vault: str, moved: Iterable[str]) -> None:
        super().__init__(
            f"the secrets of {vault} changed since the variable group was planned ({_some(moved)}); nothing was "
            "written to it, so run the same command again and look at the new plan"
        )


class GroupNotVerified(NetcfgError):
    def __init__(self, name: str, differences: Iterable[str]) -> None:
        super().__init__(
            f"Azure DevOps does not show the variable group {name!r} as it was written: {_some(differences)}; "
            "run the same command again"
        )


class NoGroupName(UsageError):
    def __init__(self) -> None:
        super().__init__(
            "which variable group the vault is linked to was not said; give --group NAME, of a new one or one that is "
            "there, or the key variable-group under devops: in the configuration"
        )


class BadGroupName(UsageError):
    """A name that a new variable group cannot have; `reason` begins where the sentence about it goes on."""

    def __init__(self, name: str, reason: str) -> None:
        shown = name if len(name) <= 60 else f"{name[:60]}…"
        super().__init__(f"{shown!r} is no name of a variable group: {reason}; give another with --group")


class NothingLinkedIn(NetcfgError):
    def __init__(self, project: str) -> None:
        super().__init__(
            f"no variable group that the project {project!r} shows is linked to a vault; 'netcfg group link' links one"
        )


class DevOpsCannotRead(NetcfgError):
    """`why` says what is in the way, `fix` what to do about it. With `was_granted` a permission was given before."""

    def __init__(self, why: str, fix: str | None, *, was_granted: bool = False, request_id: str | None = None) -> None:
        super().__init__(
            ("the permission was given, and the group was not written: " if was_granted else "")
            + why
            + (f"; {fix}" if fix else "")
            + ("; then run the same command again, it goes on where this one stopped" if was_granted else ""),
            request_id=request_id,
        )


# --- Azure --------------------------------------------------------------------------------------------------------


class WriteUnsettled(NetcfgError):
    """A write whose effect is not known, or that Azure asked to try again: look, and decide anew.

    `wait` is how many seconds Azure asked for, `None` when it did not say. `may_have_happened` is false where Azure
    said that it did nothing: a conflict (409), a failed condition (412), throttling (429). `was_sent` is false where
    the write was held back here.
    """

    def __init__(
        self,
        vault: str,
        reason: str,
        wait: float | None = None,
        *,
        may_have_happened: bool = True,
        was_sent: bool = True,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            f"the write to {vault} was not settled: {reason}; "
            "run the same command again, it goes on where this one stopped",
            request_id=request_id,
        )
        self.wait = wait
        self.may_have_happened = may_have_happened
        self.was_sent = was_sent


class Throttled(NetcfgError):
    """Azure takes no more just now; `wait` is for how many seconds, `None` where it did not say."""

    def __init__(self, message: str, wait: float | None, *, request_id: str | None = None) -> None:
        super().__init__(message, request_id=request_id)
        self.wait = wait


class AskedToWait(Throttled):
    def __init__(self, subject: str, seconds: float, *, request_id: str | None = None) -> None:
        super().__init__(
            f"Azure asks to leave {subject} alone for {how_long(seconds)}, which is too long to wait here; "
            "run the same command again after that",
            seconds,
            request_id=request_id,
        )


class TurnLost(Throttled):
    """Nothing was sent: what was looked at before would have been old by the time when Azure takes it."""

    def __init__(self, subject: str, seconds: float) -> None:
        super().__init__(f"{subject} takes nothing for {how_long(seconds)}, and nothing was sent", seconds)


class UnknownCloud(UsageError):
    def __init__(self, text: str, known: Iterable[str]) -> None:
        names = list(known)
        super().__init__(f"{text!r} is not a cloud; one of {', '.join(names)}{_perhaps(text, names)}")


class InsecureEndpoint(UsageError):
    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url!r} cannot be asked: a token goes with every request, so only an https address will do, "
            "or plain http on this machine (127.0.0.1 or localhost)"
        )


class InsecureTokenService(UsageError):
    """Who gives this machine its tokens, as a variable of the environment names it."""

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"{variable} names a service that cannot be asked for a token: one beyond this machine and its own link "
            "(127.0.0.1, 169.254.0.0/16) needs an https address; correct the variable, or take it out"
        )


class CredentialInAddress(UsageError):
    def __init__(self, shown: str) -> None:
        super().__init__(f"{shown!r} has a credential in it, and no address ever has one here; leave it out")


class BadTrust(UsageError):
    """The certificates that are trusted, as a variable of the environment names them."""

    def __init__(self, variable: str, path: str, reason: str) -> None:
        super().__init__(
            f"{variable} names {path!r}, and {reason}; name a file of PEM certificates, "
            "those of the proxy or the authority to trust among them"
        )


class NoAzureCredential(NetcfgError):
    def __init__(self, tried: Iterable[str]) -> None:
        super().__init__(
            f"nobody is signed in to Azure (tried {', '.join(tried)}); run 'az login', or set AZURE_TENANT_ID, "
            "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; a pipeline takes an AzureCLI@2 task that maps SYSTEM_ACCESSTOKEN"
        )


class SignInFailed(NetcfgError):
    def __init__(self, credential: str, reason: str) -> None:
        super().__init__(
            f"the sign-in to Azure with {credential} failed: {reason}; "
            "mend that credential, or take another with 'az login'"
        )


class TokenRefused(NetcfgError):
    def __init__(self, reason: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"Azure did not accept the token: {reason}; "
            "sign in again with 'az login', to the tenant of the subscription",
            request_id=request_id,
        )


class WrongTenant(TokenRefused):
    """A token is of one tenant; `home` is the one of the sign-in, `tenant` the one of what was asked for."""

    def __init__(
        self, subject: str, tenant: str, home: str | None, why: str = "", *, request_id: str | None = None
    ) -> None:
        NetcfgError.__init__(
            self,
            f"{subject} belongs to tenant {tenant}, and the sign-in is to tenant {home or 'unknown'}"
            f"{why and f' ({why})'}; run 'az login --tenant {tenant}' as somebody who is known there too",
            request_id=request_id,
        )


class PermissionMissing(NetcfgError):
    def __init__(self, principal: str, action: str, scope: str, remedy: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"{principal} may not do {action} on {scope}; assign {remedy} there, "
            "and run it again when that has taken effect (up to ten minutes)",
            request_id=request_id,
        )


class LinkedPermissionMissing(NetcfgError):
    """Changing one resource may need a permission on another that it names: a subnet rule on the subnet."""

    def __init__(
        self, principal: str, subject: str, action: str, linked: str, remedy: str, *, request_id: str | None = None
    ) -> None:
        super().__init__(
            f"{principal} may change {subject}, but may not do {action} on {linked}, which the change names; "
            f"assign {remedy} there, and run it again when that has taken effect (up to ten minutes)",
            request_id=request_id,
        )


class OtherTenantNamed(NetcfgError):
    """A rule for a subnet of another tenant needs a token of that one beside the vault's."""

    def __init__(self, subject: str, subscription: str, tenant: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"{subject} did not take the change, because it names something in subscription {subscription}, which does "
            f"not belong to tenant {tenant}; sign in as somebody who is known in both tenants",
            request_id=request_id,
        )


class ScopeLocked(NetcfgError):
    def __init__(self, subject: str, lock: str, command: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"{subject} cannot be changed, because {lock} is locked; look at the lock with '{command}', "
            "and have it removed by its owner while netcfg runs",
            request_id=request_id,
        )


class PolicyForbids(NetcfgError):
    """`policies` are the names of each assignment and its definition, as far as Azure named them."""

    def __init__(
        self, subject: str, policies: Iterable[tuple[str, str]], message: str, *, request_id: str | None = None
    ) -> None:
        named = " and ".join(f"the assignment {assignment!r} of {definition!r}" for assignment, definition in policies)
        super().__init__(
            f"Azure Policy does not let {subject} be changed so: {named or message}; "
            "ask its owner for an exemption, or plan what it permits",
            request_id=request_id,
        )


class NotInAzure(NetcfgError):
    def __init__(self, what: str, hint: str, *, request_id: str | None = None) -> None:
        super().__init__(f"Azure knows no {what}; {hint}", request_id=request_id)


class SubscriptionNotInAzure(NotInAzure):
    """It may be in another tenant, so nothing is known of what is in it, least of all that it is gone."""


class GraphForbidden(PermissionMissing):
    """No role is assigned for a query: whoever may read something somewhere may ask about that."""

    def __init__(self, principal: str, action: str, *, request_id: str | None = None) -> None:
        NetcfgError.__init__(
            self,
            f"{principal} may not ask Resource Graph ({action}); assign Reader on the subscriptions that the vaults "
            "and the agents are in, and run it again when that has taken effect (up to ten minutes)",
            request_id=request_id,
        )


class ScaleSetUnreadable(NetcfgError):
    """`reason` is the error of the scale set, with its own way out."""

    def __init__(self, pool: str, reason: NetcfgError) -> None:
        super().__init__(
            f"the agents of the pool {pool!r} are in a scale set that could not be read: {reason}; "
            "or leave out --agents discover, and name their subnets with --subnet",
            request_id=reason.request_id,
        )


class ManagedPoolUnreadable(NetcfgError):
    def __init__(self, pool: str, reason: NetcfgError) -> None:
        super().__init__(
            f"the agents of the pool {pool!r} are in a Managed DevOps Pool that could not be read: {reason}; or leave "
            "out --agents discover, and name their subnets with --subnet or their addresses with --allow",
            request_id=reason.request_id,
        )


class ManagedPoolsUnknown(NetcfgError):
    """Azure DevOps shows a Managed DevOps Pool like any self-hosted one."""

    def __init__(self, reason: NetcfgError) -> None:
        super().__init__(
            "Managed DevOps Pools could not be looked for, and any self-hosted pool may be one: "
            f"{reason}; or leave out --agents discover, and name the subnets of the agents with --subnet",
            request_id=reason.request_id,
        )


class MachinesUndescribed(NetcfgError):
    """Azure answered, and not what this version can read about the network of some machines."""

    def __init__(self, resource: str, found: str) -> None:
        super().__init__(
            f"the network of {resource} cannot be made out: Azure shows {found}; "
            "look at its networking in the portal, and report it if that is how it should be"
        )


class VaultNotVisible(NetcfgError):
    """A vault's name is unique in the whole cloud, so somebody may have one that this sign-in cannot see."""

    def __init__(self, name: str, subscriptions: int, unread: int = 0) -> None:
        number = "1 subscription" if subscriptions == 1 else f"{subscriptions} subscriptions"
        blind = f", of which {unread} could not be read," if unread else ""
        super().__init__(
            f"no vault is named {name!r} in the {number}{blind} that this sign-in sees, "
            "and what is in others cannot be known; check the name, give the resource id, "
            "or sign in as somebody who may read it"
        )


class VaultHidden(NetcfgError):
    """The vault itself tells everybody that it is there, and which tenant it trusts."""

    def __init__(self, name: str, subscriptions: int) -> None:
        number = "1 subscription" if subscriptions == 1 else f"{subscriptions} subscriptions"
        super().__init__(
            f"there is a vault named {name!r} in this tenant, and it is not in the {number} that this sign-in sees as "
            "far as it may read there; assign Reader on the vault, or sign in as somebody who may read it"
        )


class VaultNowhere(NetcfgError):
    """The name of every vault is in the public DNS."""

    def __init__(self, name: str, host: str) -> None:
        super().__init__(
            f"there is no vault named {name!r}: no subscription that this sign-in sees has it, and {host} is not in "
            "the DNS; check the name"
        )


class AmbiguousVault(NetcfgError):
    def __init__(self, name: str, ids: Iterable[str]) -> None:
        super().__init__(
            f"{name!r} stands for several vaults, {' and '.join(ids)}, and one of them may be on the way to the "
            "other; give the resource id of the one that is meant, or wait until it has been moved"
        )


class VaultDeleted(NotInAzure):
    """A vault that was deleted keeps its name, and can be had back by `command`, until it is purged."""

    def __init__(self, vault: VaultId, deleted: str, purged: str, command: str) -> None:
        NetcfgError.__init__(
            self,
            f"the vault {vault} was deleted on {deleted} and will be purged on {purged}; if it is still needed, get it "
            f"back with '{command}', else leave it out",
        )
        self.vault = vault


class SubnetNotVisible(NetcfgError):
    """A subnet's name is unique nowhere but in its network, and other tenants are asked for none."""

    def __init__(self, name: str, subscriptions: int, unread: int = 0) -> None:
        number = "1 subscription" if subscriptions == 1 else f"{subscriptions} subscriptions"
        blind = f", of which {unread} could not be read," if unread else ""
        super().__init__(
            f"no subnet is named {name!r} in the {number}{blind} that this sign-in sees, "
            "and what is in others cannot be known; check the name (resource-group/vnet/subnet), give the resource id, "
            "or sign in as somebody who may read it"
        )


class NoSuchSubnet(NetcfgError):
    """The virtual network is there; `known` are the names of the subnets that it has."""

    def __init__(self, name: str, subnet: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(
            f"{name!r} names no subnet: that virtual network has {_some(map(repr, names))}, and no {subnet!r}"
            f"{_perhaps(subnet, names)}"
        )


class AmbiguousSubnet(NetcfgError):
    def __init__(self, name: str, ids: Iterable[str]) -> None:
        super().__init__(f"{name!r} names several subnets; give the id of the one that is meant: {' or '.join(ids)}")


class EndpointsMissing(NetcfgError):
    def __init__(self, subject: str, subnets: Iterable[str], *, request_id: str | None = None) -> None:
        ids = list(subnets)
        names = ", ".join(id.rpartition("/virtualNetworks/")[2].replace("/subnets/", "/") for id in ids)
        removals = " ".join(f"--remove {id}" for id in ids)
        super().__init__(
            f"{subject} did not take the change, because a rule names {names} without a service endpoint for vaults; "
            f"enable Microsoft.KeyVault there, or drop the rule with {removals}",
            request_id=request_id,
        )


class TooManyEndpoints(NetcfgError):
    def __init__(self, vault: str, limit: int) -> None:
        super().__init__(
            f"{vault} has {limit} private endpoints, and a vault takes no more; "
            "remove one with --remove, or use one that is there with --private-endpoint and its network"
        )


class TooManyZones(NetcfgError):
    def __init__(self, group: str, limit: int) -> None:
        super().__init__(
            f"the zone group {group} names {limit} zones already, and takes no more; remove one of them, "
            "or take another network for --private-endpoint"
        )


class ZoneUnread(NetcfgError):
    """What a zone holds decides whether a record or a link of ours would harm somebody."""

    def __init__(self, zone: str) -> None:
        super().__init__(
            f"the records of the zone {zone} could not be read, so nothing can be added to it without risk; "
            "have somebody assign Reader on it"
        )


class RecordElsewhere(NetcfgError):
    """Azure would overwrite the record, and whoever goes by it would lose the vault."""

    def __init__(self, vault: str, zone: str, addresses: Iterable[str]) -> None:
        super().__init__(
            f"the zone {zone} has a record of {vault} already, which leads to {', '.join(addresses) or 'nothing'}; "
            "give a subnet of that endpoint's network to --private-endpoint so that it is used, "
            "or remove the record if nobody needs it"
        )


class RecordInTheWay(NetcfgError):
    """A zone has one record of a vault, and takes the next only when the first is gone."""

    def __init__(self, vault: str, zone: str, endpoint: str, subnet: str) -> None:
        super().__init__(
            f"the zone {zone} has one record of {vault}, which leads to the endpoint that is to go, so this takes two "
            f"commands, and whoever comes by it needs another way in between them: 'netcfg apply {vault} --remove "
            f"{endpoint}' with --public-access enabled and their subnets or addresses, then 'netcfg apply {vault} "
            f"--private-endpoint {subnet}'"
        )


class EndpointOfAnother(NetcfgError):
    def __init__(self, endpoint: str, vault: str) -> None:
        super().__init__(
            f"the private endpoint {endpoint} leads to {vault}, which is none of the vaults of this run that could be "
            "read, so nothing is removed; name that vault, or leave out the --remove"
        )


class ApprovalPending(NetcfgError):
    """The vault's owner decides about an endpoint that the one who made it may not approve.

    `no_record` is why the record will not come with the approval, by which the vault would then be hidden.
    """

    def __init__(
        self, vault: str, endpoint: str, approval: str, connection: str, no_record: NetcfgError | None = None
    ) -> None:
        self._facts = vault, endpoint, approval, connection
        self.is_final = approval != "Pending"  # whoever said no is not waited for
        danger = (
            f"; BEWARE: whoever approves it before that hides {vault} from the networks that ask the zone, until this "
            f"has run again, because its record will not come by itself: {no_record}"
        )
        super().__init__(
            f"the connection of {endpoint} to {vault} is {approval}, so no network was linked, and the vault's own "
            "settings are as they were: it must be approved "
            "by somebody who may do Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action there, "
            f"with 'az network private-endpoint-connection approve --id {connection}'; then run the same command again"
            f"{danger if no_record else ''}",
            request_id=no_record.request_id if no_record else None,
        )

    def without_record(self, why: NetcfgError) -> ApprovalPending:
        """The same, with the warning that belongs to it."""
        return ApprovalPending(*self._facts, no_record=why)


class OtherZoneLinked(NetcfgError):
    """Azure lets a network ask one zone of a name, and says no to a second one, whoever may see the first."""

    def __init__(self, network: str, zone: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"{network} is linked to another zone named {zone}, which this sign-in does not see, and a network asks "
            "one only; have the owner of that zone give it the vault's record, or sign in as somebody who sees it, so "
            "that it is used, and do not run this again before: each attempt hides the vault for a moment",
            request_id=request_id,
        )


class ZoneKept(NetcfgError):
    """A zone goes with the last of its vaults in a run, and not while another one still needs it."""

    def __init__(self, zone: str, vaults: Iterable[str]) -> None:
        super().__init__(
            f"the zone {zone} stays with its links, because {', '.join(vaults)} still has its record there; "
            "mend what kept that from going, then run the same command again"
        )


class LinkHeld(NetcfgError):
    """A link hides, for all machines of a network, every vault that has a private endpoint and no record."""

    def __init__(self, zone: str, vaults: Iterable[str]) -> None:
        super().__init__(
            f"no network was linked to {zone}, because that would hide {', '.join(vaults)}, which did not get its "
            "record there; mend that, or leave it out"
        )


class RecordMissing(NetcfgError):
    def __init__(self, vault: str, zone: str) -> None:
        super().__init__(
            f"the zone {zone} still has no record of {vault}, so no network was linked to it: that would hide the "
            "vault; look at the zone group of its private endpoint, then run the same command again"
        )


class NameTaken(NetcfgError):
    def __init__(self, what: str, found: str) -> None:
        super().__init__(
            f"{what} is there already and {found}, so it is not touched; rename or remove it, if it is yours"
        )


class PieceFailed(NetcfgError):
    """For a private endpoint or its DNS; the vault's own rules are written after them.

    `is_busy` is where Azure did not say how it ended, `is_passing` where the same may be done a little later.
    """

    def __init__(self, what: str, error: NetcfgError) -> None:
        self.is_busy = isinstance(error, PieceBusy)
        passing = isinstance(error, Throttled | AzureUnreachable)
        self.is_passing = self.is_busy or passing or (isinstance(error, AzureRefused) and error.is_passing)
        super().__init__(
            f"{what} was not made, so the vault's own settings were left as they are: {error}",
            request_id=error.request_id,
        )


class PieceUndone(NetcfgError):
    """A zone that is asked and has no record hides a vault whose endpoint is there."""

    def __init__(self, endpoint: str, error: NetcfgError) -> None:
        super().__init__(
            f"{error}; the private endpoint {endpoint} was removed again, because networks that ask a zone of that "
            "name without the vault's record would not have found the vault any more",
            request_id=error.request_id,
        )


class PieceLeft(NetcfgError):
    """`why` is what kept the endpoint from being removed again."""

    def __init__(self, endpoint: str, vault: str, error: NetcfgError, why: object) -> None:
        super().__init__(
            f"{error}; networks that ask a zone of that name without the vault's record do not find {vault} now, and "
            f"the private endpoint {endpoint} was not removed again ({why}): make its record in the zone, or remove it "
            "by hand",
            request_id=error.request_id,
        )


class RecordInterrupted(NetcfgError):
    def __init__(self, endpoint: str, vault: str, why: str) -> None:
        super().__init__(
            f"the private endpoint {endpoint} is there without its record ({why}): networks that ask a zone of that "
            f"name without the vault's record do not find {vault} now"
        )


class PieceBusy(NetcfgError):
    def __init__(self, what: str, reason: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"{what} is not settled, though Azure was asked again and again: {reason}; "
            "run the same command again, it goes on where this one stopped",
            request_id=request_id,
        )


class GrantUnsettled(NetcfgError):
    """A permission that Azure does not show, or of which it cannot be asked any more. `may_have_happened` is false
    where Azure took none of what was sent."""

    def __init__(
        self, vault: str, reason: str, *, may_have_happened: bool = True, request_id: str | None = None
    ) -> None:
        found = "whether it was given is not known" if may_have_happened else "nothing was written"
        super().__init__(
            f"the permission to read the secrets of {vault} is not settled, and {found}: {reason}; "
            "run the same command again, it goes on where this one stopped",
            request_id=request_id,
        )
        self.may_have_happened = may_have_happened


class PieceInUse(NetcfgError):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} holds records or links that somebody made meanwhile, so it stays; leave it to them")


class PieceNotRemoved(NetcfgError):
    def __init__(self, what: str, error: NetcfgError) -> None:
        super().__init__(f"{what} was not removed: {error}", request_id=error.request_id)


class SubnetsGone(NetcfgError):
    """A vault takes no change while a rule names a subnet that is not there any more.

    `resource` is the end of the id of what Azure misses, in lower case, empty where it did not say; `rules` are the ids
    in the rules to remove.
    """

    def __init__(
        self, subject: str, resource: str, rules: Iterable[str] = (), *, request_id: str | None = None
    ) -> None:
        dead = list(rules)
        several = "rules name subnets that are gone; drop them"
        found = several if len(dead) > 1 else "a rule names a subnet that is gone; drop it"
        unmatched = f"the id of the rule about {resource}" if resource else "its id, which 'netcfg plan' shows"
        removals = " ".join(f"--remove {each}" for each in dead) or f"--remove and {unmatched}"
        super().__init__(f"{subject} did not take the change, because {found} with {removals}", request_id=request_id)
        self.subject = subject
        self.resource = resource


class ForbiddenRange(NetcfgError):
    def __init__(self, subject: str, value: str, forbidden: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"{subject} takes no rule for {value}: it belongs to {forbidden}, "
            "and only public IPv4 addresses can be let in; leave it out, or let its subnet in with --subnet",
            request_id=request_id,
        )


class ProviderNotRegistered(NetcfgError):
    """netcfg registers nothing itself: that would be a change that no plan showed."""

    def __init__(self, subject: str, namespace: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"the subscription of {subject} does not use {namespace} yet; "
            f"run 'az provider register --namespace {namespace}' in it, then run this again",
            request_id=request_id,
        )


class AzureThrottled(Throttled):
    def __init__(self, subject: str, wait: float | None = None, *, request_id: str | None = None) -> None:
        when = f"in {how_long(max(wait, 1))}" if wait else "in some minutes"
        super().__init__(
            f"Azure still asks to slow down after several tries ({subject}); run it again {when}",
            wait,
            request_id=request_id,
        )


class NetworkBusy(NetcfgError):
    def __init__(self, subnet: str, reason: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"the service endpoint of {subnet} is not settled, though Azure was asked again and again: {reason}; "
            "wait until nobody else changes that virtual network, then run it again",
            request_id=request_id,
        )


class AzureUnreachable(NetcfgError):
    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"Azure did not answer at {url}: {reason}; check the network and HTTPS_PROXY, then run it again"
        )


class LedElsewhere(NetcfgError):
    """An address within an answer: where a list goes on, or where to ask how far an operation is."""

    def __init__(self, home: str, place: str) -> None:
        super().__init__(
            f"an answer of Azure at {home} leads to {place}, and a token goes to the former only; "
            "look for a proxy that answers in Azure's place"
        )


class AzureAnswer(NetcfgError):
    def __init__(self, subject: str, found: str, *, request_id: str | None = None) -> None:
        super().__init__(
            f"Azure's answer about {subject} cannot be read: {found}; run it again later, "
            "and look for a proxy that answers in Azure's place",
            request_id=request_id,
        )
        self.found = found


class AzureRefused(NetcfgError):
    """A refusal that this version has no words for: Azure's own are passed on."""

    def __init__(self, subject: str, reason: str, *, is_passing: bool = False, request_id: str | None = None) -> None:
        super().__init__(f"Azure said no to {subject}: {reason}; mend that, then run it again", request_id=request_id)
        self.is_passing = is_passing  # a fault of Azure's own (5xx), which says nothing about what was asked


class TooManySubscriptions(NetcfgError):
    """Resource Graph looks into so many subscriptions and no more, and says that there are others."""

    def __init__(self) -> None:
        super().__init__(
            "this sign-in sees more than the 10,000 subscriptions that one query of Resource Graph looks into, so what "
            "is in the others is not known; name the subscriptions with --subscription, or sign in as somebody who "
            "sees fewer"
        )


# --- sources ------------------------------------------------------------------------------------------------------


class BadSource(UsageError):
    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"nothing can be fetched from {text!r}: {reason}")


class SourceUnreachable(NetcfgError):
    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            f"{where} could not be fetched: {reason}; check the network and HTTPS_PROXY, or give a file with --from"
        )


class SourceAnswer(NetcfgError):
    def __init__(self, where: str, found: str, expected: str) -> None:
        super().__init__(
            f"{where} answered with {found} where {expected} was expected; run it again later, or give --from"
        )


class SourceMoved(NetcfgError):
    """A redirect to another host is refused: whoever holds that host would say which addresses a vault lets in."""

    def __init__(self, where: str, host: str, other: str) -> None:
        super().__init__(
            f"{where} redirects from {host} to {other}, and only {host} was asked; "
            "look at the new address, and give it with --from if it is the publisher's"
        )


class SourceTooLong(NetcfgError):
    def __init__(self, where: str, limit: int) -> None:
        super().__init__(f"{where} is longer than {limit:,} bytes, which nothing that is published there is")


class SourceUnreadable(NetcfgError):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the file {path!r} cannot be read: {reason}")


class NoTagFile(NetcfgError):
    def __init__(self, where: str, host: str) -> None:
        super().__init__(
            f"{where} links to no ServiceTags_Public_YYYYMMDD.json at {host}; "
            "download the file with a browser, and give it with --from"
        )


class NoInboundTable(NetcfgError):
    """`found` are the headings of the tables that the section does have."""

    def __init__(self, where: str, found: Iterable[str]) -> None:
        others = "; ".join(found)
        super().__init__(
            f"{where} has no inbound table: one with the columns Region and IP V4 ranges was expected under a heading "
            f"'Inbound connections'{f', where there is {others}' if others else ''}; "
            "look at the page, its layout may have changed"
        )


class UnmappedRegion(NetcfgError):
    def __init__(self, where: str, name: str) -> None:
        super().__init__(
            f"the edition {where} cannot be used: it names the region {name}, "
            "which belongs to no geography that this version knows; update netcfg, or report the name"
        )


class TagsDisagree(NetcfgError):
    """The tag `AzureDevOps` is the union of its regional tags, or the file is not what it says it is."""

    def __init__(self, where: str, missing: str, surplus: str) -> None:
        parts = [f"only the tag AzureDevOps has {missing}"] if missing else []
        parts += [f"only its regional tags have {surplus}"] if surplus else []
        super().__init__(
            f"the edition {where} cannot be used: {', and '.join(parts)}; download the file again, it may be damaged"
        )
