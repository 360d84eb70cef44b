"""Where an Azure DevOps organization lives, from whoever knows it best.

No documented API tells. Three witnesses do, best first:

1. the collection, `GET https://vssps.dev.azure.com/{org}/_apis/Organization/Collections/Me`, which Microsoft's own
   Terraform provider reads (azuredevops/utils/sdk/organization). `preferredGeography` and `preferredRegion` may be
   absent from it;
2. the data provider behind Organization settings, Overview, with `geography` and `region`. HierarchyQuery comes first:
   it lies under `_apis`, where a PAT counts, and answers with little else. The page itself comes second, because public
   tools have seen the two fields only there (thecloudexplorers/PSRule.Rules.AzureDevOps);
3. the host of the sign-in page to which a request from nobody is sent, `spsprod<code><n>.vssps.visualstudio.com`. It is
   chosen by the organization's preferred region when that is made, and need not follow when it moves: a hint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from netcfg.core.errors import (
    DevOpsAnswer,
    GeographyUnknown,
    NoDevOpsCredential,
    NoDevOpsPermission,
    OrganizationNotFound,
    UnknownRegion,
)
from netcfg.core.geography import Atlas, Evidence, Geography, Organization, Witness
from netcfg.core.organization import parse_name
from netcfg.devops.answer import Question, read_json
from netcfg.devops.credential import Credential
from netcfg.devops.session import Session

_COMPONENT = "ms.vss-admin-web.organization-admin-new-overview-component"
_PROVIDER = "ms.vss-admin-web.organization-admin-overview-data-provider"
_SIGN_IN_HOST = re.compile(r"spsprod([a-z0-9]+)\.vssps\.visualstudio\.com")

Statement = tuple[Evidence, ...]
Parser = Callable[[object, Question, Atlas], Statement]


@dataclass(frozen=True)
class _Silence:
    """A witness who had no answer, and how that came."""

    reason: str


class RestOrganizations:
    """Azure DevOps organizations over REST; fulfils `Organizations`."""

    def __init__(self, session: Session, atlas: Atlas) -> None:
        self._session = session
        self._atlas = atlas

    def look_up(self, organization: str) -> Organization:
        """The organization with every field of the first witness who has an answer; two fields may disagree."""
        name = parse_name(organization, self._session.devops)
        silences = []
        for statement in self._statements(name):
            if not isinstance(statement, _Silence):
                return Organization(name, statement)
            silences.append(statement.reason)
        raise GeographyUnknown(name, silences)

    def _statements(self, name: str) -> Iterator[Statement | _Silence]:
        try:
            credential = self._session.credential
        except NoDevOpsCredential as error:
            yield _Silence(f"no credential: {error.reason}")
        else:
            yield from self._signed_statements(name, credential)
        yield self._hint(name)

    def _signed_statements(self, name: str, credential: Credential) -> Iterator[Statement | _Silence]:
        """One who may not be asked is passed over for the next, but never for the hint: a permission mends it."""
        refusal = None
        for question, parse in questions(name, self._session.devops, self._session.identity):
            try:
                statement = self._ask(question, parse, credential)
            except NoDevOpsPermission as error:
                refusal = refusal or error
            else:
                yield statement
        if refusal:
            raise refusal

    def _ask(self, question: Question, parse: Parser, credential: Credential) -> Statement | _Silence:
        answer = self._session.ask(question, credential)
        # It need not mean that there is no such organization: a token without the scope is answered 404 as well, and
        # no address here is documented to stay. Whether the name is known, the hint tells, which needs no permission.
        if answer.status == HTTPStatus.NOT_FOUND:
            return _Silence(f"{question.subject}: not found")
        document = read_json(answer, question, credential)
        return parse(document, question, self._atlas) or _Silence(f"{question.subject}: {_excuse(document)}")

    def _hint(self, name: str) -> Statement | _Silence:
        question = sign_in_question(name, self._session.devops)
        answer = self._session.ask(question, None)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise OrganizationNotFound(name, self._session.devops)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise DevOpsAnswer(question.url, f"status {answer.status}", "a redirection to the sign-in page")
        location = answer.headers.get("Location", "")
        return parse_sign_in(location, question, self._atlas) or _Silence(f"{question.subject}: names no region")


def questions(name: str, devops: str, identity: str) -> Iterator[tuple[Question, Parser]]:
    """What is asked with a credential, best witness first, and how each answer is read."""
    # `vso.profile` covers Organization/Collections in a public decompilation of Azure DevOps Server 2022.
    yield (
        Question(
            name,
            f"{identity}/{name}/_apis/Organization/Collections/Me",
            "the collection",
            "the scope 'User Profile: Read', or to be a user of that organization, or say --geography",
            _accepting("7.1-preview"),
        ),
        parse_collection,
    )
    needed = "the scope 'Full access', or to be a user of that organization, or say --geography"
    yield (
        Question(
            name,
            f"{devops}/{name}/_apis/Contribution/HierarchyQuery",
            "the organization's overview",
            needed,
            {**_accepting("5.0-preview.1"), "Content-Type": "application/json"},
            json.dumps({"contributionIds": [_COMPONENT, _PROVIDER]}).encode(),
        ),
        parse_overview,
    )
    yield (
        Question(
            name,
            f"{devops}/{name}/_settings/organizationOverview?__rt=fps&__ver=2",
            "the organization's overview page",
            needed,
        ),
        parse_overview_page,
    )


def sign_in_question(name: str, devops: str) -> Question:
    """What is asked without a credential. Agent pools are shown to nobody, where projects may be public."""
    pools = f"{devops}/{name}/_apis/distributedtask/pools"
    return Question(name, pools, "the sign-in host", "no permission", _accepting("7.1"))


def _accepting(version: str) -> dict[str, str]:
    """The header that names the version of the interface. Of what is not documented there are previews only."""
    return {"Accept": f"application/json;api-version={version}"}


def parse_collection(document: object, question: Question, atlas: Atlas) -> Statement:
    """What the collection says; the format of both values is undocumented, so every spelling is understood."""
    found = _object(document, question)
    return _evidence(Witness.COLLECTION, found, ("preferredGeography", "preferredRegion"), question, atlas)


def parse_overview(document: object, question: Question, atlas: Atlas) -> Statement:
    """What HierarchyQuery says."""
    return _provider(_object(document, question).get("dataProviders"), question, atlas)


def parse_overview_page(document: object, question: Question, atlas: Atlas) -> Statement:
    """What the page says when it is asked for its data alone."""
    page = _object(_object(document, question).get("fps"), question)
    return _provider(_object(page.get("dataProviders"), question).get("data"), question, atlas)


def parse_sign_in(location: str, question: Question, atlas: Atlas) -> Statement:
    """What the host of the sign-in page says: nothing, unless it is one of a region."""
    try:
        host = urlsplit(location).hostname or ""
    except ValueError:
        return ()
    if found := _SIGN_IN_HOST.fullmatch(host):
        geography = _geography_of_host(found[1], f"the sign-in host {host} of {question.organization!r}", atlas)
        return (Evidence(Witness.SIGN_IN, "host", host, geography),)
    return ()


def _geography_of_host(label: str, where: str, atlas: Atlas) -> Geography:
    """The longest code that is one: `eus27` is the seventh host of `eus2`, and not the 27th of `eus`."""
    letters = len(label.rstrip("0123456789"))
    for end in range(len(label) - 1, letters - 1, -1):
        try:
            return atlas.locate(label[:end], where)
        except UnknownRegion:
            continue
    raise UnknownRegion(label, where)


def _provider(providers: object, question: Question, atlas: Atlas) -> Statement:
    found = _object(providers, question).get(_PROVIDER)
    return _evidence(Witness.OVERVIEW, _object(found, question), ("geography", "region"), question, atlas)


def _evidence(
    witness: Witness, found: Mapping[str, object], fields: tuple[str, ...], question: Question, atlas: Atlas
) -> Statement:
    texts = ((field, _text(found.get(field), field, question)) for field in fields)
    where = f"{question.subject} of {question.organization!r}"
    return tuple(
        Evidence(witness, field, text, atlas.locate(text, f"{where} ({field})")) for field, text in texts if text
    )


def _text(value: object, field: str, question: Question) -> str:
    """The text of a field, which the overview also wraps as `{"displayName": …}`; absent and empty say nothing."""
    text = value["displayName"] if isinstance(value, dict) and "displayName" in value else value
    if text is None:
        return ""
    if not isinstance(text, str):
        raise DevOpsAnswer(question.url, f"{field} = {json.dumps(value)[:80]}", "the name of a place")
    return text.strip()


def _object(value: object, question: Question) -> Mapping[str, object]:
    """A part of the answer that holds others; where it is left out, so are they."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DevOpsAnswer(question.url, f"{json.dumps(value)[:80]}", question.subject)
    return value


def _excuse(document: object) -> str:
    """Why a data provider has no answer: its failure stands beside the others' answers, under status 200."""
    failures = document.get("dataProviderExceptions") if isinstance(document, dict) else None
    failure = failures.get(_PROVIDER) if isinstance(failures, dict) else None
    kind = failure.get("exceptionType") if isinstance(failure, dict) else None
    return f"failed with {kind}" if isinstance(kind, str) else "names no geography"
