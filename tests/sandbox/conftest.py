"""Sandboxes and clients; every test that changes something has its own."""

from collections.abc import Iterator

import pytest

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.small import Client, world


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A small world, in memory."""
    with serve(world()) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    client = Client(sandbox)
    with client.session:
        yield client


@pytest.fixture
def contoso() -> Iterator[Sandbox]:
    """The world that ships."""
    with serve("contoso") as running:
        yield running


@pytest.fixture
def owner(contoso: Sandbox) -> Iterator[Client]:
    """The default principal of contoso."""
    client = Client(contoso)
    with client.session:
        yield client
