"""The sandbox as a server: in a thread of this process, on a port of 127.0.0.1, for as long as a `with` block lasts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import uvicorn

from netcfg.sandbox import app, certificate, clock, direct, faults
from netcfg.sandbox.ids import Document
from netcfg.sandbox.manager import login, operations, role_assignments, roles
from netcfg.sandbox.network import addresses, names
from netcfg.sandbox.publishing import publishers
from netcfg.sandbox.store import Store
from netcfg.sandbox.wire import Hook, Wire
from netcfg.sandbox.worlds.written import World

_NOWHERE = "http://127.0.0.1:1"


class Sandbox:
    """A running sandbox: where it is, what it has served, and its state."""

    def __init__(self, url: str, dns: tuple[str, int], store: Store, wire: Wire, trusted: Path | None) -> None:
        self.url = url
        self.dns = dns  # host and port of the resolver that this machine's network would have
        self.certificate = trusted
        self._store = store
        self._wire = wire

    @property
    def devops_url(self) -> str:
        """Stands for `https://dev.azure.com`."""
        return f"{self.url}/dev.azure.com"

    @property
    def identity_url(self) -> str:
        """Stands for `https://vssps.dev.azure.com`."""
        return f"{self.url}/vssps.dev.azure.com"

    @property
    def address_urls(self) -> tuple[str, str]:
        """Two services that say by which address somebody comes."""
        one, other = addresses.PATHS.values()
        return f"{self.url}{one}", f"{self.url}{other}"

    @property
    def today(self) -> date:
        """The day on which the world plays."""
        with self._store.reading() as state:
            return date.fromisoformat(state["today"])

    @property
    def now(self) -> datetime:
        """The moment that it is in the world, where time stands still: noon, unless the world says otherwise."""
        with self._store.reading() as state:
            return clock.now(state)

    def move_clock(self, moment: datetime) -> None:
        """It is `moment` in the world from now on, and its day with it."""
        with self._store.edit() as state:
            clock.move(state, moment)

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer to a request for `target` (a path with its query), without a socket.

        `Dropped` where a connection would be; see `direct`.
        """
        return direct.answer(self._wire, method, target, headers, content)

    def force(self, *faults: str) -> None:
        """Let these faults (of `faults.KNOWN`) happen to the request whose hook calls this, or else to the next one."""
        self._wire.force(*faults)

    @property
    def token(self) -> str:
        """A bearer token that the sandbox accepts: the world's default principal, make-believe, for ever."""
        with self._store.reading() as state:
            return login.default_token(state)

    def token_for(self, tenant: str) -> str:
        """The same principal's token in another tenant (its id or domain), where it must be a guest."""
        with self._store.reading() as state:
            return login.default_token(state, tenant)

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and status of what was served, in order; status 0 is a dropped connection."""
        return self._wire.requests

    @property
    def before(self) -> Hook | None:
        """Called with number, method and path before a request is handled; raising drops the connection."""
        return self._wire.before

    @before.setter
    def before(self, hook: Hook | None) -> None:
        self._wire.before = hook

    @property
    def after(self) -> Hook | None:
        """Called when a request was handled, and nothing of the answer was sent; raising drops the connection."""
        return self._wire.after

    @after.setter
    def after(self, hook: Hook | None) -> None:
        self._wire.after = hook

    @property
    def state(self) -> Document:
        """A copy of the state as it is now."""
        return self._store.copy()

    def grant(self, principal: str, role: Document, scope: str) -> None:
        """From now on the principal of that name may do what `role` says on `scope`, and nothing that no role of its
        says. `role` is the JSON of a custom role, as `az role definition create` takes it; see `roles.defined`."""
        defined = roles.defined(role)
        with self._store.edit() as state:
            holder = state["principals"][principal]
            holder["grantedOnly"] = True
            state["roleDefinitions"][defined["id"]] = defined
            laid = role_assignments.laid(holder, roles.custom(defined), scope)
            state["roleAssignments"][laid["name"]] = laid

    @contextlib.contextmanager
    def edit(self) -> Iterator[Document]:
        """The state, to be changed from outside; requests wait meanwhile, so make none inside.

        What it says of the clock, the publishers and the address services is checked in the end, and nothing of a
        change is kept that is misspelt.
        """
        with self._store.edit() as state:
            yield state
            clock.check(state)
            publishers.check(state)
            addresses.check(state["addressServices"])


@contextlib.contextmanager
def serve(
    world: World = "contoso",
    state: Path | None = None,
    port: int = 0,
    tls: bool = False,
    latency_ms: float = 0,
    seed: int = 0,
    faults: str = "",
) -> Iterator[Sandbox]:
    """Run a sandbox of `world`.

    With a folder `state` it goes on where it was left, whatever `world` says. `faults` are odds of misbehaviour
    (`throttle=0.1,drop-after=0.02`), drawn from a die that `seed` fixes.
    """
    with contextlib.ExitStack() as stack:
        store = Store(world, state)
        stack.callback(store.close)
        listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
        _listen(listener, port)
        keys = certificate.ensure(state or Path(stack.enter_context(tempfile.TemporaryDirectory()))) if tls else None
        number = listener.getsockname()[1]
        where = f"https://localhost:{number}" if keys else f"http://127.0.0.1:{number}"
        wire = _wire(store, where, faults, seed, latency_ms)
        server = _Server(wire, listener, keys[1] if keys else None)
        wire.hang_up = server.hang_up
        stack.enter_context(server)
        dns = stack.enter_context(names.answering(store))
        yield Sandbox(where, dns, store, wire, keys[0] if keys else None)


@contextlib.contextmanager
def play(world: World = "contoso", seed: int = 0, faults: str = "") -> Iterator[Sandbox]:
    """A sandbox in memory that listens nowhere, for who asks it by `answer`. Its `url` is one where nothing answers."""
    with contextlib.ExitStack() as stack:
        store = Store(world, None)
        wire = _wire(store, _NOWHERE, faults, seed, 0)
        dns = stack.enter_context(names.answering(store))
        yield Sandbox(_NOWHERE, dns, store, wire, None)


def _listen(listener: socket.socket, port: int) -> None:
    """The socket says that it is TCP: asyncio switches Nagle's algorithm off for no other, and answers wait 40 ms."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)


def _wire(store: Store, root: str, odds: str, seed: int, latency_ms: float) -> Wire:
    def retry_after() -> dict[str, str]:
        with store.reading() as state:
            return operations.retry_after(state)

    def http_date() -> str:
        with store.reading() as state:
            return clock.http_date(state)

    return Wire(app.make(store, root), faults.Die(odds, seed), latency_ms / 1000, retry_after, http_date)


class _Server:
    """uvicorn in a thread. Its own main loop looks for the end every tenth of a second; this one is told."""

    def __init__(self, wire: Wire, listener: socket.socket, chain: Path | None) -> None:
        config = uvicorn.Config(
            wire,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,  # the world has its own clock
            ssl_certfile=chain,
        )
        self._uvicorn = uvicorn.Server(config)
        self._listener = listener
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="netcfg-sandbox", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def hang_up(self, peer: tuple[str, int]) -> None:
        """Close the connection of that client at once."""
        for connection in list(self._uvicorn.server_state.connections):
            if getattr(connection, "client", None) == tuple(peer):
                connection.transport.abort()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # noqa: BLE001 - raised again where it is awaited
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._uvicorn.config.load()
        self._uvicorn.lifespan = self._uvicorn.config.lifespan_class(self._uvicorn.config)
        await self._uvicorn.startup(sockets=[self._listener])
        self._ready.set()
        await self._stop.wait()
        for server in self._uvicorn.servers:
            server.close()
        for connection in list(self._uvicorn.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
