"""Questions: who answers wrong is asked again, and nobody is asked about what no answer mends."""

from __future__ import annotations

import pytest

from netcfg.cli.questions import answer
from netcfg.core.errors import (
    BadIdentifier,
    BadToken,
    DevOpsUnreachable,
    NetcfgError,
    NoDevOpsPermission,
    SignInRefused,
    VaultNowhere,
)

NOWHERE = VaultNowhere("kv-x", "kv-x.vault.azure.net")


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was typed at the questions that were asked; the second answer is right."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "right" if len(asked) == 2 else "wrong"

    monkeypatch.setattr("netcfg.cli.terminal.ask", ask)
    return asked


def parse(error: NetcfgError, text: str) -> str:
    if text == "wrong":
        raise error
    return text


@pytest.mark.parametrize("error", [BadIdentifier("wrong", "a vault"), NOWHERE])
def test_what_another_answer_mends_is_asked_again(typed: list[str], error: NetcfgError):
    assert answer("Vault", lambda text: parse(error, text), wrong=(VaultNowhere,)) == "right"
    assert typed == ["Vault", "Vault"]


@pytest.mark.parametrize(
    "error",
    [
        BadToken("the PAT"),
        DevOpsUnreachable("https://dev.azure.com", "the connection was refused"),
        NoDevOpsPermission("contoso", "the PAT", "projects", "a scope"),
        SignInRefused("contoso", "the PAT"),
        NOWHERE,
    ],
)
def test_what_no_answer_mends_ends_the_run(typed: list[str], error: NetcfgError):
    with pytest.raises(type(error)):
        answer("Organization", lambda text: parse(error, text))
    assert len(typed) == 1
