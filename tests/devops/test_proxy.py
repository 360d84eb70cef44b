"""Azure DevOps asking a vault, from the sandbox and from answers that it would never give."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count, islice
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcfg.core.errors import BadIdentifier, ConnectionGone, DevOpsAnswer, NotRelayed, SignInRefused
from netcfg.core.linking.groups import Project, ServiceConnection
from netcfg.core.linking.relay import Relayed
from netcfg.core.linking.secrets import Secret
from netcfg.devops.answer import Answer, Question
from netcfg.devops.proxy import RestProxy
from netcfg.devops.session import Session
from tests.devops.loopback import Loopback, Reply, loopback, redirects, shows
from tests.devops.test_session import CREDENTIAL, session_for

CONNECTION = ServiceConnection("c/1", "prod", Project("contoso", "pay ments", "p#1"))
FORBIDDEN = {"result": [], "statusCode": "forbidden", "errorMessage": "Status Code: 'Forbidden'"}


class Told(Session):
    """Gives the documents that it was made with, in turn, and remembers the questions."""

    def __init__(self, *documents: object) -> None:
        super().__init__(lambda: CREDENTIAL, timeout=5)
        self.documents = list(documents)
        self.asked: list[Question] = []

    def ask(self, question, credential):
        self.asked.append(question)
        return Answer(question.url, 200, {}, json.dumps(self.documents.pop(0)).encode())

    def parameters(self) -> list[object]:
        return [json.loads(each.body or b"")["dataSourceDetails"] for each in self.asked]


def item(name: str, **more: object) -> dict[str, object]:
    return {"id": f"https://kv-a.vault.azure.net/secrets/{name}", "attributes": {"enabled": True}, **more}


def page(*items: object, link: object = None) -> dict[str, object]:
    return {"result": [json.dumps({"value": items, "nextLink": link})], "statusCode": "ok", "errorMessage": ""}


def link(token: str) -> str:
    """As Key Vault writes it, with what the proxy asked it in the middle."""
    return f"https://kv-a.vault.azure.net:443/secrets?api-version=2016-10-01&$skiptoken={quote(token)}&maxresults=25"


def secrets(*documents: object) -> tuple[Secret, ...] | Relayed:
    return RestProxy(Told(*documents)).secrets(CONNECTION, "kv-a")


def test_a_question_goes_through_the_project_and_the_connection_by_their_ids():
    with loopback(shows({"result": [], "statusCode": "ok"})) as server:
        RestProxy(session_for(server.url)).may_list(CONNECTION, "kv-a")
        RestProxy(session_for(server.url)).may_get(CONNECTION, "kv-a")
    assert [(each.method, each.path) for each in server.asked] == [
        ("POST", "/contoso/p%231/_apis/serviceendpoint/endpointproxy?endpointId=c%2F1&api-version=7.1")
    ] * 2
    assert [json.loads(each.body) for each in server.asked] == [
        {
            "dataSourceDetails": {"dataSourceName": source, "parameters": {"KeyVaultName": "kv-a"}},
            "resultTransformationDetails": {},
        }
        for source in ("AzureKeyVaultListSecretsTestConnection", "AzureKeyVaultGetSecretTestConnection")
    ]
    assert server.asked[0].headers["Content-Type"] == "application/json"


def test_a_refusal_of_the_vault_is_no_error():
    with loopback(Reply(body=json.dumps(FORBIDDEN).encode(), headers=(("ActivityId", "a1"),))) as server:
        told = RestProxy(session_for(server.url)).may_list(CONNECTION, "kv-a")
    assert told == Relayed("forbidden", "Status Code: 'Forbidden'", request_id="a1")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("OK", "OK"),
        ("notFound", "notFound"),
        (200, "ok"),
        (403, "forbidden"),
        (404, "notFound"),
        (306, "unused"),
        (999, "999"),
    ],
)
def test_a_status_is_understood_as_a_name_and_as_a_number(code, status):
    assert RestProxy(Told({"statusCode": code})).may_get(CONNECTION, "kv-a").status == status


def test_what_the_vault_said_comes_along():
    told = RestProxy(Told({"statusCode": "ok", "result": ['{"value": []}'], "activityId": "a2"}))
    assert told.may_list(CONNECTION, "kv-a") == Relayed("ok", "", '{"value": []}', "a2")


def test_the_value_of_a_secret_that_should_not_be_there_is_dropped():
    told = RestProxy(Told({"statusCode": "ok", "result": ['{"value": "planted"}']})).may_get(CONNECTION, "kv-a")
    assert told == Relayed("ok")


@pytest.mark.parametrize(
    "document", [{}, {"statusCode": None}, {"statusCode": ""}, {"statusCode": True}, [], None, "ok"]
)
def test_an_answer_without_a_status_is_an_error(document):
    with pytest.raises(DevOpsAnswer):
        RestProxy(Told(document)).may_list(CONNECTION, "kv-a")


def test_a_sign_in_page_is_no_answer_of_a_vault():
    page = redirects("https://spsprodweu5.vssps.visualstudio.com/_signin")
    with loopback(page) as server, pytest.raises(SignInRefused):
        RestProxy(session_for(server.url)).may_list(CONNECTION, "kv-a")


def test_a_connection_that_is_gone_is_said_so():
    with loopback(Reply(404, b'{"message": "no such endpoint"}')) as server, pytest.raises(ConnectionGone) as raised:
        RestProxy(session_for(server.url)).may_list(CONNECTION, "kv-a")
    assert str(raised.value) == (
        "the project 'pay ments' has no service connection 'prod' any more, or does not show it to this sign-in (no "
        "such endpoint); look at Project settings, Service connections"
    )


def test_a_question_that_azure_devops_does_not_put_is_another_error():
    with loopback(Reply(400, b'{"message": "it is disabled"}')) as server, pytest.raises(NotRelayed) as raised:
        RestProxy(session_for(server.url)).may_list(CONNECTION, "kv-a")
    assert str(raised.value) == (
        "Azure DevOps did not ask the vault kv-a by the service connection 'prod' of the project 'pay ments' (it is "
        "disabled); look at the connection in Project settings, Service connections"
    )


@pytest.mark.parametrize("vault", ["evil.example.com/#", "kv-a.evil.example.com", "kv/a", "", "kv a"])
def test_a_name_that_would_lead_azure_devops_elsewhere_is_never_sent(vault):
    told = Told()
    with pytest.raises(BadIdentifier):
        RestProxy(told).may_list(CONNECTION, vault)
    assert told.asked == []


def test_the_answer_may_take_longer_than_others_for_the_vault_is_waited_for():
    told = Told({"statusCode": "ok"})
    RestProxy(told).may_list(CONNECTION, "kv-a")
    assert told.asked[0].patience == 40


def test_a_secret_is_read_with_all_that_is_told_beside_its_value():
    attributes = {"enabled": False, "created": 1, "updated": 2, "nbf": 1767225600, "exp": 1798761600}
    assert secrets(
        page(
            item("b", contentType="text/plain", managed=True, attributes=attributes), item("A"), item("c", managed=None)
        )
    ) == (
        Secret("A"),
        Secret(
            "b",
            enabled=False,
            expires=datetime(2027, 1, 1, tzinfo=UTC),
            starts=datetime(2026, 1, 1, tzinfo=UTC),
            content_type="text/plain",
            is_managed=True,
        ),
        Secret("c"),
    )


def test_a_vault_without_secrets_has_none():
    assert secrets(page()) == ()


def test_a_page_may_be_empty_and_another_follow():
    assert secrets(page(link=link("1")), page(item("a"))) == (Secret("a"),)


def test_a_secret_that_expires_beyond_the_calendar_does_not_hide_the_others():
    """Milliseconds, written by somebody for seconds."""
    assert secrets(page(item("a", attributes={"exp": 1798761600000}))) == (
        Secret("a", expires=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    )


def test_620_secrets_are_read_whole():
    names = [f"secret-{number:03}" for number in range(620)]
    pages = [
        page(*map(item, names[at : at + 25]), link=link(f"t{at}") if at + 25 < 620 else None)
        for at in range(0, 620, 25)
    ]
    found = secrets(*pages)
    assert isinstance(found, tuple)
    assert [each.name for each in found] == names


def test_a_refusal_on_a_later_page_is_what_comes_back_and_no_part():
    assert secrets(page(item("a"), link=link("1")), FORBIDDEN) == Relayed("forbidden", "Status Code: 'Forbidden'")


def test_the_token_is_sent_as_it_stands_in_an_address():
    """Azure DevOps pastes it into one: a `+` would be a blank there, and a `&` the end of the token."""
    told = Told(page(item("a"), link=link("eyJ+a/b==&c d%")), page(item("b")))
    RestProxy(told).secrets(CONNECTION, "kv-a")
    assert told.parameters() == [
        {"dataSourceName": "AzureKeyVaultSecrets", "parameters": {"KeyVaultName": "kv-a"}},
        {
            "dataSourceName": "AzureKeyVaultSecretsWithSkipToken",
            "parameters": {"KeyVaultName": "kv-a", "SkipToken": "eyJ%2Ba%2Fb%3D%3D%26c%20d%25"},
        },
    ]


@given(
    st.lists(st.lists(st.sampled_from(["a", "A", "b-1", "B-1", "c", "0", "Zz"]), max_size=4), min_size=1, max_size=6)
)
def test_however_the_names_are_spread_over_pages_each_is_found_once(spread: Sequence[Sequence[str]]):
    seen: set[str] = set()
    pages = [[name for name in each if name.lower() not in seen and not seen.add(name.lower())] for each in spread]
    last = len(pages) - 1
    told = [page(*map(item, each), link=link(str(at)) if at < last else None) for at, each in enumerate(pages)]
    found = secrets(*told)
    assert isinstance(found, tuple)
    assert sorted(each.name for each in found) == sorted(name for each in pages for name in each)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_the_token_it_comes_back_as_it_was(token: str):
    told = Told(page(link=link(token)), page())
    RestProxy(told).secrets(CONNECTION, "kv-a")
    sent = told.parameters()[1]
    assert sent == {
        "dataSourceName": "AzureKeyVaultSecretsWithSkipToken",
        "parameters": {"KeyVaultName": "kv-a", "SkipToken": quote(token, safe="")},
    }


@pytest.mark.parametrize(
    "answers",
    [
        [page(item("a"), link=link("1")), page(item("b"), link=link("1"))],
        [page(item("a"), link=link("1")), page(link=link("2")), page(item("b"), link=link("1"))],
        [page(item("a"), link=link("1")), page(item("a"), link=link("2"))],
    ],
)
def test_a_page_that_was_there_before_is_an_error_and_no_loop(answers):
    with pytest.raises(DevOpsAnswer, match="a page that was there before as the next one"):
        secrets(*answers)


def test_empty_pages_that_never_end_are_an_error():
    endless = (page(link=link(str(at))) for at in count())
    with pytest.raises(DevOpsAnswer, match="the 50th empty page in a row and one more where a list that ends"):
        secrets(*islice(endless, 60))


def test_a_few_empty_pages_are_none_of_them_however_often_they_come():
    pages = [page(*([item(f"s{at}")] if at % 10 == 0 else []), link=link(str(at))) for at in range(100)]
    found = secrets(*pages, page())
    assert isinstance(found, tuple)
    assert len(found) == 10


@pytest.mark.parametrize(
    "id",
    [
        "https://kv-other.vault.azure.net/secrets/a",
        "https://kv-a-2.vault.azure.net/secrets/a",
        "https:/secrets/a",
        "/secrets/a",
        "https://vault.azure.net/secrets/a",
    ],
)
def test_a_page_of_another_vault_is_not_believed(id):
    with pytest.raises(DevOpsAnswer, match="where the secrets of kv-a was expected"):
        secrets(page(item("b"), item("a", id=id)))


@pytest.mark.parametrize("vault", ["kv-a", "KV-A"])
@pytest.mark.parametrize("host", ["kv-a.vault.azure.net", "Kv-A.vault.azure.net:443", "kv-a.vault.azure.cn"])
def test_the_vault_is_told_by_its_name_in_whatever_cloud_and_case(vault, host):
    told = Told(page(item("a", id=f"https://{host}/secrets/a/0123")))
    assert RestProxy(told).secrets(CONNECTION, vault) == (Secret("a"),)


def said(text: object) -> dict[str, object]:
    return {"statusCode": "ok", "result": [text]}


@pytest.mark.parametrize(
    "document",
    [
        {"statusCode": "ok"},
        {"statusCode": "ok", "result": []},
        {"statusCode": "ok", "result": ["{}", "{}"]},
        said(None),
        said({"value": []}),
        said(""),
        said("<html>"),
        said("[]"),
        said('{"value": null}'),
        said('{"value": {}}'),
        said('{"value": ["a"]}'),
        said("[" * 100_000),
        page(item("a", id="https://kv-a.vault.azure.net/keys/a")),
        page(item("a", id="https://kv-a.vault.azure.net/secrets/")),
        page(item("a", id="https://kv-a.vault.azure.net/secrets")),
        page(item("a", id="https://[/secrets/a")),
        page(item("a", id=7)),
        page(item("a", attributes=None)),
        page(item("a", attributes={"enabled": "yes"})),
        page(item("a", attributes={"exp": "2027-01-01"})),
        page(item("a", attributes={"nbf": True})),
        page(item("a", managed="no")),
        page(item("a"), link="https://kv-a.vault.azure.net/secrets?maxresults=25"),
        page(item("a"), link="https://kv-a.vault.azure.net/secrets?$skiptoken="),
        page(item("a"), link="https://[/secrets?$skiptoken=1"),
        page(item("a"), link=True),
    ],
)
def test_what_is_no_list_of_secrets_is_an_error_and_never_none(document):
    with pytest.raises(DevOpsAnswer):
        secrets(document)


def test_a_value_that_should_not_be_there_is_in_no_message():
    with pytest.raises(DevOpsAnswer) as raised:
        secrets(page(item("a", value="planted", attributes={"enabled": 1})))
    assert "planted" not in str(raised.value)
    with pytest.raises(DevOpsAnswer, match="attributes = a list of a secret where an object") as raised:
        secrets(page(item("a", attributes=["planted"])))
    assert "planted" not in str(raised.value)


def test_trouble_that_passes_is_not_noticed_for_it_is_a_question():
    busy = Reply(503, b"{}", (("Retry-After", "0"),))
    with loopback(busy, shows({"statusCode": "ok"})) as server:
        assert RestProxy(session_for(server.url)).may_list(CONNECTION, "kv-a").is_ok
    assert paths(server) == ["POST", "POST"]


def paths(server: Loopback) -> list[str]:
    return [each.method for each in server.asked]
