"""Visitors of Azure DevOps; every test that changes something has worlds of its own."""

from collections.abc import Iterator

import pytest

from netcfg.sandbox.server import Sandbox, serve
from tests.sandbox.devops.visitor import Visitor


@pytest.fixture
def visitor(contoso: Sandbox) -> Iterator[Visitor]:
    visitor = Visitor(contoso)
    with visitor.session:
        yield visitor


@pytest.fixture(scope="module")
def looker() -> Iterator[Visitor]:
    """Somebody who changes nothing, so that all tests of a module may share his sandbox."""
    with serve("contoso") as sandbox:
        visitor = Visitor(sandbox)
        with visitor.session:
            yield visitor


@pytest.fixture
def reader() -> Iterator[Visitor]:
    """Somebody in a world with groups and connections of every kind."""
    with serve("library") as sandbox:
        visitor = Visitor(sandbox)
        with visitor.session:
            yield visitor
