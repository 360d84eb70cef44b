"""Whole outputs are kept as files that can be read and reviewed as what they are."""

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class TextFile(SingleFileSnapshotExtension):
    """One file for each output, byte for byte."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def kept(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """The output as it was when somebody last looked at it; `pytest --snapshot-update` after looking again."""
    return snapshot.use_extension(TextFile)
