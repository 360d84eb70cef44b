"""Visitors of Azure DevOps; every test has worlds of its own."""

from collections.abc import Iterator

import pytest

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.devops.visitor import Visitor


@pytest.fixture
def visitor(contoso: Sandbox) -> Iterator[Visitor]:
    visitor = Visitor(contoso)
    with visitor.session:
        yield visitor


@pytest.fixture
def reader() -> Iterator[Visitor]:
    """Somebody in a world with groups and connections of every kind."""
    with serve("library") as sandbox:
        visitor = Visitor(sandbox)
        with visitor.session:
            yield visitor
