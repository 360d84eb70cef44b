"""The public address of this machine, as services on the internet see it: two have to agree, for one may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from ipaddress import IPv4Address, ip_address
from urllib.parse import urlsplit

import requests
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from netcfg.core.declared import parse_wanted
from netcfg.core.errors import AddressUnknown, BadRange, BadSource
from netcfg.sources.fetch import check_url, shown
from netcfg.web.deadline import UNLIMITED, Deadline
from netcfg.web.http import Nobody, new_session, proxies, timeouts, why

# Of two operators, each of whom answers with the address alone, by IPv4 alone.
SERVICES = ("https://checkip.amazonaws.com", "https://api.ipify.org")
PATIENCE = 5.0  # seconds that a service gets, all in all
LONGEST = 64  # bytes of an answer; an address has fifteen


class Addresses:
    """Services that tell whoever asks from which address he came. They get no credential, and no cookie."""

    def __init__(self, urls: Sequence[str] = (), deadline: Deadline = UNLIMITED) -> None:
        """Those at `urls`, else `SERVICES`; fewer than two are an error before anybody is asked."""
        self._urls = tuple(dict.fromkeys(urls or SERVICES))
        self._deadline = deadline
        for each in self._urls:
            check_url(each)
        if len(self._urls) < 2:
            raise BadSource(shown(self._urls[0]), "one service may be wrong, so two or more have to be named")

    def ask(self) -> IPv4Address:
        """The address that all of them name; anything else is an error that says what each answered."""
        with ThreadPoolExecutor(len(self._urls)) as pool:
            answers = list(pool.map(self._ask, self._urls))
        found = {each for each in answers if isinstance(each, IPv4Address)}
        if len(found) == 1 and all(isinstance(each, IPv4Address) for each in answers):
            return found.pop()
        pairs = zip(self._urls, answers, strict=True)
        raise AddressUnknown(f"{urlsplit(url).hostname} said {answer}" for url, answer in pairs)

    def _ask(self, url: str) -> IPv4Address | str:
        """The address, or in words what was said instead."""
        try:
            with new_session("text/plain", (), self._deadline) as http, closing(self._get(http, url)) as response:
                if response.status_code != requests.codes.ok:
                    return f"HTTP {response.status_code}"
                return _parse(_body(response))
        except RequestException as error:
            return f"nothing ({why(error)})"
        except (HTTPError, UnicodeError):
            return "nothing that could be read"

    def _get(self, http: requests.Session, url: str) -> requests.Response:
        return http.get(
            url,
            headers={"Accept-Encoding": "identity"},
            auth=Nobody(),
            allow_redirects=False,
            stream=True,
            timeout=timeouts(PATIENCE),
            proxies=proxies(url),
        )


def _body(response: requests.Response) -> bytes:
    """The answer, or as much of it as tells that it is too long."""
    body: bytes = b""
    for piece in response.iter_content(LONGEST + 1):
        body += piece
        if len(body) > LONGEST:
            break
    return body


def _parse(body: bytes) -> IPv4Address | str:
    if len(body) > LONGEST:
        return f"more than the {LONGEST} bytes that an address may take"
    text = body.decode("ascii", "replace").strip()
    try:
        address = ip_address(text)
    except ValueError:
        return f"{text!r}, which is no address"
    if not isinstance(address, IPv4Address):
        return f"{text}, and a vault lets in IPv4 alone"
    try:
        parse_wanted(text)
    except BadRange:
        return f"{text}, which is not public"
    return address
