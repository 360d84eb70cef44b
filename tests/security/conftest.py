"""The program as the tests of commands have it."""

from tests.cli.conftest import netcfg

__all__ = ["netcfg"]
