"""Two services on the internet that say by which public address somebody comes: plain text, and a line feed.

Each asks nothing of who asks. A world or a test lets one of them be wrong or broken, until that is taken away:
`state["addressServices"] = {"whatismyip": "html", "myaddress": "191.10.77.1"}`.
"""

from __future__ import annotations

from ipaddress import ip_address

from netcfg.sandbox.answer import Answer, Dropped
from netcfg.sandbox.call import Request
from netcfg.sandbox.ids import Document
from netcfg.sandbox.network import machine

PATHS = {"whatismyip": "/whatismyip", "myaddress": "/myaddress"}
KNOWN = {
    "html": "a page for people, with the address in it",
    "garbage": "bytes that are no text",
    "empty": "nothing",
    "several": "two addresses, a line each",
    "too-long": "51 MB: the address, and blanks after it",
    "slow": "the address, and a blank after it every twentieth of a second for half a minute",
    "drop": "the connection is closed",
    "unavailable": "503",
    "redirect-elsewhere": "a redirect to https://example.org",
}
_TOWARDS = "191.10.121.10"  # where they are: nowhere that a service tag names
_TEXT = {"content-type": "text/plain; charset=utf-8"}


def check(services: Document) -> None:
    """A service or a fault that does not exist is a `ValueError` that lists those that do."""
    for name, fault in services.items():
        if name not in PATHS:
            raise ValueError(f"no service {name!r} says an address; there are {', '.join(PATHS)}")
        if fault not in KNOWN and not _is_address(fault):
            raise ValueError(f"an address service cannot be {fault!r}; give an address, or {', '.join(KNOWN)}")


def whatismyip(request: Request, state: Document) -> Answer:
    return _answer("whatismyip", request, state)


def myaddress(request: Request, state: Document) -> Answer:
    return _answer("myaddress", request, state)


def public_address(request: Request, state: Document) -> str:
    """By which address the internet sees the request. Where no way leads out, it never arrives.

    Other than a vault sees it: no service endpoint and no private endpoint leads here.
    """
    said = request.headers.get("x-sandbox-client-address")
    return said or machine.public(state, _TOWARDS)


def _answer(name: str, request: Request, state: Document) -> Answer:
    fault = str(state["addressServices"].get(name, ""))
    address = fault if _is_address(fault) else public_address(request, state)
    text = f"{address}\n"
    match fault:
        case "html":
            page = f"<!DOCTYPE html>\n<html><body><h1>Your address is {address}</h1></body></html>\n"
            return Answer(page, headers={"content-type": "text/html; charset=utf-8"})
        case "garbage":
            return Answer(bytes(range(255, -1, -1)), headers=_TEXT)
        case "empty":
            return Answer("", headers=_TEXT)
        case "several":
            return Answer(f"{text}191.10.60.10\n", headers=_TEXT)
        case "too-long":
            return Answer(text, headers=_TEXT, padding=51_000_000)
        case "slow":
            return Answer(text, headers=_TEXT, padding=600, pace=0.05)
        case "drop":
            raise Dropped
        case "unavailable":
            return Answer("Service Unavailable\n", 503, _TEXT)
        case "redirect-elsewhere":
            return Answer(status=302, headers={"location": f"https://example.org{request.path}"})
        case _:
            return Answer(text, headers=_TEXT)


def _is_address(fault: str) -> bool:
    """Any one is an answer: one of IPv6, a private one, or another than the other service says."""
    try:
        ip_address(fault)
    except ValueError:
        return False
    return True


VIEWS = ((PATHS["whatismyip"], whatismyip), (PATHS["myaddress"], myaddress))
