"""The one pipeline to Azure Resource Manager, and the clients and plain requests that go through it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import Pipeline, PipelineResponse
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    HeadersPolicy,
    HTTPPolicy,
    ProxyPolicy,
    RedirectPolicy,
    RequestIdPolicy,
    RetryPolicy,
    SansIOHTTPPolicy,
    SensitiveHeaderCleanupPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core import ARMPipelineClient
from requests import PreparedRequest, Session

from netcfg import __version__
from netcfg.azure.authentication import Authentication, as_the_sdk_has_it
from netcfg.azure.clock import AzuresClock
from netcfg.azure.credentials import Credential
from netcfg.azure.endpoints import is_loopback
from netcfg.azure.errors import translated
from netcfg.azure.pacing import Pacing
from netcfg.azure.quota import Quota
from netcfg.azure.refusal import seconds
from netcfg.core.errors import AzureAnswer, PieceBusy
from netcfg.core.wire import Json, an_object, objects
from netcfg.web.adapter import mounted
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.http import timeouts

if TYPE_CHECKING:
    from azure.mgmt.network import NetworkManagementClient

Policy = HTTPPolicy[Any, Any] | SansIOHTTPPolicy[Any, Any]

CONNECTIONS = 32  # kept open side by side; requests' own ten would close and reopen them when many vaults are read
FIRST_PAUSE = 0.8  # seconds before the second repetition of a request, doubled each time
REFUSALS = 5  # how often a query is repeated that Azure has no time for
WAITS = ("Retry-After", "Retry-After-Ms", "X-Ms-Retry-After-Ms")  # headers that the SDK heeds
POLL = 1  # seconds between two looks at an operation, where Azure does not say
PATIENCE = 600.0  # seconds for one operation


class ResourceManager:
    """Azure Resource Manager at one address. Any number of threads may use it at the same time."""

    def __init__(
        self,
        url: str,
        scope: str,
        credential: Credential,
        timeout: float,
        tell: Callable[[str], None] = lambda _: None,
        pacing: Pacing | None = None,
        deadline: Deadline = UNLIMITED,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.url = url
        self.clock = AzuresClock(now)
        self.pacing = pacing or Pacing(deadline=deadline)
        self.deadline = deadline
        self._credential = as_the_sdk_has_it(credential)
        connecting, answering = timeouts(timeout)
        transport = _Transport(
            self.pacing.rest,
            self.clock,
            session=_session(deadline),
            connection_timeout=connecting,
            read_timeout=answering,
        )
        self._pipeline = Pipeline(transport, _policies(url, scope, credential, tell, self.pacing))
        self._client = ARMPipelineClient[HttpRequest, HttpResponse](url, pipeline=self._pipeline, policies=[])

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def asking(self, subject: str) -> AbstractContextManager[None]:
        """A block in which everything that the SDK raises becomes an error about `subject`."""
        return translated(subject, self.url)

    def network(self, subscription: str) -> NetworkManagementClient:
        """The SDK's own client for the networks of a subscription. Its import takes 0.4 s, so few things use it."""
        from azure.mgmt.network import NetworkManagementClient

        return NetworkManagementClient(self._credential, subscription, self.url, pipeline=self._pipeline, policies=[])

    def get(self, path: str, api_version: str, subject: str, query: Mapping[str, str] | None = None) -> Json:
        """The JSON object at `path`, for what the SDKs do not read, or would only read after a slow import."""
        return self._send(HttpRequest("GET", self._address(path, api_version, query)), subject)

    def items(
        self, path: str, api_version: str, subject: str, query: Mapping[str, str] | None = None
    ) -> Iterator[Json]:
        """The objects of a list, over all its pages. The last page has a `nextLink` too, to an empty one."""
        url: object = self._address(path, api_version, query)
        asked: set[object] = set()
        while url:
            if not isinstance(url, str) or url in asked:
                raise AzureAnswer(subject, "a list whose next page is no new address")
            asked.add(url)
            page = self._send(HttpRequest("GET", url), subject)
            if page.get("value") is None:
                raise AzureAnswer(subject, "no list where one was expected")
            yield from objects(page["value"], subject)
            url = page.get("nextLink")

    def query(self, path: str, api_version: str, subject: str, body: Json) -> Json:
        """The answer to a question that is asked by POST; it changes nothing, so it is repeated like a GET."""
        request = HttpRequest("POST", self._address(path, api_version), json=body)
        # Many of us may share one quota, as the shards of a pipeline do, and then being refused is no bad sign.
        return self._send(request, subject, retry_on_methods=frozenset({"POST"}), retry_status=REFUSALS)

    def patch(self, path: str, api_version: str, body: Json) -> None:
        """Change a part of what is at `path`, in one attempt, which is all that there is to it.

        What the SDK raises is left to whoever asked for it, as it is of every write.
        """
        self._once(HttpRequest("PATCH", self._address(path, api_version), json=body))

    def put_once(self, path: str, api_version: str, body: Json) -> None:
        """Create or replace what is at `path`, in one attempt, where Azure has done it when it answers."""
        self._once(HttpRequest("PUT", self._address(path, api_version), json=body))

    def _once(self, request: HttpRequest) -> None:
        with self.deadline.finishing():
            response = self._client.send_request(request, retry_total=0)
        if response.status_code not in (200, 201):
            raise HttpResponseError(response=response)
        response.json()  # what is none is a proxy's page, which says nothing of what Azure did

    def put(self, path: str, api_version: str, subject: str, body: Json, headers: Mapping[str, str]) -> None:
        """Create or replace what is at `path`, in one attempt, and wait until Azure has done it."""
        address = self._address(path, api_version)
        self._finish(HttpRequest("PUT", address, json=body, headers=dict(headers)), subject, (200, 201, 202))

    def delete(self, path: str, api_version: str, subject: str) -> None:
        """Delete what is at `path`, in one attempt, and wait until Azure has done it; what is gone is deleted."""
        self._finish(HttpRequest("DELETE", self._address(path, api_version)), subject, (200, 202, 204))

    def _finish(self, request: HttpRequest, subject: str, accepted: Collection[int]) -> None:
        """Send a write, and wait for the operation that it began.

        What the SDK raises is left to whoever asked for it: he looks what became of it before he tries again.
        """
        from azure.core.polling import LROPoller

        from netcfg.azure.operation import awaited

        with self.deadline.finishing():
            first: Any = self._client.send_request(request, retry_total=0, _return_pipeline_response=True)
        if first.http_response.status_code not in accepted:
            raise HttpResponseError(response=first.http_response)
        poller: LROPoller[None] = LROPoller(self._client, first, lambda _: None, awaited(POLL, self.deadline))
        poller.wait(PATIENCE)
        if not poller.done():
            raise PieceBusy(subject, f"Azure has been at it for more than {PATIENCE / 60:.0f} minutes")

    def _address(self, path: str, api_version: str, query: Mapping[str, str] | None = None) -> str:
        """Where to ask. A path may be an id out of an answer, and without its `/` it would be a part of the host."""
        if not path.startswith("/"):
            raise AzureAnswer(repr(path), "no id of a resource where one was expected")
        parameters = {**(query or {}), "api-version": api_version}
        return f"{self.url}{quote(path)}?{urlencode(parameters, safe='$', quote_via=quote)}"

    def _send(self, request: HttpRequest, subject: str, **options: Any) -> Json:
        with self.asking(subject):
            response = self._client.send_request(request, **options)
            if (
                response.status_code != 200
            ):  # `raise_for_status` lets a redirect pass, whose body may look like an answer
                raise HttpResponseError(response=response)
            return an_object(response.json(), subject)


def untouched(answer: PipelineResponse[Any, Any], _model: object, _headers: object) -> Any:
    """For the SDK's `cls`: the JSON itself, in place of its model of it."""
    return answer.http_response.json()


def _policies(
    url: str, scope: str, credential: Credential, tell: Callable[[str], None], pacing: Pacing
) -> list[Policy]:
    """What the SDK would install, tuned, without the one that registers resource providers by itself.

    That is a write outside the plan (azure.mgmt.core, ARMAutoResourceProviderRegistrationPolicy).
    """
    # A proxy cannot reach this machine's loopback, and has no business seeing what goes there.
    proxies = {"no_proxy": str(urlsplit(url).hostname)} if is_loopback(url) else None
    return [
        RequestIdPolicy(),
        HeadersPolicy(),
        UserAgentPolicy(base_user_agent=f"netcfg/{__version__}"),
        ProxyPolicy(proxies),
        ContentDecodePolicy(),
        RedirectPolicy(permit_redirects=False),  # Resource Manager sends nobody elsewhere
        # Two more tries for a connection instead of three: nobody waits long to learn that there is no network.
        RetryPolicy(retry_connect=2, retry_backoff_factor=FIRST_PAUSE / 2, retry_backoff_max=30),
        pacing,  # before the token, which may come to its end while a request is held back
        Authentication(credential, scope, url, tell),
        Quota(pacing.stop, pacing.tell, deadline=pacing.deadline),
        SensitiveHeaderCleanupPolicy(),
    ]


class _Transport(RequestsTransport):  # type: ignore[misc]  # which the SDK imports late, unseen by mypy
    """The SDK's own, whose pauses between two tries end with our patience.

    A wait that cannot be read is taken out of the answer, as if Azure had not said how long: where the SDK repeats a
    request, and where it awaits an operation, it would else raise something that nobody can expect.
    """

    def __init__(self, rest: Callable[[float], object], clock: AzuresClock, **options: Any) -> None:
        super().__init__(**options)
        self._rest = rest
        self._clock = clock

    def send(self, request: Any, **options: Any) -> Any:
        """Send the request as the SDK does."""
        response = super().send(request, **options)
        self._clock.hear(response.headers)
        for name in WAITS:
            if name in response.headers and seconds(response.headers[name]) is None:
                del response.headers[name]
        return response

    def sleep(self, duration: float) -> None:
        """Let the SDK wait."""
        self._rest(duration)


def _session(deadline: Deadline) -> Session:
    session = mounted(Session(), deadline, pool_maxsize=CONNECTIONS)
    session.auth = _keep  # else a `default` line in ~/.netrc would replace the token
    return session


def _keep(request: PreparedRequest) -> PreparedRequest:
    return request
