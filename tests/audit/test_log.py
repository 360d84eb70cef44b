"""A log is read whatever Azure wrote it as, wherever it is cut, and never taken for one that says nothing."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netcfg.audit import log as audit
from netcfg.audit import text as audit_text
from netcfg.core.callers import Aside, Caller, CallerLog, Origin, Request, Way, gather, parse_caller
from netcfg.core.errors import AuditLogUnreadable, NotAnAddress, NotAnAuditLog, TooManyCallers
from tests.audit import logs
from tests.audit.logs import record


class Nobody:
    def step(self, what: str) -> None:
        """Nobody watches."""


def read(content: str | bytes, folder: Path) -> CallerLog:
    file = folder / "log"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    found = audit.read(str(file), Nobody())
    return CallerLog("log", found.vaults, tuple(each.replace(str(file), "log") for each in found.notes))


def callers(found: CallerLog, vault: str = "kv-payments") -> dict[str, Caller]:
    log = found.of(vault)
    assert log is not None
    return {each.origin.address: each for each in log.callers}


MIXED = [
    record("191.10.19.7", "SecretGet", time="2026-11-19T08:12:01Z"),
    record("191.10.19.7", "SecretList", time="2026-11-18T08:12:01Z"),
    record("191.10.19.7", "SecretGet", time="2026-11-17T08:12:01Z"),
    record("10.1.0.5", "KeySign", addrAuthType="Subnet", subnetId=logs.AGENTS),
    record("9.9.9.9", status=403, isAddressAuthorized=False),
    record("40.1.1.1", "VaultGet"),
    record("191.10.19.9", name="kv-orders"),
]


@pytest.mark.parametrize("shape", logs.SHAPES)
def test_every_shape_tells_the_same(shape, tmp_path: Path):
    found = read(shape(MIXED), tmp_path)
    met = callers(found)
    assert set(met) == {"191.10.19.7", "10.1.0.5", "9.9.9.9"}
    office = met["191.10.19.7"]
    assert office.operations == (("SecretGet", 2), ("SecretList", 1))
    assert office.requests == 3
    assert office.last_seen == datetime(2026, 11, 19, 8, 12, 1, tzinfo=UTC)
    assert office.applications == (logs.APPLICATION,)
    assert met["10.1.0.5"].origin.way is Way.SUBNET
    assert met["10.1.0.5"].origin.through == logs.AGENTS.lower()
    assert met["9.9.9.9"].is_refused
    assert set(callers(found, "KV-Orders")) == {"191.10.19.9"}
    payments = found.of("kv-payments")
    assert payments is not None
    assert payments.aside == {Aside.CONTROL_PLANE: 1}
    assert payments.first == datetime(2026, 11, 17, 8, 12, 1, tzinfo=UTC)
    assert found.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("shape", [logs.json_lines, logs.portal_csv])
def test_every_encoding_tells_the_same(shape, encoding: str, tmp_path: Path):
    assert set(callers(read(shape(MIXED).encode(encoding), tmp_path))) == {"191.10.19.7", "10.1.0.5", "9.9.9.9"}


def test_a_table_that_excel_saved_in_a_code_page_is_read(tmp_path: Path):
    content = logs.table([{**logs.diagnostics(record()), "clientInfo_s": "Büro"}], ";").encode("cp1252")
    assert set(callers(read(content, tmp_path))) == {"191.10.19.7"}


@given(st.sampled_from(logs.SHAPES), st.integers(1, 4000))
@settings(max_examples=60)
def test_pieces_of_any_size_tell_the_same(shape, size: int):
    content = io.BytesIO(shape(MIXED).encode())
    found = audit._Reading("log").log(iter(lambda: content.read(size).decode(), ""))
    assert set(callers(found)) == {"191.10.19.7", "10.1.0.5", "9.9.9.9"}
    assert found.notes == ()


CUT = "log ends within a record, which is left out: the log may go on after it"


@given(st.sampled_from([logs.json_lines, logs.array, logs.event_hub, logs.portal_csv, logs.own_csv]), st.data())
@settings(max_examples=150)
def test_a_log_that_is_cut_anywhere_says_so_or_lost_nothing(shape, data: st.DataObject):
    found = [record(f"191.10.19.{each}", f"Operation{each}") for each in range(6)]
    content = shape(found)
    end = data.draw(st.integers(0, len(content)))
    try:
        log = audit._Reading("log").log(iter([content[:end]] if end else []))
    except NotAnAuditLog:
        assert "Operation1" not in content[:end]
        return
    met = callers(log)
    assert set(met) == {f"191.10.19.{each}" for each in range(len(met))}
    if CUT not in log.notes:  # the cut is between two records, and nothing that was begun is missing
        assert f"Operation{len(met)}" not in content[:end]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "it is empty"),
        (" \r\n\t", "it is empty"),
        ("[]", "it has no record"),
        ('{"records": []}', "it has no record"),
        ('{"tables": [{"name": "PrimaryResult", "columns": [], "rows": []}]}', "it has no record"),
        ("[1, 2]", "it is JSON, and not of records"),
        ('{"time": "2026-1', "the file ends within its first record"),
        ('[{"a": 1}, {"b": 2}]', "of 2 records none is an AuditEvent of a vault, with an operation and an address"),
        ("a,b\n1,2\n", "of the columns OperationName and CallerIPAddress one is missing, and there is 'a', 'b'"),
        ("hello, world", "it has no record"),
    ],
)
def test_what_is_no_log_is_an_error(content: str, reason: str, tmp_path: Path):
    with pytest.raises(NotAnAuditLog) as caught:
        read(content, tmp_path)
    assert reason in str(caught.value)


def test_records_of_other_services_and_categories_are_not_callers(tmp_path: Path):
    other = record("1.1.1.1") | {"resourceId": logs.vault("x").replace("VAULTS", "MANAGEDHSMS")}
    policy = record("2.2.2.2") | {"category": "AzurePolicyEvaluationDetails"}
    assert set(callers(read(logs.json_lines([other, policy, record()]), tmp_path))) == {"191.10.19.7"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"{}", mtime=0), "it is packed (gzip); unpack it first"),
        (b"PK\x03\x04xxxx", "it is an Excel workbook or a zip; save it as CSV, or unpack it"),
        (b"Obj\x01\x04\x14avro.codec", "it is Avro, as Event Hubs Capture writes it"),
        ("x" * 5000 + "\n1\n", f"one is missing, and there is '{'x' * 100}…'"),
        (logs.json_lines([record()] * 3).replace('"time"', '"ti"me"', 2), "line 1 is no JSON: expecting ':' delimiter"),
        (logs.json_lines([record()]) + "x" * 200 + "\n" + logs.json_lines([record()]), "line 2 is no JSON"),
        ("[" * 100_000, "line 1 is no JSON"),
        ('[{"a": ' + "9" * 5000 + "}]" + " " * 100, "line 1 is no JSON: exceeds the limit"),
        (logs.portal_csv([record()]) + "a,b,c\n" + "d,e,f\n", "line 3 is no row of its table: it has 3 cells"),
        (
            json.dumps({"tables": [{"columns": [{"name": "a"}], "rows": [["x", "y"]]}]}),
            "a row of its table is not as long as its columns; export it anew",
        ),
    ],
    ids=lambda each: str(each)[:20],  # the time of packing in it made every process see another test
)
def test_what_is_damaged_is_an_error_that_names_the_place(content: str | bytes, message: str, tmp_path: Path):
    with pytest.raises((AuditLogUnreadable, NotAnAuditLog)) as caught:
        read(content, tmp_path)
    assert message in str(caught.value)


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit_text, "LONGEST_LINE", 1000)
    monkeypatch.setattr(audit_text, "PIECE", 100)
    with pytest.raises(AuditLogUnreadable, match="a line of it is longer than 1,000 characters"):
        read("a,b\n" + "x" * 2000, tmp_path)


def test_a_file_that_is_not_there_and_a_folder_are_errors(tmp_path: Path):
    with pytest.raises(AuditLogUnreadable, match="it is not there; check the name"):
        audit.read(str(tmp_path / "none"), Nobody())
    with pytest.raises(AuditLogUnreadable, match="it is a folder; name a file"):
        audit.read(str(tmp_path), Nobody())


def test_a_result_that_log_analytics_cut_says_so(tmp_path: Path):
    partial = json.loads(logs.query_answer([record()])) | {"error": {"code": "PartialError"}}
    assert read(json.dumps(partial), tmp_path).notes == ("Log Analytics says that the result in log is not complete",)
    portal = logs.table([logs.diagnostics(record())] * 10_000)
    assert read(portal, tmp_path).notes == (
        "log has exactly 10,000 records: so many Log Analytics gives at most, and there may be more",
    )


@pytest.mark.parametrize(
    ("name", "text", "read_as"),
    [
        ("TimeGenerated [UTC]", "11/19/2026, 8:12:01.269 PM", datetime(2026, 11, 19, 20, 12, 1, 269000, tzinfo=UTC)),
        ("TimeGenerated [UTC]", "2026-11-19T08:12:01.2691226Z", datetime(2026, 11, 19, 8, 12, 1, 269122, tzinfo=UTC)),
        ("TimeGenerated", "2026-11-19T09:12:01+01:00", datetime(2026, 11, 19, 8, 12, 1, tzinfo=UTC)),
        ("TimeGenerated [Local Time]", "11/19/2026, 8:12:01.269 PM", None),
        ("TimeGenerated [UTC]", "19.11.2026 20:12", None),
        ("TimeGenerated", "0001-01-01T00:00:00+14:00", None),
    ],
)
def test_a_time_is_read_as_utc_or_not_at_all(name: str, text: str, read_as: datetime | None, tmp_path: Path):
    row = {(name if key == "TimeGenerated" else key): value for key, value in logs.diagnostics(record()).items()}
    found = read(json.dumps([row | {name: text}]), tmp_path)
    assert callers(found)["191.10.19.7"].last_seen == read_as
    assert bool(found.notes) is (read_as is None)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("40.74.28.9", "40.74.28.9"),
        (" 40.74.28.9:51234 ", "40.74.28.9"),
        ("::ffff:40.74.28.9", "40.74.28.9"),
        ("[2603:1030::1]:443", "2603:1030::1"),
        ("2603:1030::1", "2603:1030::1"),
    ],
)
def test_an_address_is_read_with_its_port_and_without(text: str, address: str):
    assert str(parse_caller(text).network_address) == address


@pytest.mark.parametrize("text", ["", "nobody", "10.0.0.0/8", "fe80::1%eth0", "1.2.3", "40.74.28.9:x", "999.1.1.1"])
def test_what_is_no_address_is_an_error(text: str):
    with pytest.raises(NotAnAddress):
        parse_caller(text)


@pytest.mark.parametrize(
    ("changed", "aside"),
    [
        ({"operation": "VaultPatch"}, Aside.CONTROL_PLANE),
        ({"operation": "SecretNearExpiryEventGridNotification"}, Aside.CONTROL_PLANE),
        ({"operation": "PutPrivateEndpointConnectionProxy"}, Aside.CONTROL_PLANE),
        ({"operation": "Authentication", "status": 401}, Aside.UNSIGNED),
        ({"address": ""}, Aside.NO_ADDRESS),
        ({"address": "somewhere"}, Aside.UNREADABLE),
    ],
)
def test_what_tells_nothing_of_callers_is_counted_apart(changed, aside: Aside, tmp_path: Path):
    found = read(logs.json_lines([record(**changed), record("191.10.19.8")]), tmp_path)
    assert set(callers(found)) == {"191.10.19.8"}
    payments = found.of("kv-payments")
    assert payments is not None
    assert payments.aside == {aside: 1}


@pytest.mark.parametrize(
    ("properties", "is_refused"),
    [
        ({"status": 403, "isAddressAuthorized": False}, True),
        ({"status": 403, "isAddressAuthorized": True}, False),
        ({"status": 403}, False),  # perhaps by an access policy: who may be a caller is not taken for none
        ({"status": 200, "isAddressAuthorized": False}, False),
    ],
)
def test_who_was_refused_by_the_firewall_is_told_from_who_lacked_a_permission(properties, is_refused, tmp_path: Path):
    found = read(logs.json_lines([record(**properties)]), tmp_path)
    assert callers(found)["191.10.19.7"].is_refused is is_refused
    assert callers(found)["191.10.19.7"].is_forbidden is (properties == {"status": 403})


def test_a_refusal_is_known_by_its_words_too(tmp_path: Path):
    said = {"resultDescription": "Client address is not authorized and caller is not a trusted service."}
    found = read(logs.json_lines([record(status=403) | said]), tmp_path)
    assert callers(found)["191.10.19.7"].is_refused


@pytest.mark.parametrize(
    ("properties", "way"),
    [
        ({"addrAuthType": "PublicIP"}, Way.ADDRESS),
        ({"addrAuthType": "TrustedService", "trustedService": "AzureBackup"}, Way.TRUSTED_SERVICE),
        ({"addrAuthType": "Private connection"}, Way.PRIVATE_ENDPOINT),
        ({"privateEndpointId": "/subscriptions/s/…/privateEndpoints/pe"}, Way.PRIVATE_ENDPOINT),
        ({"subnetId": logs.AGENTS}, Way.SUBNET),
        ({"subnetId": logs.AGENTS, "addrAuthType": "PublicIP"}, Way.ADDRESS),
        ({"addrAuthType": "SubnetId"}, Way.SUBNET),
        *(({"trustedService": each, "subnetId": "null"}, Way.ADDRESS) for each in ("", "False", "None", "null", 0)),
        ({"trustedService": False, "addrAuthType": "PublicIP"}, Way.ADDRESS),
        ({"trustedService": True}, Way.TRUSTED_SERVICE),
        ({}, Way.ADDRESS),
    ],
)
def test_the_way_is_the_logs_where_it_says_it(properties, way: Way, tmp_path: Path):
    assert callers(read(logs.json_lines([record(**properties)]), tmp_path))["191.10.19.7"].origin.way is way


@pytest.mark.parametrize(
    ("properties", "name", "is_told"),
    [
        ({"trustedService": "true"}, "", True),
        ({"trustedService": "AzureBackup", "addrAuthType": "PublicIP"}, "AzureBackup", True),
        ({"trustedService": "true", "addrAuthType": "PublicIP"}, "", False),
    ],
)
def test_a_yes_is_no_name_of_a_service(properties, name: str, is_told: bool, tmp_path: Path):
    origin = callers(read(logs.json_lines([record(**properties)]), tmp_path))["191.10.19.7"].origin
    assert (origin.way, origin.through, origin.is_told) == (Way.TRUSTED_SERVICE, name, is_told)


def test_of_columns_that_mean_the_same_the_first_that_is_filled_counts(tmp_path: Path):
    row = logs.diagnostics(record(status=403, isAddressAuthorized=False))
    empty = {"isAddressAuthorized_s": "", "httpStatusCode_s": "", "Resource": "", "": "no column of ours"}
    found = callers(read(logs.table([{**empty, **row}]), tmp_path))
    assert found["191.10.19.7"].is_refused


def test_names_of_people_are_not_kept(tmp_path: Path):
    found = repr(read(logs.json_lines(MIXED), tmp_path))
    assert logs.APPLICATION in found
    assert "ada@contoso.com" not in found
    assert "d9da5048" not in found


def test_more_callers_than_anybody_reads_are_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("netcfg.core.callers.MOST_CALLERS", 19)
    many = (Request("kv", "SecretGet", None, Origin(parse_caller(f"191.10.19.{n}"))) for n in range(20))
    with pytest.raises(TooManyCallers):
        gather(many)


@pytest.mark.parametrize("kind", ["address", "time", "group", "subnet", "an unknown name"])
def test_what_is_longer_than_anything_azure_writes_is_not_remembered(kind: str, tmp_path: Path):
    """Else a log of gigabytes takes as much memory as it has bytes."""

    def odd(long: str) -> logs.Record:
        match kind:
            case "address":
                return record(long)
            case "time":
                return record(time=long)
            case "group":
                return record() | {"resourceId": logs.vault("kv-payments", long)}
            case "subnet":
                return record(addrAuthType="Subnet", subnetId=long)
            case _:
                return record() | {long: 1}

    content = logs.json_lines([odd(f"{number}{'x' * 50_000}") for number in range(40)])
    tracemalloc.start()
    try:
        found = read(content, tmp_path)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.of("kv-payments")
    assert kept < 500_000
