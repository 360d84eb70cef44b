"""The agent pools of an organization, from the sandbox and from answers that it would never give."""

from collections.abc import Iterator, Sequence
from threading import Barrier

import pytest

from netcfg.core.agents import ListedPool
from netcfg.core.errors import (
    BadOrganization,
    DevOpsAnswer,
    DevOpsShowsNone,
    NoDevOpsPermission,
    NoPoolsShown,
    OrganizationNotFound,
    SignInRefused,
)
from netcfg.devops.agent_pools import RestAgentPools
from netcfg.devops.credential import Credential
from netcfg.devops.pages import Leafing
from netcfg.devops.session import Session
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.loopback import Reply, loopback, redirects, shows
from tests.devops.test_session import CREDENTIAL, session_for

SCALE_SET = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-build/providers/"
    "Microsoft.Compute/virtualMachineScaleSets/vmss-agents"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with serve(world="contoso") as running:
        yield running


def pools(sandbox: Sandbox, token: str | None = None) -> RestAgentPools:
    credential = Credential.basic("the PAT", token) if token else Credential.bearer("the token", sandbox.token)
    return RestAgentPools(Session(lambda: credential, sandbox.devops_url, sandbox.identity_url, timeout=5))


def listing(*replies: Reply, elastic: Sequence[Reply] = ()):
    with loopback(*replies, elsewhere={"/elasticpools": elastic or [page()]}) as server:
        return RestAgentPools(session_for(server.url)).listing("contoso"), server.asked


def test_every_pool_is_listed_with_its_scale_set(sandbox):
    found = pools(sandbox).listing("contoso")
    assert found.organization == "contoso"
    assert found.pools == (
        ListedPool("Default", agents=2),
        ListedPool("Azure Pipelines", is_hosted=True, agents=0),
        ListedPool("scale-set-agents", is_elastic=True, scale_set=SCALE_SET, agents=2),
        ListedPool("managed-own-network", agents=0),
        ListedPool("managed-static", agents=0),
    )


def test_two_requests_are_enough(sandbox):
    asked = len(sandbox.requests)
    pools(sandbox, "make-believe-contoso-library").listing("contoso")
    assert sorted(sandbox.requests[asked:]) == [
        ("GET", "/dev.azure.com/contoso/_apis/distributedtask/elasticpools", 200),
        ("GET", "/dev.azure.com/contoso/_apis/distributedtask/pools", 200),
    ]


def test_both_lists_are_asked_for_side_by_side():
    """Each answer waits until both questions are there."""
    both = Barrier(2, timeout=5)

    class Patient(Session):
        def ask(self, question, credential):
            both.wait()
            return super().ask(question, credential)

    with loopback(page(POOL), elsewhere={"/elasticpools": [page(ELASTIC)]}) as server:
        found = RestAgentPools(Patient(lambda: CREDENTIAL, server.url, server.url, timeout=5)).listing("contoso")
    assert [each.scale_set for each in found.pools] == [SCALE_SET]


def test_an_organization_may_be_given_by_its_address(sandbox):
    assert pools(sandbox).listing("https://contoso.visualstudio.com").organization == "contoso"
    with pytest.raises(BadOrganization):
        pools(sandbox).listing("contoso/../fabrikam")


def test_a_token_without_the_scope_is_told_its_name(sandbox):
    with pytest.raises(NoDevOpsPermission) as raised:
        pools(sandbox, "make-believe-contoso-profile").listing("contoso")
    assert str(raised.value) == (
        "the PAT may not read the list of agent pools of 'contoso' (TF400813: the token lacks the scope "
        "vso.agentpools.); it needs the scope 'Agent Pools: Read', or to be a user of that organization"
    )


def test_an_organization_that_nobody_has_is_told_as_such(sandbox):
    with pytest.raises(OrganizationNotFound, match="knows no organization 'no-such-thing'"):
        pools(sandbox).listing("no-such-thing")


def test_an_organization_that_is_there_and_not_shown_is_another_error():
    """Its sign-in leads somewhere, which only an organization's does."""
    nothing = Reply(404, b"{}")
    with pytest.raises(DevOpsShowsNone, match=r"'contoso' should be; check the name of the organization"):
        listing(nothing, redirects("https://spsprodweu5.vssps.visualstudio.com/_signin"))


def test_an_organization_without_any_pool_is_one_whose_pools_may_not_be_seen():
    with pytest.raises(NoPoolsShown) as raised:
        listing(page(), elastic=[page(ELASTIC)])
    assert str(raised.value) == (
        "Azure DevOps shows the PAT in AZURE_DEVOPS_EXT_PAT no agent pool of 'contoso', and every organization has "
        "some, so which there are is not known; it needs the role Reader on all agent pools there, beside the scope "
        "'Agent Pools: Read', or to be a user of that organization"
    )


def test_the_sign_in_page_is_no_empty_list():
    with pytest.raises(SignInRefused):
        listing(redirects("https://spsprodweu5.vssps.visualstudio.com/_signin"))


def page(*items: object, token: str = "") -> Reply:
    shown = shows({"count": len(items), "value": items})
    return Reply(
        body=shown.body, headers=(*shown.headers, ("x-ms-continuationtoken", token)) if token else shown.headers
    )


POOL = {"id": 1, "name": "Default", "isHosted": False}
ELASTIC = {"poolId": 1, "azureId": SCALE_SET}


def test_what_is_behind_the_continuation_is_read_too():
    more = {"id": 2, "name": "More"}
    found, asked = listing(page(POOL, token="a b&c"), page(more))
    assert [each.name for each in found.pools] == ["Default", "More"]
    assert sorted(each.path for each in asked) == [
        "/contoso/_apis/distributedtask/elasticpools?api-version=7.1",
        "/contoso/_apis/distributedtask/pools?api-version=7.1",
        "/contoso/_apis/distributedtask/pools?api-version=7.1&continuationToken=a%20b%26c",
    ]


@pytest.mark.parametrize("tokens", [["A", "A"], ["A", "B", "A"], ["A", "B", "C", "B"]])
def test_a_continuation_that_leads_back_is_an_error_and_no_loop(tokens):
    pages = [page({**POOL, "id": number}, token=token) for number, token in enumerate(tokens)]
    with pytest.raises(DevOpsAnswer, match="a page that was there before as the next one"):
        listing(*pages)


def test_a_list_of_empty_pages_that_never_ends_is_an_error():
    with pytest.raises(DevOpsAnswer, match="the 50th empty page in a row and one more where a list that ends"):
        listing(*(page(token=f"t{number}") for number in range(60)))


def test_a_list_that_never_ends_is_an_error():
    leaf, url = Leafing(), "https://dev.azure.com/contoso"
    for number in range(1_999):
        leaf.turn(str(number), url, is_empty=False)
    with pytest.raises(DevOpsAnswer, match="more than 2,000 pages where a list that ends"):
        leaf.turn("1999", url, is_empty=False)


def test_a_pool_that_is_listed_twice_is_an_error_for_one_of_them_is_wrong():
    with pytest.raises(DevOpsAnswer, match="id = 1 twice in the list of agent pools where every pool once"):
        listing(page(POOL, {**POOL, "name": "other"}))
    with pytest.raises(DevOpsAnswer, match="poolId = 1 twice in the list of scale set pools"):
        listing(page(POOL), elastic=[page(ELASTIC, {**ELASTIC, "azureId": f"{SCALE_SET}-2"})])


BROKEN = [
    shows({"value": None}),
    shows({"count": 0}),
    shows({"value": {}}),
    shows({"value": ["Default"]}),
    shows([POOL, None]),
    shows("nothing"),
    page({"id": 1}),
    page({"id": 1, "name": ""}),
    page({"id": "1", "name": "Default"}),
    page({**POOL, "isHosted": "no"}),
]


@pytest.mark.parametrize("reply", BROKEN)
def test_what_is_no_list_of_pools_is_an_error_and_never_none(reply: Reply):
    with pytest.raises(DevOpsAnswer):
        listing(reply)


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        ({"id": None}, "id = null in the list of agent pools where a number was expected"),
        ({"id": True}, "id = true in the list of agent pools where a number was expected"),
        ({"name": ""}, 'name = "" in the list of agent pools where a text was expected'),
        ({"isHosted": None}, "isHosted = null in the list of agent pools where true or false was expected"),
    ],
)
def test_what_is_wrong_is_said_as_the_answer_writes_it(pool, said):
    with pytest.raises(DevOpsAnswer) as raised:
        listing(page({**POOL, **pool}))
    assert f"with {said}; run it again later" in str(raised.value)


@pytest.mark.parametrize("size", [-1, True, "2", None])
def test_a_number_of_agents_that_is_none_is_not_known(size):
    assert listing(page({**POOL, "size": size}))[0].pools == (ListedPool("Default"),)


@pytest.mark.parametrize(
    "elastic",
    [{"poolId": 1}, {"azureId": SCALE_SET}, {**ELASTIC, "azureId": "/subscriptions/1/../2"}, {**ELASTIC, "azureId": 7}],
)
def test_a_scale_set_that_cannot_be_one_is_an_error(elastic):
    with pytest.raises(DevOpsAnswer):
        listing(page(POOL), elastic=[page(elastic)])


def test_the_pool_of_a_scale_set_that_is_not_listed_counts_all_the_same():
    found, _ = listing(page({**POOL, "id": 2}), elastic=[page(ELASTIC)])
    assert found.pools == (ListedPool("Default"), ListedPool("pool 1", is_elastic=True, scale_set=SCALE_SET))


@pytest.mark.parametrize(
    ("options", "expected"),
    [("elasticPool, singleUseAgents", True), ("none", False), (3, True), (2, False), (None, False)],
)
def test_the_options_tell_a_scale_set_pool_in_either_way_of_writing(options, expected):
    found, _ = listing(page({**POOL, "options": options}))
    assert found.pools == (ListedPool("Default", is_elastic=expected),)
