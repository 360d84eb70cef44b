"""A token without the scope is told which one, in the words of the page where tokens are made."""

from collections.abc import Callable

import pytest

from netcfg.core.errors import NoDevOpsPermission, SignInRefused
from netcfg.core.linking.groups import Mapping
from netcfg.devops.projects import RestProjects
from netcfg.devops.proxy import RestProxy
from netcfg.devops.service_connections import RestServiceConnections
from netcfg.devops.session import Session
from netcfg.devops.variable_groups import RestVariableGroups
from tests.devops.loopback import Reply, loopback
from tests.devops.test_group_writes import CONNECTION, KNOWN
from tests.devops.test_linked_group import NOW, PROJECT
from tests.devops.test_session import session_for

MANAGE = "'Variable Groups: Read, create, & manage'"
ASKED: list[tuple[Callable[[Session], object], str, str]] = [
    (lambda session: RestProjects(session).every("contoso"), "read the list of projects", "'Project and Team: Read'"),
    (
        lambda session: RestVariableGroups(session, lambda: NOW).every(PROJECT),
        "read the list of variable groups of the project 'payments'",
        "'Variable Groups: Read'",
    ),
    (
        lambda session: RestVariableGroups(session, lambda: NOW).read(KNOWN),
        "read the variable group 'secrets' of the project 'payments'",
        "'Variable Groups: Read'",
    ),
    (
        lambda session: RestVariableGroups(session, lambda: NOW).update(KNOWN, KNOWN.mappings),
        "write the variable group 'secrets' of the project 'payments'",
        MANAGE,
    ),
    (
        lambda session: RestVariableGroups(session, lambda: NOW).create(
            PROJECT, "new", "kv-a", CONNECTION, [Mapping("a")]
        ),
        "write the new variable group 'new' of the project 'payments'",
        MANAGE,
    ),
    (
        lambda session: RestServiceConnections(session).every(PROJECT),
        "read the list of service connections of the project 'payments'",
        "'Service Connections: Read'",
    ),
    (
        lambda session: RestProxy(session).may_list(CONNECTION, "kv-a"),
        "read the vault kv-a through the service connection 'prod' of the project 'payments'",
        "'Service Connections: Read & query'",
    ),
]


@pytest.mark.parametrize(("ask", "what", "scope"), ASKED)
def test_a_token_that_may_not_is_told_what_it_may_not_and_the_scope_that_it_needs(ask, what, scope):
    with loopback(Reply(403, b'{"message": "TF400813"}')) as server, pytest.raises(NoDevOpsPermission) as raised:
        ask(session_for(server.url))
    assert str(raised.value).startswith(
        f"the PAT in AZURE_DEVOPS_EXT_PAT may not {what} of 'contoso' (TF400813); it needs the scope {scope}, "
    )


@pytest.mark.parametrize(("ask", "scope"), [(ask, scope) for ask, _, scope in ASKED])
def test_a_token_that_is_not_accepted_at_all_is_told_it_as_well(ask, scope):
    with loopback(Reply(401, b"{}")) as server, pytest.raises(SignInRefused) as raised:
        ask(session_for(server.url))
    assert f"made for another organization: make a new one; it needs the scope {scope}, " in str(raised.value)
