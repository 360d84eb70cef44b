"""The application: which path leads to which room of the sandbox. All hosts share one port, as prefixes of the path."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from netcfg.sandbox.answer import Answer, Refusal
from netcfg.sandbox.call import Operation, Request
from netcfg.sandbox.devops import agent_pools, endpoint_proxy, library, library_writes, organizations, projects
from netcfg.sandbox.devops import connections as service_connections
from netcfg.sandbox.devops import door as devops
from netcfg.sandbox.ids import Document
from netcfg.sandbox.keyvault import access_policies, connections, deleted_vaults, listings, perimeters, secrets, vaults
from netcfg.sandbox.manager import endings, graph, inventory, login, provider, role_assignments, tenants
from netcfg.sandbox.manager.arm import ResourceManager
from netcfg.sandbox.network import (
    addresses,
    endpoint_policies,
    names,
    networks,
    private_dns,
    private_endpoints,
    record_sets,
    subnets,
    tags,
    zone_groups,
    zone_links,
)
from netcfg.sandbox.publishing import publishers
from netcfg.sandbox.store import Store

_OPERATIONS = (
    *role_assignments.OPERATIONS,  # on any scope: before all that takes whatever is beneath one
    *vaults.OPERATIONS,
    *access_policies.OPERATIONS,
    *deleted_vaults.OPERATIONS,
    *perimeters.OPERATIONS,
    *listings.OPERATIONS,
    *networks.OPERATIONS,
    *subnets.OPERATIONS,
    *provider.OPERATIONS,
    *endpoint_policies.OPERATIONS,
    *private_endpoints.OPERATIONS,
    *connections.OPERATIONS,
    *zone_groups.OPERATIONS,
    *zone_links.OPERATIONS,
    *private_dns.OPERATIONS,
    *record_sets.OPERATIONS,  # after the links: anything else below a zone is taken for a type of records
    *tags.OPERATIONS,
    *graph.OPERATIONS,
    *tenants.OPERATIONS,
    *inventory.OPERATIONS,  # last: it takes every resource that nothing before it took
)
_VIEWS = (
    *organizations.VIEWS,
    *projects.VIEWS,
    *library.VIEWS,
    *library_writes.VIEWS,
    *service_connections.VIEWS,
    *endpoint_proxy.VIEWS,
    *agent_pools.VIEWS,
    *devops.VIEWS,  # last: where nothing is
)
_LOGIN = "/login.microsoftonline.com/{tenant}"
Look = Callable[[Request, Document], Answer]
Endpoint = Callable[[HttpRequest], Awaitable[Response]]


def make(store: Store, root: str) -> Starlette:
    """The application on `store`, which clients reach as `root`."""
    manager = ResourceManager(store)
    looks: list[tuple[str, str, Look]] = [
        ("GET", "/metadata/endpoints", lambda request, _state: tenants.endpoints(request.root)),
        ("GET", _LOGIN + "/v2.0/.well-known/openid-configuration", login.discovery),
        ("POST", _LOGIN + "/oauth2/v2.0/token", login.issue),
        ("POST", _LOGIN + "/oauth2/token", login.issue),
        ("GET", "/msi/token", login.managed_identity),
        *((method, f"/{zone}/{{vault}}{path}", look) for zone in names.ZONES for method, path, look in secrets.VIEWS),
        *((view.method, _at(view), _view(view)) for view in _VIEWS if not view.changes),
        *(("GET", path, publication) for path, publication in publishers.PUBLICATIONS),
        *(("GET", path, address) for path, address in addresses.VIEWS),
    ]
    routes = [_route(path, method, _look(store, root, look)) for method, path, look in looks]
    changes: list[tuple[str, str, Look]] = [
        *(
            (method, f"/{zone}/{{vault}}{path}", change)
            for zone in names.ZONES
            for method, path, change in secrets.CHANGES
        ),
        *((view.method, _at(view), _view(view)) for view in _VIEWS if view.changes),
    ]
    routes += [_route(path, method, _change(store, root, change)) for method, path, change in changes]
    routes += [_route(each.path, each.method, _operation(manager, root, each)) for each in _OPERATIONS]
    return Starlette(routes=[*routes, Route("/{path:path}", _nothing_here)])


def _route(path: str, method: str, endpoint: Endpoint) -> Route:
    """Azure does not care about the case of a path."""
    route = Route(path, endpoint, methods=[method])
    route.path_regex = re.compile(route.path_regex.pattern, re.IGNORECASE)
    return route


def _operation(manager: ResourceManager, root: str, operation: Operation) -> Endpoint:
    async def endpoint(http: HttpRequest) -> Response:
        return _response(await manager.serve(operation, await _request(http, root)))

    return endpoint


def _look(store: Store, root: str, look: Look) -> Endpoint:
    """What only looks at the state, and is not Resource Manager."""

    async def endpoint(http: HttpRequest) -> Response:
        request = await _request(http, root)
        endings.settle(store)
        with store.reading() as state:
            return _response(look(request, state))

    return endpoint


def _change(store: Store, root: str, change: Look) -> Endpoint:
    """What may change the state, and is not Resource Manager."""

    async def endpoint(http: HttpRequest) -> Response:
        request = await _request(http, root)
        endings.settle(store)
        with store.edit() as state:
            return _response(change(request, state))

    return endpoint


def _at(view: devops.View) -> str:
    return f"/{view.host}/{{organization}}{view.path}"


def _view(view: devops.View) -> Look:
    return lambda request, state: devops.serve(view, request, state)


async def _nothing_here(http: HttpRequest) -> Response:
    message = f"The sandbox has nothing at {http.method} {http.url.path}."
    return _response(Refusal(404, "NotFound", message, gateway=True).answer)


async def _request(http: HttpRequest, root: str) -> Request:
    return Request(
        root=root,
        method=http.method,
        path=http.url.path,
        names=http.path_params,
        query=http.query_params,
        headers=http.headers,
        content=await http.body(),
        peer=http.client.host if http.client else "",
    )


def _response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=dict(answer.headers))
    content = answer.body if isinstance(answer.body, str | bytes) else json.dumps(answer.body)
    headers = {"content-type": "application/json; charset=utf-8", **answer.headers}
    if answer.padding:
        return _Padded(content, answer.status, headers, answer)
    return Response(content, answer.status, headers)


class _Padded(Response):
    """An answer that goes on for longer than anybody should hold in memory: the wire adds the blanks."""

    def __init__(self, content: str | bytes, status: int, headers: dict[str, str], answer: Answer) -> None:
        super().__init__(content, status, headers)
        del self.headers["content-length"]
        self._padding, self._pace = answer.padding, answer.pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def padded(message: Message) -> None:
            more = {"padding": self._padding, "pace": self._pace}
            await send({**message, **more} if "status" in message else message)

        await super().__call__(scope, receive, padded)
