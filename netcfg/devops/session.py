"""The way to Azure DevOps: time-outs, retries, proxies, and a credential that reaches nobody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from ssl import SSLCertVerificationError
from threading import Lock
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, RequestException
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from netcfg.core.errors import BadServiceUrl, DevOpsAnswer, DevOpsUnreachable, DevOpsUnsettled
from netcfg.core.organization import DEVOPS
from netcfg.devops.answer import Answer, Question, Write, said
from netcfg.devops.credential import Credential
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.http import ANSWER_TIMEOUT, causes, is_ambiguous, is_safe, new_session, proxies, timeouts, why

IDENTITY = "https://vssps.dev.azure.com"

# POST only asks there (HierarchyQuery, endpointproxy): a request that changes something takes the way of `write`.
REPEATABLE = ("GET", "POST")

# What is known before a request is on its way.
_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, SSLCertVerificationError, ProxyError)


class Session:
    """Asks Azure DevOps. `credential` is called once, and not before something needs it."""

    def __init__(
        self,
        credential: Callable[[], Credential],
        devops: str = DEVOPS,
        identity: str = IDENTITY,
        timeout: float = ANSWER_TIMEOUT,
        deadline: Deadline = UNLIMITED,
    ) -> None:
        self.devops = check_url(devops)
        self.identity = check_url(identity)
        self._find_credential = credential
        self._lock = Lock()
        self._timeout = timeouts(timeout)
        self._deadline = deadline
        self._http = new_session("application/json", REPEATABLE, deadline)
        self._once = new_session("application/json", (), deadline)

    @property
    def credential(self) -> Credential:
        """Found once, also where several threads ask for it together: finding it may mean to start `az`."""
        with self._lock:
            return self._credential

    @cached_property
    def _credential(self) -> Credential:
        return self._find_credential()

    def ask(self, question: Question, credential: Credential | None) -> Answer:
        """The answer, whatever it is, to a request that carries the credential, or comes from nobody."""
        try:
            return self._send(self._http, "GET" if question.body is None else "POST", question, credential)
        except (ChunkedEncodingError, ContentDecodingError) as error:
            raise DevOpsAnswer(question.url, "an answer that broke off", question.subject) from error
        except RequestException as error:
            raise DevOpsUnreachable(question.url, why(error)) from error

    def write(self, write: Write, credential: Credential) -> Answer:
        """The answer to a request that changes something, which is sent once.

        Where it may have been taken without an answer that says so, that is `DevOpsUnsettled`: only a look tells.
        """
        try:
            with self._deadline.finishing():
                answer = self._send(self._once, write.method, write, credential)
        except RequestException as error:
            if any(isinstance(each, _NEVER_SENT) for each in causes(error)):
                raise DevOpsUnreachable(write.url, why(error)) from error
            raise DevOpsUnsettled(write.subject, why(error)) from error
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = _retry_after(answer)
            raise DevOpsUnsettled(
                write.subject, "status 429", wait, may_have_happened=False, request_id=answer.request_id
            )
        # A 408 is a gateway's, which may have passed the request on.
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.REQUEST_TIMEOUT:
            reason = f"status {answer.status}" + (f" ({found})" if (found := said(answer)) else "")
            raise DevOpsUnsettled(write.subject, reason, _retry_after(answer), request_id=answer.request_id)
        return answer

    def _send(self, http: requests.Session, method: str, question: Question, credential: Credential | None) -> Answer:
        connecting, reading = self._timeout
        response = http.request(
            method,
            question.url,
            headers=question.headers,
            data=question.body,
            auth=_Authorization(credential),
            allow_redirects=False,
            timeout=(connecting, reading + question.patience),
            proxies=proxies(question.url),
        )
        content = credential.hidden_in(response.content) if credential else response.content
        return Answer(question.url, response.status_code, response.headers, content)


def _retry_after(answer: Answer) -> float | None:
    """What Azure DevOps asks for in seconds; a date, which it does not use, is as good as nothing."""
    wait = answer.headers.get("Retry-After", "").strip()
    return float(wait) if wait.isascii() and wait.isdigit() else None


def check_url(text: str) -> str:
    """The address of a service without a slash at its end; plain http only to this machine."""
    try:
        found = urlsplit(text)
        host, _ = found.hostname, found.port
    except ValueError as error:
        raise BadServiceUrl(text, str(error)) from error
    if found.username or found.password:
        raise BadServiceUrl(f"{found.scheme}://…@{host}", "no credential is ever part of an address")
    if not host or found.query or found.fragment or is_ambiguous(text):
        raise BadServiceUrl(text, f"an address like {DEVOPS} is expected")
    if not is_safe(found.scheme, host):
        raise BadServiceUrl(text, "a credential goes over https only, or over http to this machine itself")
    return found.geturl().rstrip("/")


class _Authorization(AuthBase):
    """Signs a request, or leaves it as it is: without any `auth` requests would send what a .netrc has for the host,
    also in place of a header that we set."""

    def __init__(self, credential: Credential | None) -> None:
        self._credential = credential

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._credential:
            request.headers["Authorization"] = self._credential.authorization
            # Without it the Entra token of a personal Microsoft account is answered by the sign-in page.
            request.headers["X-VSS-ForceMsaPassThrough"] = "true"
        return request
