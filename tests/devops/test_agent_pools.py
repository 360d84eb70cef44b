"""The agent pools of an organization, from the sandbox and from answers that it would never give."""

from collections.abc import Iterator

import pytest

from netcfg.core.agents import ListedPool
from netcfg.core.errors import BadOrganization, DevOpsAnswer, DevOpsShowsNone, NoDevOpsPermission, SignInRefused
from netcfg.devops.agent_pools import RestAgentPools
from netcfg.devops.credential import Credential
from netcfg.devops.session import Session
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.loopback import Reply, loopback, redirects, shows
from tests.devops.test_session import session_for

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


def listing(*replies: Reply):
    with loopback(*replies) as server:
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
    assert sandbox.requests[asked:] == [
        ("GET", "/dev.azure.com/contoso/_apis/distributedtask/pools", 200),
        ("GET", "/dev.azure.com/contoso/_apis/distributedtask/elasticpools", 200),
    ]


def test_an_organization_may_be_given_by_its_address(sandbox):
    assert pools(sandbox).listing("https://contoso.visualstudio.com").organization == "contoso"
    with pytest.raises(BadOrganization):
        pools(sandbox).listing("contoso/../fabrikam")


def test_a_token_without_the_scope_is_told_its_name(sandbox):
    with pytest.raises(NoDevOpsPermission) as raised:
        pools(sandbox, "make-believe-contoso-profile").listing("contoso")
    assert str(raised.value) == (
        "the PAT may not read the agent pools of 'contoso' (TF400813: the token lacks the scope vso.agentpools.); "
        "it needs the scope 'Agent Pools: Read', or to be a user of that organization"
    )


def test_an_organization_that_is_not_shown_is_an_error(sandbox):
    with pytest.raises(DevOpsShowsNone, match=r"'no-such-thing' should be; check the name of the organization"):
        pools(sandbox).listing("no-such-thing")


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
    found, asked = listing(page(POOL, token="a b&c"), page(more), page())
    assert [each.name for each in found.pools] == ["Default", "More"]
    assert [each.path for each in asked] == [
        "/contoso/_apis/distributedtask/pools?api-version=7.1",
        "/contoso/_apis/distributedtask/pools?api-version=7.1&continuationToken=a%20b%26c",
        "/contoso/_apis/distributedtask/elasticpools?api-version=7.1",
    ]


def test_a_continuation_that_leads_back_is_an_error_and_no_loop():
    with pytest.raises(DevOpsAnswer, match="the page that was asked for as the next one"):
        listing(page(POOL, token="1"))


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
        listing(reply, page())


@pytest.mark.parametrize(
    "elastic",
    [{"poolId": 1}, {"azureId": SCALE_SET}, {**ELASTIC, "azureId": "/subscriptions/1/../2"}, {**ELASTIC, "azureId": 7}],
)
def test_a_scale_set_that_cannot_be_one_is_an_error(elastic):
    with pytest.raises(DevOpsAnswer):
        listing(page(POOL), page(elastic))


def test_the_pool_of_a_scale_set_that_is_not_listed_counts_all_the_same():
    found, _ = listing(page(), page(ELASTIC))
    assert found.pools == (ListedPool("pool 1", is_elastic=True, scale_set=SCALE_SET),)


@pytest.mark.parametrize(
    ("options", "expected"),
    [("elasticPool, singleUseAgents", True), ("none", False), (3, True), (2, False), (None, False)],
)
def test_the_options_tell_a_scale_set_pool_in_either_way_of_writing(options, expected):
    found, _ = listing(page({**POOL, "options": options}), page())
    assert found.pools == (ListedPool("Default", is_elastic=expected),)
