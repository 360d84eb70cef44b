"""The editions that this machine knows, for commands that ask nobody."""

from __future__ import annotations

from pathlib import Path

from netcfg.cli.root import Root
from netcfg.core.ranges import Catalogue
from netcfg.sources import editions

SANDBOX_EDITIONS = "sandbox/editions"


def catalogue(root: Root) -> Catalogue:
    return editions.catalogue(editions_folder(root))


def editions_folder(root: Root) -> Path:
    """Where refreshed editions are kept. Those of the sandbox are make-believe, and stay with it."""
    return root.folder / (SANDBOX_EDITIONS if root.sandbox else "editions")
