"""The list of variable groups: what is said once, and what of each."""

from netcfg.core.errors import NetcfgError, NoDevOpsPermission
from netcfg.core.linking.groups import Project, VariableGroup
from netcfg.core.linking.library import Listing, Shelf
from netcfg.formats import groups
from netcfg.formats.page import Page


def shelf(number: int, name: str, error: NetcfgError | None = None) -> Shelf:
    project = Project("contoso", name, f"p{number}")
    group = VariableGroup(number, "secrets", project, vault="kv-a", connection="c1")
    needed = "the scope 'Service Connections: Read'"
    lacking = NoDevOpsPermission("contoso", "the PAT", f"the connections of the project {name!r}", needed)
    return Shelf(project, (group,), error or lacking)


def test_projects_whose_connections_have_no_name_for_one_reason_are_told_together_and_to_programs_one_by_one():
    found = Listing("contoso", (shelf(1, "one"), shelf(2, "two"), shelf(3, "three", NetcfgError("it is down"))))
    said = groups.text(found, (), Page(300))
    together, alone = said.split("\n\n")[-2].splitlines()
    assert together == (
        "the service connections of one, two are told by their ids, because the PAT may not read the connections of "
        "the project PROJECT of 'contoso'; it needs the scope 'Service Connections: Read'"
    )
    assert alone == "the service connections of three are told by their ids, because it is down"
    assert [each.partition(", because")[0] for each in groups.document(found)["notes"]] == [
        f"the service connections of {each} are told by their ids" for each in ("one", "two", "three")
    ]
    assert "'one'" in groups.document(found)["notes"][0]


def test_a_group_that_maps_nothing_has_no_secrets():
    assert "no secrets, never refreshed" in groups.text(Listing("contoso", (shelf(1, "one"),)), (), Page(200))
