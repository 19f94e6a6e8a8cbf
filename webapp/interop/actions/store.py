"""One bundle into the clinic: places, practitioners, people, then their visits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from webapp.interop.actions.directory import store_organizations, store_practitioners
from webapp.interop.actions.people import store_patients
from webapp.interop.actions.tally import Tally
from webapp.interop.actions.visits import store_encounters

if TYPE_CHECKING:
    from datetime import datetime

    from webapp.interop.mapping.records import ImportedBundle


@dataclass(frozen=True, slots=True)
class Stored:
    """What one or more bundles changed, by kind of record."""

    patients: Tally = field(default_factory=Tally)
    practitioners: Tally = field(default_factory=Tally)
    organizations: Tally = field(default_factory=Tally)
    encounters: Tally = field(default_factory=Tally)

    def __add__(self, other: Stored) -> Stored:
        return Stored(
            self.patients + other.patients,
            self.practitioners + other.practitioners,
            self.organizations + other.organizations,
            self.encounters + other.encounters,
        )


def store(bundle: ImportedBundle, *, at: datetime) -> Stored:
    """Store a bundle; what the clinic has already is left alone, so a second time changes no row.

    Raises Fault when an encounter refers to somebody neither the bundle nor the clinic knows, or when identifiers of
    one person lead to two records.
    """
    # The same order everywhere, and sorted within: two imports at once wait for each other, never in a circle.
    wanted = bundle.encounters
    organizations, organization_tally = store_organizations(
        bundle.organizations, {each.organization for each in wanted}
    )
    practitioners, practitioner_tally = store_practitioners(
        bundle.practitioners, {each.practitioner for each in wanted}
    )
    patients, patient_tally = store_patients(bundle.patients, {each.patient for each in wanted}, at)
    encounter_tally = store_encounters(wanted, patients, practitioners, organizations)
    return Stored(patient_tally, practitioner_tally, organization_tally, encounter_tally)
