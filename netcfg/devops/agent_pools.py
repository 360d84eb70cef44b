"""The agent pools of an organization, over REST."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from netcfg.core.agents import ListedPool, Listing, parse_scale_set
from netcfg.core.errors import BadIdentifier, DevOpsAnswer, NoPoolsShown
from netcfg.core.organization import parse_name
from netcfg.devops.answer import Question
from netcfg.devops.pages import Json, items, number, shown, text
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
        with ThreadPoolExecutor(2) as side_by_side:
            second = side_by_side.submit(_by_number, self._session, elastic, "poolId")
            listed = _by_number(self._session, pools, "id")
            scale_sets = {id: _scale_set(each, elastic) for id, each in second.result().items()}
        if not listed:
            raise NoPoolsShown(name, self._session.credential.name, _NEEDED)
        found = [_pool(each, scale_sets.get(id), pools) for id, each in listed.items()]
        # It is certain that they are the organization's, and not what they are called.
        unseen = sorted(scale_sets.keys() - listed.keys())
        found += [ListedPool(f"pool {each}", is_elastic=True, scale_set=scale_sets[each]) for each in unseen]
        return Listing(name, tuple(found))

    def _question(self, name: str, path: str, subject: str) -> Question:
        return Question(name, f"{self._session.devops}/{name}/_apis/distributedtask/{path}", subject, _NEEDED)


_LISTS = (("pools", "the list of agent pools"), ("elasticpools", "the list of scale set pools"))


def _by_number(session: Session, question: Question, field: str) -> dict[int, Json]:
    """The objects of a list by the number of the pool that each is about; none is listed twice."""
    found: dict[int, Json] = {}
    for each in items(session, question):
        id = number(each, field, question)
        if id in found:
            raise DevOpsAnswer(question.url, f"{field} = {id} twice in {question.subject}", "every pool once")
        found[id] = each
    return found


def _pool(found: Json, scale_set: str | None, question: Question) -> ListedPool:
    is_hosted, size = found.get("isHosted", False), found.get("size")
    if not isinstance(is_hosted, bool):
        raise DevOpsAnswer(question.url, f"isHosted = {shown(is_hosted)} in {question.subject}", "true or false")
    is_counted = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    return ListedPool(
        text(found, "name", question),
        is_hosted=is_hosted,
        is_elastic=scale_set is not None or _is_elastic(found.get("options")),
        scale_set=scale_set,
        agents=size if is_counted else None,
    )


def _is_elastic(options: object) -> bool:
    if isinstance(options, int):
        return bool(options & _ELASTIC_NUMBER)
    return isinstance(options, str) and _ELASTIC in options.lower()


def _scale_set(found: Json, question: Question) -> str:
    id = text(found, "azureId", question)
    try:
        return parse_scale_set(id)
    except BadIdentifier as error:
        what = f"azureId = {shown(id)} in {question.subject}"
        raise DevOpsAnswer(question.url, what, "the resource id of a scale set") from error
