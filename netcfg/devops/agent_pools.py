"""The agent pools of an organization, over REST."""

from __future__ import annotations

from netcfg.core.agents import ListedPool, Listing, parse_scale_set
from netcfg.core.errors import BadIdentifier, DevOpsAnswer
from netcfg.devops.answer import Question
from netcfg.devops.organization import parse_name
from netcfg.devops.pages import Json, items, text
from netcfg.devops.session import Session

_NEEDED = "the scope 'Agent Pools: Read', or to be a user of that organization"
_ELASTIC = "elasticpool"  # among the options of a pool, which are written as names or as the sum of their numbers
_ELASTIC_NUMBER = 1


class RestAgentPools:
    """Agent pools as Azure DevOps lists them, to whoever asks: those that he may not see are not in its lists."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def listing(self, organization: str) -> Listing:
        """Every pool of the organization, with the scale set that its machines belong to, if they do."""
        name = parse_name(organization, self._session.devops)
        pools, elastic = (self._question(name, *each) for each in _LISTS)
        listed = list(items(self._session, pools))
        scale_sets = dict(_scale_set(each, elastic) for each in items(self._session, elastic))
        found = [_pool(each, scale_sets, pools) for each in listed]
        unseen = scale_sets.keys() - {_number(each, "id", pools) for each in listed}
        # It is certain that they are the organization's, and not what they are called.
        found += [ListedPool(f"pool {each}", is_elastic=True, scale_set=scale_sets[each]) for each in sorted(unseen)]
        return Listing(name, tuple(found))

    def _question(self, name: str, path: str, subject: str) -> Question:
        return Question(name, f"{self._session.devops}/{name}/_apis/distributedtask/{path}", subject, _NEEDED)


_LISTS = (("pools", "the agent pools"), ("elasticpools", "the agent pools of scale sets"))


def _pool(found: Json, scale_sets: dict[int, str], question: Question) -> ListedPool:
    is_hosted, size = found.get("isHosted", False), found.get("size")
    if not isinstance(is_hosted, bool):
        raise DevOpsAnswer(question.url, f"isHosted = {is_hosted!r}", "true or false")
    scale_set = scale_sets.get(_number(found, "id", question))
    return ListedPool(
        text(found, "name", question),
        is_hosted=is_hosted,
        is_elastic=scale_set is not None or _is_elastic(found.get("options")),
        scale_set=scale_set,
        agents=size if isinstance(size, int) else None,
    )


def _is_elastic(options: object) -> bool:
    if isinstance(options, int):
        return bool(options & _ELASTIC_NUMBER)
    return isinstance(options, str) and _ELASTIC in options.lower()


def _scale_set(found: Json, question: Question) -> tuple[int, str]:
    try:
        return _number(found, "poolId", question), parse_scale_set(text(found, "azureId", question))
    except BadIdentifier as error:
        raise DevOpsAnswer(question.url, f"azureId = {found['azureId']!r}", "the id of a scale set") from error


def _number(found: Json, field: str, question: Question) -> int:
    value = found.get(field)
    if not isinstance(value, int):
        raise DevOpsAnswer(question.url, f"{field} = {value!r}", "the number of a pool")
    return value
