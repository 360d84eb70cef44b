"""What is known of the variable groups of organizations, and what is not."""

from __future__ import annotations

from netcfg.core.discovery import ClosedProject, Library, LinkedGroup
from netcfg.core.errors import NetcfgError
from netcfg.core.linkage import NOT_ASKED, Linkage

SHOP = LinkedGroup("KV-Shop", "web", "secrets", "c")
OTHER = LinkedGroup("kv-shop", "desk", "more", "c")
NO = NetcfgError("it is closed")
OPEN = Linkage((("contoso", Library((SHOP,))), ("fabrikam", Library((OTHER,)))))


def test_a_vault_may_serve_several_organizations():
    assert OPEN.users("kv-SHOP") == ("contoso", "fabrikam")
    assert OPEN.groups_of("kv-shop") == (
        "the variable group 'secrets' of contoso/web",
        "the variable group 'more' of fabrikam/desk",
    )
    assert OPEN.of(["Fabrikam"]).users("kv-shop") == ("fabrikam",)


def test_only_where_everything_was_read_a_vault_is_not_used():
    assert OPEN.is_unused("kv-desk")
    assert not OPEN.is_unused("kv-shop")
    assert not NOT_ASKED.is_unused("kv-desk")
    assert not Linkage((("contoso", NO),)).is_unused("kv-desk")
    blind = Linkage((("contoso", Library(is_blind=True)),))
    assert not blind.is_unused("kv-desk")
    ((organization, what, error),) = blind.closed
    assert (organization, what) == ("contoso", "the variable groups of contoso")
    assert str(error).startswith("contoso shows this sign-in no project, so which vaults its variable groups use is")
    assert not Linkage((("contoso", Library((SHOP,), (ClosedProject("desk", NO),))),)).is_unused("kv-desk")


def test_what_could_not_be_read_is_called_by_its_name():
    half = Linkage((("contoso", Library((), (ClosedProject("desk", NO),))), ("fabrikam", NO)))
    assert half.closed == (
        ("contoso", "the variable groups of the project desk in contoso", NO),
        ("fabrikam", "the variable groups of fabrikam", NO),
    )
