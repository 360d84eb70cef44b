"""Whether the firewall is asked at all: the default action, and public access."""

from __future__ import annotations

from collections.abc import Iterator

from netcfg.core.checks.check import Case, Check, Found
from netcfg.core.desired import is_enforced
from netcfg.core.findings import Severity
from netcfg.core.rules import DefaultAction, PublicAccess

DEFAULT_ACTION_ALLOW = Check(
    "default-action-allow",
    Severity.ERROR,
    "The firewall lets every network in",
    "A vault whose default action is Allow answers every network on the internet; only the token still stands between "
    "a stranger and the secrets. Rules are stored beside it and do nothing, so the vault looks guarded in every list "
    "of rules, and a leaked credential works from anywhere. Where `--keep-default-action` was said it is a warning, "
    "for somebody decided it; where public access is Disabled or a perimeter enforces it is a note, for it begins to "
    "count on the day when that changes.",
    "`netcfg apply` turns it to Deny together with every rule that is wanted, in one write. The guard `default-deny` "
    "asks first, because callers whom no rule names are cut off at that moment: look at who called in the vault's "
    "audit log, and declare them.",
    "While the callers are still being found out, and then with an end date. There is no lasting reason.",
    example="default action",
)

PUBLIC_ACCESS_DISABLED = Check(
    "public-access-disabled",
    Severity.ERROR,
    "Public access is off, so Azure DevOps cannot get in",
    "Azure DevOps has no network of its own to put a private endpoint in: it reads variable groups over the public "
    "network, or not at all. While public access is Disabled no rule is asked, whatever the vault holds, and a "
    "pipeline that uses a linked group fails before its first step. Azure may even keep the rules to itself then, so "
    "which ones would count is not known.",
    "Say what is meant. `--public-access enabled` opens the vault to the selected networks and to nobody else, in one "
    "write; a `keep-default-action` in the configuration contradicts that, so take it out before. `--public-access "
    "disabled` (in the configuration: `public-access: disabled`) says that only private endpoints lead in; then it is "
    "no finding any more, and jobs read the vault themselves, from agents in its networks.",
    "Hardly ever: saying `public-access: disabled` is the honest form of it. A waiver fits a vault that is about to be "
    "deleted.",
    example="public access",
)

PUBLIC_ACCESS_ENABLED = Check(
    "public-access-enabled",
    Severity.ERROR,
    "Public access is on, and was meant to be off",
    "Somebody said that only private endpoints lead to this vault, and the public network still does. Whatever its "
    "rules name, and everybody if its default action is Allow, gets as far as the sign-in.",
    "`netcfg apply` turns public access off. The guard `last-path` names who loses the last way in by that, Azure "
    "DevOps among them where a rule admits it.",
    "Until the last caller has moved to a private endpoint; give it the day on which that is due.",
    example="public access",
)

CHECKS = (DEFAULT_ACTION_ALLOW, PUBLIC_ACCESS_DISABLED, PUBLIC_ACCESS_ENABLED)


def find(case: Case) -> Iterator[Found]:
    yield from _default_action(case)
    yield from _public_access(case)


def _default_action(case: Case) -> Iterator[Found]:
    before = case.seen.before
    if before.rule_set.default_action is DefaultAction.DENY or case.seen.before.hides_rules:
        return
    check, subject = DEFAULT_ACTION_ALLOW, "default action"
    if not before.is_open or is_enforced(case.seen.vault):
        why = "public access is Disabled" if before.public_access is PublicAccess.DISABLED else "a perimeter decides"
        yield check.found(
            subject,
            f"the default action is Allow: it means nothing while {why}, and lets every network in afterwards",
            case.az("update", "--default-action", "Deny"),
            Severity.NOTE,
        )
    elif case.seen.intent.keep_default_action:
        yield check.found(
            subject,
            "every network gets in, and rules do nothing: the default action is Allow, and was said to stay so",
            case.explain(check.id),
            Severity.WARNING,
        )
    else:
        yield check.found(
            subject, "every network gets in, and rules do nothing: the default action is Allow", case.apply
        )


def _public_access(case: Case) -> Iterator[Found]:
    is_disabled = case.seen.before.public_access is PublicAccess.DISABLED
    meant = case.seen.intent.public_access
    if is_enforced(case.seen.vault):
        return  # public access says nothing then, and an apply leaves it alone
    if is_disabled and meant is PublicAccess.ENABLED:
        yield PUBLIC_ACCESS_DISABLED.found(
            "public access", "Azure DevOps cannot get in: public access is Disabled, and was meant to be on", case.apply
        )
    elif is_disabled and meant is None:
        yield PUBLIC_ACCESS_DISABLED.found(
            "public access",
            "Azure DevOps cannot get in: public access is Disabled, and nobody said whether that is meant; where it "
            "is, say --public-access disabled",
            case.apply,
        )
    elif case.seen.after.public_access is not case.seen.before.public_access:
        yield PUBLIC_ACCESS_ENABLED.found(
            "public access",
            "the public network still leads here: public access is Enabled, and was meant to be Disabled",
            case.apply,
        )
