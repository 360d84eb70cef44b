"""Azure DevOps asks a vault: the vault's own firewall and roles answer, and what goes wrong is told with HTTP 200."""

import json
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from netcfg.sandbox.server import serve
from netcfg.sandbox.worlds.world import begin
from tests.sandbox.devops.visitor import FULL, ID, JSON, Visitor
from tests.sandbox.small import Client, rules

LIST, GET = "AzureKeyVaultListSecretsTestConnection", "AzureKeyVaultGetSecretTestConnection"
PROD, NOBODY, READER, OLD, PLATFORM = "801", "806", "805", "807", "803"
ORDERS = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-payments/providers/Microsoft.KeyVault/"
    "vaults/kv-orders"
)
NO_TOKEN = "Failed to obtain the Json Web Token(JWT) using service principal client ID. Exception message: "
REJECTED = "Microsoft Entra rejected the token issued by Azure DevOps with error code "
QUERIED = "Failed to query service connection API: 'https://{}.vault.azure.net/secrets"


def told(visitor: Visitor, connection: str, source: str, vault: str, **more) -> dict:
    answer = visitor.proxy(connection, source, vault, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(answer: dict) -> dict:
    """What the vault itself answered, out of the message."""
    assert answer["result"] == []
    _, _, text = answer["errorMessage"].partition("Response from server: '")
    return json.loads(text.removesuffix("'"))["error"]


def test_a_closed_vault_names_the_address_that_azure_devops_came_from(visitor: Visitor):
    answer = told(visitor, PROD, LIST, "kv-orders")
    assert answer["statusCode"] == "forbidden"
    assert answer["errorMessage"] == (
        "Failed to query service connection API: "
        "'https://kv-orders.vault.azure.net/secrets?maxresults=1&api-version=2016-10-01'. Status Code: 'Forbidden', "
        'Response from server: \'{"error":{"code":"Forbidden","message":"Client address is not authorized and caller '
        "is not a trusted service.\\r\\nClient address: 40.74.28.9 from unknown subnet\\r\\nVault: "
        'kv-orders;location=westeurope","innererror":{"code":"ForbiddenByFirewall"}}}\''
    )


def test_once_the_rules_are_there_it_works(visitor: Visitor):
    client = Client(visitor.sandbox)
    with client.session:
        opened = rules("191.10.20.7/32", "191.10.18.0/28", "40.74.28.17/32", "40.74.28.0/23")
        assert client.call("PATCH", ORDERS, opened).status_code == 200
    listed = told(visitor, PROD, LIST, "kv-orders")
    assert (listed["statusCode"], listed["errorMessage"]) == ("ok", "")
    (page,) = listed["result"]
    assert len(json.loads(page)["value"]) == 1
    got = told(visitor, PROD, GET, "kv-orders")
    assert (got["statusCode"], said(got)["code"]) == ("notFound", "SecretNotFound")
    assert got["errorMessage"].startswith(QUERIED.format("kv-orders") + "/nonexistingrandomsecretname?")
    assert "Status Code: 'NotFound'" in got["errorMessage"]


@pytest.mark.parametrize(
    ("connection", "source", "vault", "inner", "text"),
    [
        (
            NOBODY,
            LIST,
            "kv-payments",
            "ForbiddenByRbac",
            "Action: 'Microsoft.KeyVault/vaults/secrets/readMetadata/action'",
        ),
        (NOBODY, GET, "kv-payments", "ForbiddenByRbac", "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'"),
        (READER, GET, "kv-payments", "ForbiddenByRbac", "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'"),
        (PROD, LIST, "kv-policies", "AccessDenied", "does not have secrets list permission"),
        (READER, GET, "kv-policies", "AccessDenied", "does not have secrets get permission"),
        (PROD, LIST, "kv-disabled", "ForbiddenByConnection", "Public network access is disabled"),
        (PLATFORM, LIST, "kv-enforced", "ForbiddenByNsp", "not allowed by NSP rules"),
        (PLATFORM, LIST, "kv-elsewhere", "ForbiddenByFirewall", "Client address: 40.74.28.9 from unknown subnet"),
    ],
)
def test_who_may_not_read_is_told_what_the_vault_says(reader: Visitor, connection, source, vault, inner, text):
    answer = told(reader, connection, source, vault)
    assert answer["statusCode"] == "forbidden"
    assert said(answer)["innererror"] == {"code": inner}
    assert text in said(answer)["message"]


def test_who_may_list_and_not_get_lists(reader: Visitor):
    assert told(reader, READER, LIST, "kv-payments")["statusCode"] == "ok"
    assert told(reader, READER, LIST, "kv-policies")["statusCode"] == "ok"
    assert told(reader, PROD, GET, "kv-policies")["statusCode"] == "notFound"


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (OLD, f"{NO_TOKEN}AADSTS7000222: The provided client secret keys for app '{ID}0a3' are expired."),
        (
            "809",
            f"{NO_TOKEN}AADSTS700016: Application with identifier '{ID}0af' was not found in the directory 'Contoso'.",
        ),
        (
            "814",
            f"{NO_TOKEN}AADSTS700016: Application with identifier '{ID}0a3' was not found in the directory '{ID}020'.",
        ),
        (
            "808",
            REJECTED + "AADSTS700213: No matching federated identity record found for presented assertion subject 'sc:",
        ),
        ("811", "The service connection has no identity"),
        ("813", "The service connection has no identity"),
    ],
)
def test_a_connection_that_cannot_sign_in_says_what_entra_says(reader: Visitor, connection, message):
    answer = told(reader, connection, LIST, "kv-payments")
    assert (answer["result"], answer["statusCode"]) == ([], "badRequest")
    assert answer["errorMessage"].startswith(message)
    if connection == "808":
        assert "assertion subject 'sc://contoso/payments/azure-renamed'." in answer["errorMessage"]


def test_a_guest_of_the_vaults_tenant_signs_in_there():
    partner = {"id": f"{ID}020", "name": "Partner", "domain": "partner.example", "guests": ["azure-prod"]}
    place = {"name": "partner", "id": f"{ID}009", "tenant": partner, "resourceGroups": {"rg": "westeurope"}}
    abroad = {
        "extends": "library",
        "add": {"subscriptions": [place], "vaults": [{"name": "kv-abroad", "group": "partner/rg"}]},
    }
    with serve(abroad) as sandbox:
        visitor = Visitor(sandbox)
        assert said(told(visitor, "814", LIST, "kv-abroad"))["innererror"] == {"code": "ForbiddenByRbac"}
        at_home = told(visitor, PROD, LIST, "kv-abroad")
    assert at_home["statusCode"] == "unauthorized"
    assert said(at_home)["message"].startswith("AKV10032: Invalid issuer.")


@pytest.mark.parametrize(
    ("connection", "vault", "host"),
    [
        (PROD, "kv-unheard-of", "kv-unheard-of.vault.azure.net"),
        ("815", "kv-payments", "kv-payments.vault.usgovcloudapi.net"),
    ],
)
def test_a_name_that_does_not_resolve(reader: Visitor, connection, vault, host):
    answer = told(reader, connection, LIST, vault)
    assert (answer["result"], answer["statusCode"]) == ([], "unused")
    assert answer["errorMessage"] == (
        f"Failed to query service connection API: 'https://{host}/secrets?maxresults=1&api-version=2016-10-01'. "
        f"Error Message: 'No such host is known. ({host}:443)'"
    )


def test_620_secrets_on_25_pages(reader: Visitor):
    names, token = [], None
    for number in range(25):
        skip = {} if token is None else {"SkipToken": quote(token, safe="")}
        source = "AzureKeyVaultSecretsWithSkipToken" if skip else "AzureKeyVaultSecrets"
        (page,) = told(reader, PROD, source, "kv-many", **skip)["result"]
        listed = json.loads(page)
        names += [each["id"].rpartition("/")[2] for each in listed["value"]]
        if number < 24:
            link = urlsplit(listed["nextLink"])
            assert (link.scheme, link.netloc, link.path) == ("https", "kv-many.vault.azure.net", "/secrets")
            (token,) = parse_qs(link.query)["$skiptoken"]
    assert listed["nextLink"] is None
    assert names == [f"bulk-{number:04}" for number in range(1, 621)]


def test_a_skip_token_goes_into_the_address_as_it_is(reader: Visitor):
    (page,) = told(reader, PROD, "AzureKeyVaultSecrets", "kv-many")["result"]
    (token,) = parse_qs(urlsplit(json.loads(page)["nextLink"]).query)["$skiptoken"]
    assert {"+", "="} & set(token), "a token that is worth encoding"
    source = "AzureKeyVaultSecretsWithSkipToken"
    assert told(reader, PROD, source, "kv-many", SkipToken=quote(token, safe=""))["statusCode"] == "ok"
    spoilt = told(reader, PROD, source, "kv-many", SkipToken=f"{token[:2]}+{token[2:]}")
    assert (spoilt["statusCode"], said(spoilt)["code"]) == ("badRequest", "BadParameter")
    assert f"$skiptoken={token[:2]}+{token[2:]}'" in spoilt["errorMessage"]


def test_the_vaults_that_the_identity_may_read(visitor: Visitor):
    seen = told(visitor, PROD, "AzureKeyVaultsList", "")
    assert (seen["statusCode"], [json.loads(each)["name"] for each in seen["result"]]) == (
        "ok",
        ["kv-disabled", "kv-hidden", "kv-orders", "kv-payments", "kv-ready"],
    )
    blind = told(visitor, NOBODY, "AzureKeyVaultsList", "")
    assert (blind["statusCode"], blind["result"]) == ("ok", []), "no refusal: it sees none"


def test_an_organization_has_several_addresses_and_one_for_the_same_question():
    with serve("contoso") as sandbox:
        visitor = Visitor(sandbox)
        with sandbox.edit() as state:
            state["organizations"]["fabrikam"]["leaves"] = ["191.10.150.1", "191.10.150.2"]
        asked = [("kv-us", LIST), ("kv-us", GET), ("kv-orders", LIST), ("kv-elsewhere", LIST)]
        first = [_address(visitor, *each) for each in asked]
        assert [_address(visitor, *each) for each in asked] == first
    assert set(first) == {"191.10.150.1", "191.10.150.2"}


def _address(visitor: Visitor, vault: str, source: str) -> str:
    answer = told(visitor, "804", source, vault, organization="fabrikam/sales")
    return said(answer)["message"].partition("Client address: ")[2].partition(" ")[0]


@pytest.mark.parametrize(
    ("connection", "source", "vault", "status", "kind"),
    [
        ("899", LIST, "kv-orders", 404, "ServiceEndpointNotFoundException"),
        ("804", LIST, "kv-orders", 404, "ServiceEndpointNotFoundException"),
        ("810", LIST, "kv-orders", 400, "InvalidServiceEndpointRequestException"),
        ("802", LIST, "kv-orders", 400, "DataSourceNotFoundException"),
        ("816", LIST, "kv-orders", 400, "DataSourceNotFoundException"),
        (PROD, "AzureKeyVaultPasswords", "kv-orders", 400, "DataSourceNotFoundException"),
        (PROD, "", "kv-orders", 400, "InvalidServiceEndpointRequestException"),
        (PROD, LIST, "", 400, "InvalidServiceEndpointRequestException"),
        (PROD, LIST, "example.org/", 400, "InvalidServiceEndpointRequestException"),
    ],
)
def test_a_question_that_cannot_be_asked_is_no_200(reader: Visitor, connection, source, vault, status, kind):
    refused = reader.proxy(connection, source, vault)
    assert (refused.status_code, refused.json()["typeKey"]) == (status, kind)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"dataSourceDetails": "x"}'])
def test_a_body_that_asks_nothing(visitor: Visitor, content):
    path = f"contoso/payments/_apis/serviceendpoint/endpointproxy?endpointId={ID}801"
    refused = visitor.get(path, FULL, "POST", data=content, headers=JSON)
    assert (refused.status_code, refused.json()["typeKey"]) == (400, "InvalidServiceEndpointRequestException")


def test_who_may_see_connections_may_not_ask_by_them(visitor: Visitor):
    path = f"contoso/payments/_apis/serviceendpoint/endpointproxy?endpointId={ID}801"
    refused = visitor.get(path, "make-believe-contoso-library", "POST", json={})
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "TF400813: the token lacks the scope vso.serviceendpoint_query.",
    )


def test_a_proxy_that_misbehaves(visitor: Visitor):
    def answered(fault: dict):
        with visitor.sandbox.edit() as state:
            state["organizations"]["contoso"]["proxy"] = fault
        return visitor.proxy(PROD, LIST, "kv-orders")

    broken = answered({"status": 500})
    assert (broken.status_code, broken.json()["message"]) == (500, "TF400898: An Internal Error Occurred.")
    page = answered({"answers": "html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answered({"answers": "no statusCode"}).json() == {"result": []}
    numbers = answered({"answers": "numbers"}).json()
    assert (numbers["statusCode"], said(numbers)["innererror"]) == (403, {"code": "ForbiddenByFirewall"})
    assert answered({}).json()["statusCode"] == "forbidden"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"proxy": {"answers": "riddles"}}, "cannot misbehave like"),
        ({"proxy": {"stauts": 500}}, "cannot misbehave like"),
        ({"leaves": []}, "leaves by no address"),
        ({"projects": [{"name": "p", "id": "1", "serviceConnections": [{"broken": "a-leg"}]}]}, "is broken by"),
        (
            {"projects": [{"name": "p", "id": "1", "variableGroups": [{"id": 1, "name": "g", "sharedWith": ["q"]}]}]},
            "shared with 'q', which is no project here",
        ),
    ],
)
def test_a_world_that_cannot_be_played_is_refused(changes, problem):
    organization = {"name": "mine", "id": "1", "owner": "2", "signInHost": "spsprodweu5", **changes}
    with pytest.raises(ValueError, match=problem):
        begin({"extends": "contoso", "add": {"organizations": [organization]}})
