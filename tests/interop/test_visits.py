from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.interop.bundles import (
    MRN,
    NPI,
    bundle,
    encounter,
    entry,
    organization,
    patient,
    read,
    refused,
)
from webapp.interop.mapping.records import Identifier


def test_a_practitioner_of_another_file_is_left_to_be_looked_up() -> None:
    who = entry(patient())
    found = read(bundle(who, entry(encounter(who["fullUrl"], f"Practitioner?identifier={NPI}|77"))))
    assert found.encounters[0].practitioner == Identifier(NPI, "77")


def test_a_visit_entered_in_error_or_without_a_start_is_passed_over_and_counted() -> None:
    who = entry(patient())
    seen = [encounter(who["fullUrl"], status="entered-in-error"), encounter(who["fullUrl"], period={})]
    found = read(bundle(who, *map(entry, seen)))
    assert found.encounters == ()
    assert sum(count for _, count in found.skipped) == 2


def test_a_visit_without_an_address_is_known_by_its_id_beside_the_person() -> None:
    who = entry(patient())
    seen = entry(encounter(who["fullUrl"], id="e9"))
    del seen["fullUrl"]
    assert read(bundle(who, seen)).encounters[0].identifier == Identifier(MRN, "M-1/Encounter/e9")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}}, "dangling reference"),
        ({"subject": {"reference": "Patient/elsewhere"}}, "dangling reference"),
        ({"subject": {"reference": 7}}, "should be text"),
        ({"subject": {}}, "reference is missing"),
        ({"subject": None}, "subject is missing"),
        ({"participant": [{"individual": {"reference": "urn:uuid:nobody"}}]}, "dangling reference"),
        ({"serviceProvider": {"reference": "urn:uuid:nowhere"}}, "dangling reference"),
        ({"period": {"start": "2019-02-30T10:00:00Z"}}, "period.start is an impossible date"),
        ({"period": {"start": "2019-02-03T10:61:00Z"}}, "period.start is an impossible date"),
        ({"period": {"start": "2019-02-03 10:00"}}, "period.start is not a time"),
        ({"period": {"start": "2019"}}, "period.start has no day"),
        ({"period": {"start": "2019-02-03T10:00:00Z", "end": "2019-02-03T09:59:59Z"}}, "ends before it starts"),
        ({"period": "2019"}, "period should be an object"),
        ({"type": {}}, "type should be a list"),
        ({"class": "AMB"}, "class should be an object"),
    ],
)
def test_a_visit_that_cannot_be_right_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    who = entry(patient())
    seen = entry(encounter(who["fullUrl"], **changes))
    fault = refused(bundle(who, seen))
    assert fault.where == f"entry 1 (Encounter {seen['fullUrl']})"
    assert reason in fault.reason


def test_a_visit_of_an_organization_is_refused() -> None:
    at = entry(organization())
    assert "should refer to a Patient" in refused(bundle(at, entry(encounter(at["fullUrl"])))).reason


def test_a_leap_second_and_long_fractions_are_times() -> None:
    who = entry(patient())
    period = {"start": "2016-12-31T23:59:60Z", "end": "2017-01-01T00:00:00.123456789Z"}
    found = read(bundle(who, entry(encounter(who["fullUrl"], period=period)))).encounters[0]
    assert found.starts_at == datetime(2017, 1, 1, tzinfo=UTC)
    assert found.ends_at == datetime(2017, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
