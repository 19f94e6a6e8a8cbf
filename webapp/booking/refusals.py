"""What the desk is told when a visit can't be booked or changed, and which constraint says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from webapp.errors import KeyReused, NotFound, Refusal, refuses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

refuses("idempotency_reused")(KeyReused)
refuses("appointment_resource")(NotFound)

_TAKEN = {
    "patient": _l("The patient already has a visit at that time. Choose another time, or move the other visit first."),
    "provider": _l("That time was just taken. Choose one of the times below."),
    "room": _l("No room is free at that time. Choose one of the times below."),
    "equipment": _l("The equipment is not free at that time. Choose one of the times below."),
}


@refuses("occupancy_busy")
class SlotTaken(Refusal):
    """Somebody or something the visit needs is busy; `kinds` says what: patient, provider, room, equipment.

    `resources` are those that were busy, where the database said so.
    """

    code = "slot_taken"
    message = _TAKEN["provider"]

    def __init__(
        self,
        kinds: Sequence[str] = (),
        *,
        alternatives: Sequence[object] = (),
        patient: UUID | None = None,
        resources: Sequence[UUID] = (),
    ) -> None:
        kind = next((kind for kind in ("patient", "provider", "room", "equipment") if kind in kinds), "provider")
        super().__init__(_TAKEN[kind], field="starts_at", alternatives=alternatives, patient=patient)
        self.kinds = tuple(kinds)
        self.resources = frozenset(resources)


class OutsideHours(Refusal):
    """The provider does not work there then, or not for long enough."""

    code = "outside_hours"
    message = _l("That time is outside the provider's hours. Choose one of the times below.")


@refuses("schedule_changed")
class ScheduleChanged(Refusal):
    """The hours changed between reading them and booking; looking again gives the answer."""

    code = "schedule_changed"
    message = _l("The provider's hours just changed. Choose one of the times below.")


@refuses("location_closed")
class LocationClosed(Refusal):
    """A closure covers part of the visit."""

    code = "location_closed"
    message = _l("The clinic is closed at that time. Choose one of the times below.")


@refuses("provider_absent")
class ProviderAway(Refusal):
    """The provider is on leave during part of the visit."""

    code = "provider_away"
    message = _l("The provider is away at that time. Choose one of the times below.")


class HoldBeingPaid(Refusal):
    """Two payments for one time would be one too many."""

    status = 409
    code = "hold_being_paid"
    message = _l("A payment for this time is under way. Wait for it to finish, or end it first.")


@refuses("hold_over")
class HoldOver(Refusal):
    """The time is no longer held: it ran out, was given back, or has been used."""

    code = "hold_over"
    message = _l("The time is no longer held. Choose one of the times below.")


@refuses("patient_not_bookable")
class PatientNotBookable(Refusal):
    """The patient has died or was merged into another record."""

    code = "patient_not_bookable"
    message = _l("This patient cannot be booked: the person has died, or the record was merged into another one.")


class NotOffered(Refusal):
    """The service is retired, not offered there, or not performed by that provider."""

    status = 422
    code = "not_offered"
    message = _l("That provider does not offer this type of visit there. Choose another provider or type.")


class TimePassed(Refusal):
    """The time wished for is already over."""

    status = 422
    code = "time_passed"
    message = _l("That time has passed. Choose a later one.")


class TooSoon(Refusal):
    """Patients book this type of visit with more notice; the desk may still do it."""

    status = 422
    code = "too_soon"
    message = _l("That is too soon to book this visit online. Choose a later time, or call the clinic.")


class TooFarAhead(Refusal):
    """Patients do not book this type of visit that far ahead; the desk may still do it."""

    status = 422
    code = "too_far_ahead"
    message = _l("That is too far ahead to book this visit online. Choose an earlier day, or call the clinic.")


class StaffOnly(Refusal):
    """Only the desk books this type of visit."""

    status = 422
    code = "staff_only"
    message = _l("This visit cannot be booked online. Please call the clinic.")


class NotForThisPatient(Refusal):
    """The type of visit is for new patients or for returning ones, and this patient is not."""

    status = 422
    code = "not_for_this_patient"
    message = _l(
        "This type of visit is for other patients: new ones, or those who have been here. Choose another type."
    )


class OverbookReasonMissing(Refusal):
    """Booking over what is booked says why."""

    status = 422
    code = "overbook_reason_missing"
    message = _l("Say why this visit is booked over another one.")


class NotUndoable(Refusal):
    """The last change is too old to be undone with a click, or nothing that a click can undo."""

    code = "not_undoable"
    message = _l("This can no longer be undone. Change the visit instead.")


@refuses("appointment_location_allowed")
class NotAllowedHere(Refusal):
    """The person's role holds at other locations; 403 although the page is theirs, because the place is not."""

    status = 403
    code = "not_allowed_here"
    message = _l("Your role does not reach that location. Ask somebody who works there, or your manager.")


class WrongState(Refusal):
    """The visit has moved on, so this step no longer applies."""

    code = "wrong_state"
    message = _l("This visit has changed in the meantime. Look at it again before the next step.")


class VisitsAffected(Refusal):
    """A change of the clinic leaves visits without a place; `alternatives` are those visits with what can be done.

    `again` says that the list is another one than the person saw, `problem` what one of the decisions ran into.
    """

    code = "visits_affected"
    message = _l("This change touches visits that are booked. Choose what happens to each of them.")
    changed = _l("The visits changed while you decided. Look at the list again; your choices are kept.")

    def __init__(
        self,
        hits: Sequence[object],
        *,
        again: bool = False,
        problem: Refusal | None = None,
        visit: UUID | None = None,
    ) -> None:
        said = problem.message if problem is not None else self.changed if again else None
        super().__init__(said, field=None if visit is None else f"visit-{visit}", alternatives=hits)
        self.again = again


class Undecided(VisitsAffected):
    """Some of the visits have no answer yet."""

    status = 422
    code = "undecided"
    each = _l("Choose what happens to this visit")

    def __init__(self, hits: Sequence[object], visits: Sequence[UUID]) -> None:
        super().__init__(hits)
        self.visits = tuple(visits)

    @property
    def errors(self) -> dict[str, list[str]]:
        return {f"visit-{visit}": [str(self.each)] for visit in self.visits}


class ReasonMissing(Refusal):
    """A cancellation says why."""

    status = 422
    code = "reason_missing"
    message = _l("Choose why the visit is canceled.")


class NotYetTime(Refusal):
    """A visit that has not begun can't be missed yet."""

    code = "not_yet_time"
    message = _l("The visit has not begun yet. Mark it as missed after its start, or cancel it.")


class AnotherDay(Refusal):
    """Nobody waits for a visit of a later day; a click on the wrong card must not say so."""

    code = "another_day"
    message = _l("This visit is on a later day. Check the patient in on that day, or move the visit to today first.")


class NotBySelf(Refusal):
    """The desk changes this visit: it is too late, belongs to others, or is of a type that only the desk books."""

    code = "not_by_self"
    message = _l("This visit cannot be changed online any more. Please call us.")


class NotHereYet(Refusal):
    """Patients check themselves in from an hour before the visit until its end."""

    code = "not_here_yet"
    message = _l("You can check in from one hour before your visit. Please ask at the front desk.")


class WishedAlready(Refusal):
    """One wish for the same thing is enough; two would be offered two times."""

    code = "wished_already"
    message = _l("This patient is on the waiting list for it already. Change that entry instead.")


class WishNotSingle(Refusal):
    """What is offered to somebody who waits is one visit, or one seat of a group; not the nurse and then the doctor."""

    status = 422
    code = "wish_not_single"
    message = _l("The waiting list offers one visit at a time. Look for visits that belong together by hand.")


class WishEnded(Refusal):
    """Somebody has booked, withdrawn or ended what the person waited for."""

    code = "wish_ended"
    message = _l("This entry of the waiting list has ended already. Look at the list again.")


class OfferAnswered(Refusal):
    """Another desk was faster with the answer, or the time ran out."""

    code = "offer_answered"
    message = _l("This offer has been answered already, or its time is over. Look at the list again.")
