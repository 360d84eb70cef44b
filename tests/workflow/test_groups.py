"""List and check variable groups, with an Azure DevOps of a few lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from netcfg.core.errors import ConnectionGone, DevOpsAnswer, NetcfgError, NoProjectShown, NothingLinked
from netcfg.core.findings import Severity, Waiver
from netcfg.core.linking.groups import Mapping as SecretMapping
from netcfg.core.linking.groups import Project, ServiceConnection, VariableGroup
from netcfg.core.linking.library import Demand, LibraryReport
from netcfg.core.linking.relay import Relayed
from netcfg.core.linking.secrets import Secret
from netcfg.core.resources import VaultId
from netcfg.workflow.collaborators import Linking, Surroundings
from netcfg.workflow.groups import Wanted, check, look
from tests.workflow.fakes import Azure, Unasked, around

PAYMENTS, BILLING = Project("contoso", "payments", "p1"), Project("contoso", "billing", "p2")
NO = DevOpsAnswer("https://dev.azure.com/contoso", "nothing", "a list")
REFUSED = Relayed("badRequest", "the moon is full")
OK = Relayed("notFound")


@dataclass
class Office:
    """An organization, its vaults as Azure DevOps sees them, and Resource Manager; what is not there is refused."""

    groups: dict[Project, tuple[VariableGroup, ...] | NetcfgError]
    secrets_of: dict[str, tuple[str, ...] | Relayed | NetcfgError] = field(default_factory=dict)
    get: Relayed | NetcfgError = OK
    held: dict[str, tuple[Secret, ...]] = field(default_factory=dict)
    keys_of: dict[str, frozenset[str]] = field(default_factory=dict)
    connections: dict[Project, tuple[ServiceConnection, ...] | NetcfgError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def of(self) -> Surroundings:
        ours = Linking(
            *cast("tuple[Any, ...]", (_Projects(self), _Connections(self), _Proxy(self), _Holdings(self), Unasked()))
        )
        return replace(
            around(Azure({})), groups=cast("Any", _Groups(self)), linking=ours, vaults=cast("Any", _Vaults(self))
        )


@dataclass
class _Fake:
    office: Office

    def __call__(self, what: str, answer: Any) -> Any:
        self.office.asked.append(what)
        if isinstance(answer, NetcfgError):
            raise answer
        return answer


class _Projects(_Fake):
    def every(self, organization: str) -> tuple[Project, ...]:
        return tuple(self.office.groups)

    def find(self, organization: str, project: str) -> Project:
        return next(each for each in self.office.groups if each.name == project)


class _Groups(_Fake):
    def every(self, project: Project) -> tuple[VariableGroup, ...]:
        return self(f"groups of {project.name}", self.office.groups[project])


class _Connections(_Fake):
    def every(self, project: Project) -> tuple[ServiceConnection, ...]:
        usual = (ServiceConnection("c1", "azure-prod", project),)
        return self(f"connections of {project.name}", self.office.connections.get(project, usual))


class _Proxy(_Fake):
    def secrets(self, connection: ServiceConnection, vault: str) -> tuple[Secret, ...] | Relayed:
        told = self(f"list {vault} by {connection.id}", self.office.secrets_of[vault])
        return told if isinstance(told, Relayed) else tuple(map(Secret, told))

    def may_get(self, connection: ServiceConnection, vault: str) -> Relayed:
        return self(f"get {vault} by {connection.id}", self.office.get)


class _Holdings(_Fake):
    def secrets(self, vault: VaultId) -> tuple[Secret, ...]:
        return self(f"hold {vault.name}", self.office.held.get(vault.name, NetcfgError("not yours")))

    def keys(self, vault: VaultId) -> frozenset[str]:
        return self(f"keys of {vault.name}", self.office.keys_of.get(vault.name, NetcfgError("not yours either")))


class _Vaults(_Fake):
    def find(self, names: Sequence[str]) -> Mapping[str, VaultId | NetcfgError]:
        return self("find " + " ".join(names), {each: VaultId(f"/{each}", "s", "g", each) for each in names})


def group(id: int, name: str, *mapped: str, project: Project = PAYMENTS, **more: Any) -> VariableGroup:
    made = VariableGroup(id, name, project, vault="kv-pay", connection="c1", projects=(project.name,))
    return replace(made, mappings=tuple(map(SecretMapping, mapped)), **more)


def run(office: Office, given: Sequence[Waiver] = (), **wanted: Any) -> LibraryReport:
    return check(Wanted("contoso", **wanted), given, Severity.ERROR, office.of())


def told(report: LibraryReport) -> list[tuple[str, str]]:
    return [(each.rule, each.subject) for each in report.findings]


def test_a_vault_is_asked_once_by_each_connection_however_many_groups_are_linked_to_it():
    groups = (
        group(1, "one", "a"),
        group(2, "two", "b"),
        group(3, "three", "a", connection="C1"),
        group(4, "four", "a", connection="c2"),
    )
    office = Office({PAYMENTS: groups}, {"kv-pay": ("a", "b")})
    report = run(office)
    assert (report.status, told(report)) == (0, [])
    assert sorted(office.asked) == [
        "connections of payments", "get kv-pay by c1", "get kv-pay by c2", "groups of payments", "list kv-pay by c1",
        "list kv-pay by c2",
    ]  # fmt: skip


def test_where_azure_devops_may_not_list_resource_manager_tells_with_a_note():
    office = Office({PAYMENTS: (group(1, "one", "a", "gone"),)}, {"kv-pay": REFUSED}, REFUSED)
    office.held["kv-pay"] = (
        Secret("a"),
        Secret("tls", content_type="application/x-pkcs12"),
        Secret("pfx", content_type="application/x-pkcs12"),
    )
    office.keys_of["kv-pay"] = frozenset({"tls"})
    report = run(office)
    assert report.status == 4
    assert told(report) == [
        ("devops-cannot-read", "payments/one: kv-pay"),
        ("mapped-secret-missing", "payments/one: gone"),
        ("secret-not-mapped", "payments/one: pfx"),  # somebody named its type so; no key has its name
    ]
    assert report.notes == (
        "Azure DevOps could not list the secrets of kv-pay, so they are those that Azure Resource Manager lists",
    )


def test_where_nobody_may_tell_it_is_undetermined_and_never_all_gone():
    office = Office({PAYMENTS: (group(1, "one", "a"),)}, {"kv-pay": REFUSED}, REFUSED)
    report = run(office)
    assert (report.status, told(report)) == (1, [("devops-cannot-read", "payments/one: kv-pay")])
    (lost,) = report.undetermined
    assert lost.vault == "kv-pay"
    assert str(lost.error).endswith("nor could this sign-in by Azure Resource Manager (not yours)")


def test_one_of_two_vaults_that_nobody_may_tell_is_status_7():
    groups = (group(1, "one", "a"), group(2, "two", "a", vault="kv-open"))
    report = run(Office({PAYMENTS: groups}, {"kv-pay": REFUSED, "kv-open": ("a",)}))
    assert (report.status, [each.vault for each in report.undetermined]) == (7, ["kv-pay"])
    assert [each.is_known for each in report.inspections] == [False, True]


def test_that_azure_devops_could_not_be_asked_is_in_doubt_though_resource_manager_tells_what_is_there():
    office = Office({PAYMENTS: (group(1, "one", "a"),)}, {"kv-pay": NO})
    office.held["kv-pay"] = (Secret("b"),)
    report = run(office)
    assert (report.status, [str(each.error) for each in report.undetermined]) == (1, [str(NO)])
    assert told(report) == [
        ("mapped-secret-missing", "payments/one: a"),
        ("secret-not-mapped", "payments/one: b"),
    ]


def test_what_one_connection_may_list_is_known_for_the_groups_of_another():
    groups = (group(1, "one", "a", "gone"), group(2, "two", "a", connection="c9"))
    office = Office({PAYMENTS: groups}, {"kv-pay": ("a",)})
    office.connections[PAYMENTS] = (
        ServiceConnection("c1", "azure-prod", PAYMENTS),
        ServiceConnection("c9", "hub", PAYMENTS, type="github"),
    )
    report = run(office)
    assert (report.status, told(report)) == (
        4,
        [("mapped-secret-missing", "payments/one: gone"), ("service-connection-denied", "payments/two: hub")],
    )
    assert "list kv-pay by c9" not in office.asked


def test_keys_are_asked_for_only_where_something_is_mapped_that_is_no_secret():
    office = Office({PAYMENTS: (group(1, "one", "a", "signing"),)}, {"kv-pay": ("a",)})
    office.keys_of["kv-pay"] = frozenset({"signing"})
    assert told(run(office)) == [("unsupported-mapping", "payments/one: signing")]
    office.keys_of.clear()
    assert told(run(office)) == [("mapped-secret-missing", "payments/one: signing")]
    office = Office({PAYMENTS: (group(1, "one", "a"),)}, {"kv-pay": ("a", "b")})
    run(office)
    assert not [each for each in office.asked if each.startswith(("keys", "find", "hold"))]


def test_a_connection_that_is_gone_is_a_finding():
    office = Office(
        {PAYMENTS: (group(1, "one", "a", connection="c9"),)}, {"kv-pay": ConnectionGone("c9", "payments", "no")}
    )
    office.held["kv-pay"] = (Secret("a"),)
    report = run(office)
    assert (report.status, told(report)) == (4, [("service-connection-denied", "payments/one: c9")])


def test_a_project_that_cannot_be_read_is_told_and_the_others_are_checked():
    office = Office({PAYMENTS: (group(1, "one", "a"),), BILLING: NO}, {"kv-pay": ("a",)})
    report = run(office)
    assert (report.status, report.undetermined[0].vault) == (7, "the variable groups of the project billing")
    assert report.undetermined[0].is_selection
    assert look("contoso", "", office.of()).status == 7


def test_where_no_project_can_be_read_that_is_the_error_of_the_run():
    with pytest.raises(DevOpsAnswer):
        look("contoso", "", Office({PAYMENTS: NO, BILLING: NO}).of())
    with pytest.raises(NoProjectShown):
        look("contoso", "", Office({}).of())


def test_a_sign_in_that_may_not_read_connections_sees_their_ids():
    office = Office({PAYMENTS: (group(1, "one", "a"),)}, {"kv-pay": ("a",)})
    office.connections[PAYMENTS] = NO
    found = look("contoso", "", office.of())
    assert ([each.by for each in found.groups], found.status) == (["c1"], 0)
    assert run(office).status == 0  # the vault is asked by the id


def test_no_group_at_all_is_an_error_and_never_compliant():
    plain = group(1, "settings", type="Vsts")
    with pytest.raises(NothingLinked):
        run(Office({PAYMENTS: (plain,)}))
    assert look("contoso", "", Office({PAYMENTS: (plain,)}).of()).groups == ()


def test_a_vault_that_no_group_uses_is_undetermined():
    office = Office({PAYMENTS: (group(1, "one", "a"),)}, {"kv-pay": ("a",)})
    report = run(office, vaults=("kv-typo", "kv-pay"))
    assert (report.status, [each.vault for each in report.undetermined]) == (7, ["kv-typo"])
    assert run(office, vaults=("kv-typo",)).status == 1


def test_a_group_whose_vault_is_no_name_of_one_stops_nobody_else():
    groups = (group(1, "one", "a", vault="../x"), group(2, "two", "a"))
    report = run(Office({PAYMENTS: groups}, {"../x": NO, "kv-pay": ("a",)}))
    assert (report.status, {each.vault for each in report.undetermined}) == (7, {"../x"})


def test_what_other_groups_of_the_vault_map_counts_though_only_one_is_checked():
    office = Office({PAYMENTS: (group(1, "one", "a"), group(2, "two", "b"))}, {"kv-pay": ("a", "b", "c")})
    report = run(office, groups=("one",))
    assert told(report) == [("secret-not-mapped", "payments/one: c")]


def test_what_nobody_maps_is_told_once_for_each_vault_by_a_group_that_can_be_refreshed():
    plain = replace(group(1, "a plain one"), mappings=(SecretMapping("x", has_value=True, is_legible=False),))
    office = Office({PAYMENTS: (plain, group(2, "two"), group(3, "three", vault="kv-b"))}, {"kv-pay": ("a",)})
    office.secrets_of["kv-b"] = ("b",)
    assert told(run(office)) == [
        ("unsupported-mapping", "payments/a plain one: x"),
        ("secret-not-mapped", "payments/three: b"),
        ("secret-not-mapped", "payments/two: a"),
    ]
    (wanted,) = (each for each in run(office, demand=Demand(("a",), "payments")).findings if each.subject.endswith("a"))
    assert (wanted.severity, wanted.fix.rpartition(" --")[2]) == (Severity.ERROR, "secret a")


def test_a_pattern_that_no_secret_fits_is_noted():
    office = Office({PAYMENTS: (group(1, "one", "app-a"), group(2, "future", type="New"))}, {"kv-pay": ("app-a",)})
    report = run(office, demand=Demand(("app-*", "tokn"), "payments"))
    assert (report.status, report.notes) == (
        0,
        (
            "1 variable group is of the type New, which netcfg does not know: not judged",
            "no secret fits the pattern 'tokn' of the configuration",
        ),
    )


def test_waivers_of_other_rules_are_no_business_of_it_and_late_ones_are_found():
    from datetime import date

    office = Office({PAYMENTS: (group(1, "one", "a"),)}, {"kv-pay": ()})
    late = Waiver("mapped-secret-missing", "soon back", until=date(2026, 1, 1))
    others = Waiver("foreign-rule", "partner", until=date(2026, 1, 1))
    report = run(office, [late, others])
    assert told(report) == [
        ("expired-waiver", "mapped-secret-missing"),
        ("mapped-secret-missing", "payments/one: a"),
    ]
    assert report.waived == 0
    report = run(office, [replace(late, until=None)])
    assert (report.status, report.waived) == (0, 1)
