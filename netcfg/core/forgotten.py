"""Rules that an earlier run was asked for and this one is not: they stay as anybody's, and somebody should know."""

from __future__ import annotations

from netcfg.core.plan import Plan
from netcfg.core.record import Recorded, Unread
from netcfg.core.shell import join
from netcfg.core.standing import Standing
from netcfg.core.words import listed


def forgotten(plan: Plan, last: Recorded | Unread | None) -> str | None:
    """What to say of the rules that `last` declared and that are nobody's now; nothing where there are none."""
    if isinstance(last, Unread):
        return f"what the last apply declared is not known: {last.why}"
    reasons = dict(last.declared) if last else {}
    left = [str(rule) for rule, why in plan.kept if why.standing is Standing.FOREIGN and str(rule) in reasons]
    if not left or last is None:
        return None
    stays, them = ("it stays", "it") if len(left) == 1 else ("they stay", "them")
    named = listed(f"{each} ({reasons[each]})" if reasons[each] else each for each in left)
    command = join(word for each in left for word in ("--remove", each))
    return (
        f"declared by the last apply ({last.run}, {last.when:%Y-%m-%d}) and not by this one: {named}; {stays}, as "
        f"foreign; {command} takes {them} out"
    )
