"""Variable groups read, made and changed one by one, in the sandbox and with answers that it would never give."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from netcfg.core.errors import (
    DevOpsAnswer,
    DevOpsRefused,
    DevOpsUnreachable,
    DevOpsUnsettled,
    GroupNotLinked,
    NetcfgError,
    SignInRefused,
    VariableGroupGone,
)
from netcfg.core.linking.groups import Mapping, Project, ServiceConnection, VariableGroup
from netcfg.devops.credential import Credential
from netcfg.devops.projects import RestProjects
from netcfg.devops.service_connections import RestServiceConnections
from netcfg.devops.session import Session
from netcfg.devops.variable_groups import RestVariableGroups
from netcfg.sandbox.server import Sandbox, serve
from tests.devops.loopback import Asked, Reply, loopback, redirects, shows
from tests.devops.test_linked_group import GROUP, NOW, PROJECT, parsed
from tests.devops.test_session import session_for

CONNECTION = ServiceConnection("c1", "prod", PROJECT)
KNOWN = parsed(GROUP)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(world="contoso") as running:
        yield running


def session(sandbox: Sandbox) -> Session:
    credential = Credential.basic("the PAT", "make-believe-contoso-manage")
    return Session(lambda: credential, sandbox.devops_url, sandbox.identity_url, timeout=5)


def rest(url: str, timeout: float = 5) -> RestVariableGroups:
    return RestVariableGroups(session_for(url, timeout), lambda: NOW)


def group_of(sandbox: Sandbox, project: Project, name: str) -> VariableGroup:
    every = RestVariableGroups(session(sandbox), lambda: NOW).every(project)
    return next(each for each in every if each.name == name)


def test_every_group_of_a_project_is_shown_and_of_plain_ones_only_the_name(sandbox):
    payments = RestProjects(session(sandbox)).find("contoso", "payments")
    found = {each.name: each for each in RestVariableGroups(session(sandbox), lambda: NOW).every(payments)}
    orders, plain = found["orders-secrets"], found["payments-settings"]
    assert (orders.vault, orders.is_linked, [each.name for each in orders.mappings][:1]) == (
        "kv-orders",
        True,
        ["order-queue"],
    )
    assert plain == VariableGroup(plain.id, "payments-settings", payments, "Vsts")
    assert plain.found == ""


def test_a_group_is_made_changed_and_read_again(sandbox):
    payments = RestProjects(session(sandbox)).find("contoso", "payments")
    connection = RestServiceConnections(session(sandbox)).find(payments, "azure-prod")
    groups = RestVariableGroups(session(sandbox), lambda: NOW)
    made = groups.create(payments, "new / group ü", "kv-payments", connection, [Mapping("api-key")])
    assert (made.name, made.vault, made.connection, made.projects) == (
        "new / group ü",
        "kv-payments",
        connection.id,
        ("payments",),
    )
    assert groups.read(made) == made
    grown = groups.update(made, [*made.mappings, Mapping("other", expires=datetime(2027, 1, 1, tzinfo=UTC))])
    assert [(each.name, each.expires) for each in grown.mappings] == [
        ("api-key", None),
        ("other", datetime(2027, 1, 1, tzinfo=UTC)),
    ]
    assert grown.modified != made.modified
    assert groups.read(made) == grown


def test_a_name_that_is_taken_is_refused_in_azure_devops_own_words(sandbox):
    payments = RestProjects(session(sandbox)).find("contoso", "payments")
    connection = RestServiceConnections(session(sandbox)).find(payments, "azure-prod")
    with pytest.raises(DevOpsRefused) as raised:
        RestVariableGroups(session(sandbox), lambda: NOW).create(
            payments, "orders-secrets", "kv-a", connection, [Mapping("a")]
        )
    assert str(raised.value) == (
        "Azure DevOps did not write the new variable group 'orders-secrets' of the project 'payments': status 409 "
        "(Variable group 'orders-secrets' already exists.); nothing was changed, so mend what it says and run the same "
        "command again"
    )
    assert raised.value.http_status == 409


def test_a_group_that_was_deleted_meanwhile_is_gone(sandbox):
    payments = RestProjects(session(sandbox)).find("contoso", "payments")
    orders = group_of(sandbox, payments, "orders-secrets")
    with pytest.raises(VariableGroupGone) as raised:
        RestVariableGroups(session(sandbox), lambda: NOW).read(replace(orders, id=9999))
    assert str(raised.value) == (
        "the variable group 'orders-secrets' (id 9999) is not in the project 'payments' any more, or not shown to this "
        "sign-in; 'netcfg group list' shows what is there"
    )


def test_a_group_that_takes_no_values_from_a_vault_is_never_written():
    with loopback(shows(GROUP)) as server, pytest.raises(GroupNotLinked):
        rest(server.url).update(VariableGroup(7, "settings", PROJECT, "Vsts"), [Mapping("a")])
    assert server.asked == []


def test_a_group_is_asked_for_in_its_project_and_written_in_the_organization():
    with loopback(shows(GROUP)) as server:
        assert rest(server.url).read(KNOWN) == KNOWN
        rest(server.url).update(KNOWN, KNOWN.mappings)
        rest(server.url).create(PROJECT, "secrets", "kv-a", CONNECTION, [Mapping("a")])
    assert [(each.method, each.path) for each in server.asked] == [
        ("GET", "/contoso/p1/_apis/distributedtask/variablegroups/7?api-version=7.1"),
        ("PUT", "/contoso/_apis/distributedtask/variablegroups/7?api-version=7.1"),
        ("POST", "/contoso/_apis/distributedtask/variablegroups?api-version=7.1"),
    ]
    assert [each.headers["Content-Type"] for each in server.asked[1:]] == ["application/json"] * 2
    assert server.asked[1].headers["Authorization"] == "Basic OnBsYW50ZWQ="
    refreshed = {**GROUP["providerData"], "lastRefreshedOn": "2026-11-20T09:30:00Z"}
    assert json.loads(server.asked[1].body) == {**GROUP, "providerData": refreshed}


@pytest.mark.parametrize("reply", [Reply(body=b"null"), Reply(404, b'{"message": "no group"}')])
def test_a_group_that_is_gone_is_answered_with_null_or_not_found(reply):
    with loopback(reply) as server, pytest.raises(VariableGroupGone):
        rest(server.url).read(KNOWN)


@pytest.mark.parametrize("document", [[], {}, {**GROUP, "id": 8}, {**GROUP, "providerData": None}])
def test_what_is_not_the_group_that_was_asked_for_is_an_error(document):
    with loopback(shows(document)) as server, pytest.raises(DevOpsAnswer):
        rest(server.url).read(KNOWN)


def test_a_list_that_is_none_quotes_no_value():
    """A plain group's values are in the same list."""
    groups = {"value": {"variables": {"password": {"value": "planted"}}}}
    with loopback(shows(groups)) as server, pytest.raises(DevOpsAnswer) as raised:
        rest(server.url).every(PROJECT)
    assert "planted" not in str(raised.value)


def test_groups_are_told_by_name_and_each_once():
    listed = [{"id": id, "name": name, "type": "Vsts"} for id, name in ((3, "b"), (2, "B"), (1, "a"), (3, "b"))]
    with loopback(shows({"value": listed})) as server:
        assert [(each.id, each.name) for each in rest(server.url).every(PROJECT)] == [(1, "a"), (2, "B"), (3, "b")]


def written(*replies: Reply) -> tuple[NetcfgError, list[Asked]]:
    """What a write of a known group comes to that does not go well, and what was sent."""
    with loopback(*replies) as server, pytest.raises(NetcfgError) as raised:
        rest(server.url).update(KNOWN, KNOWN.mappings)
    return raised.value, server.asked


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_write_is_sent_once_whatever_comes_back(status):
    _, asked = written(Reply(status, b"{}", (("Retry-After", "0"),)), shows(GROUP))
    assert len(asked) == 1


def test_a_server_in_trouble_may_have_done_it():
    error, _ = written(Reply(503, b'{"message": "TF400898: oh dear"}', (("Retry-After", "7"), ("ActivityId", "a1"))))
    assert isinstance(error, DevOpsUnsettled)
    assert (error.may_have_happened, error.wait, error.request_id) == (True, 7, "a1")
    assert str(error) == (
        "the write of the variable group 'secrets' of the project 'payments' was not settled: status 503 (TF400898: oh "
        "dear), and whether it happened is not known; run the same command again, it looks at what is there first"
    )


def test_a_server_that_is_busy_has_not_done_it():
    error, _ = written(Reply(429, b"{}", (("Retry-After", "soon"),)))
    assert isinstance(error, DevOpsUnsettled)
    assert (error.may_have_happened, error.wait) == (False, None)
    assert "status 429, and nothing was changed; run" in str(error)


@pytest.mark.parametrize(
    "reply", [Reply(body=b'{"id": 7', missing=20), Reply(body=b"null"), Reply(body=b""), shows({**GROUP, "id": 8})]
)
def test_an_answer_that_is_not_the_group_leaves_it_open_whether_it_was_written(reply):
    error, _ = written(reply)
    assert isinstance(error, DevOpsUnsettled)
    assert error.may_have_happened


def test_a_connection_that_ends_without_an_answer_leaves_it_open():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        taken: list[bytes] = []

        def hang_up() -> None:
            for _ in range(2):
                connection = listener.accept()[0]
                taken.append(connection.recv(65536))
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises(DevOpsUnsettled) as raised:
            rest(url).update(KNOWN, KNOWN.mappings)
        assert raised.value.may_have_happened
        assert len(taken) == 1


def test_an_answer_that_does_not_come_in_time_leaves_it_open():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(
            DevOpsUnsettled, match=r"there was no whole answer within 0\.2 seconds, and whether it happened is not"
        ):
            rest(url, timeout=0.2).update(KNOWN, KNOWN.mappings)


def test_a_connection_that_was_never_there_leaves_nothing_open():
    with loopback(shows({})) as server:
        pass
    with pytest.raises(DevOpsUnreachable, match="connection refused"):
        rest(server.url).update(KNOWN, KNOWN.mappings)


def test_a_redirection_is_no_write():
    error, asked = written(redirects("https://spsprodweu5.vssps.visualstudio.com/_signin"))
    assert isinstance(error, SignInRefused)
    assert len(asked) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 412])
def test_what_azure_devops_refuses_did_not_happen(status):
    error, _ = written(Reply(status, b'{"message": "at least one variable"}'))
    assert isinstance(error, DevOpsRefused)
    assert f"status {status} (at least one variable); nothing was changed" in str(error)


def test_a_write_whose_answer_is_lost_counts_all_the_same_and_is_never_said_not_to(tmp_path):
    with serve(world="contoso", state=tmp_path) as sandbox:
        payments = RestProjects(session(sandbox)).find("contoso", "payments")
        orders = group_of(sandbox, payments, "orders-secrets")
    with serve(state=tmp_path, faults="drop-after=1") as sandbox:
        with pytest.raises(DevOpsUnsettled, match="whether it happened is not known"):
            RestVariableGroups(session(sandbox), lambda: NOW).update(orders, [Mapping("new")])
        assert [method for method, path, _ in sandbox.requests if "variablegroups" in path] == ["PUT"]
    with serve(state=tmp_path) as sandbox:
        found = RestVariableGroups(session(sandbox), lambda: NOW).read(orders)
    assert [each.name for each in found.mappings] == ["new"]
    assert found.refreshed == "2026-11-20T09:30:00Z"
