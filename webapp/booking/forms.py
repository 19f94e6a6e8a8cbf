"""What the pages about visits send: form data to frozen requests, all errors at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from flask_babel import gettext as _
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from webapp.booking.actions import BookRequest, CancelRequest, MoveRequest
from webapp.booking.rhythm import REPEAT, UNIT, Rhythm, read_rhythm
from webapp.errors import FormInvalid

LONGEST_NOTE = 500
LATTICE_MINUTES = 5
MOST_VERSION = 2**31 - 1
YEARS = range(1900, 2200)
NOT_CONTENT = frozenset({"csrf_token", "_key"})
REASONS = ("patient", "sick", "provider", "mistake", "other")
HALVES = ("any", "am", "pm")
INSTANT = "%Y-%m-%dT%H:%MZ"
GROUP = "group-"


def _wrong(code: str) -> PydanticCustomError:
    return PydanticCustomError(code, code)


def _given(typed: object) -> object:
    if not isinstance(typed, str) or not typed.strip():
        raise _wrong("missing")
    return typed.strip()


def _optional(typed: object) -> object:
    return None if typed == "" else typed


def _instant(typed: object) -> datetime:
    moment = read_instant(str(_given(typed)))
    if moment is None:
        raise _wrong("format")
    return moment


def _text(text: str) -> str:
    tidy = text.replace("\r\n", "\n").strip()
    if "\0" in tidy or any("\ud800" <= char <= "\udfff" for char in tidy):
        raise _wrong("character")
    if len(tidy) > LONGEST_NOTE:
        raise _wrong("long")
    return tidy


def _reason(code: str) -> str:
    if code not in REASONS:
        raise _wrong("missing")
    return code


def _version(typed: object) -> int | None:
    if typed is None or typed == "":
        return None
    text = str(typed)
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST_VERSION):
        raise _wrong("format")
    return int(text)


Chosen = Annotated[UUID, BeforeValidator(_given)]
Optional = Annotated[UUID | None, BeforeValidator(_optional)]
Instant = Annotated[datetime, BeforeValidator(_instant)]
Note = Annotated[str, AfterValidator(_text)]
Scope = Literal["one", "later", "all", "together"]
Version = Annotated[int | None, BeforeValidator(_version)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class _Placing(_Form):
    """What goes with a time that is taken: that it is booked anyway, and why."""

    anyway: str = ""
    overbook_reason: Note = ""


class BookForm(_Placing):
    """Patient, type of visit and time are needed; no provider means whoever is free, `wish` comes off the list."""

    patient: Chosen = ""  # type: ignore[assignment]
    service: Chosen = ""  # type: ignore[assignment]
    location: Chosen = ""  # type: ignore[assignment]
    provider: Optional = None
    starts_at: Instant = ""  # type: ignore[assignment]
    note: Note = ""
    wish: Optional = None


class MoveForm(_Placing):
    """The new time, and who sees the patient then."""

    provider: Optional = None
    location: Optional = None
    starts_at: Instant = ""  # type: ignore[assignment]
    version: Version = None
    which: Scope = "one"


class CancelForm(_Form):
    """Why, from a short list, with words of one's own for anything else."""

    reason: Annotated[str, AfterValidator(_reason)] = ""
    other: Note = ""
    version: Version = None
    which: Scope = "one"
    offer: Literal["", "1"] = ""
    offer_asked: Literal["", "1"] = ""


F = TypeVar("F", bound=_Form)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person has chosen so far of a visit to book, from the address; what can't be read is not chosen."""

    patient: UUID | None = None
    service: UUID | None = None
    provider: UUID | None = None
    location: UUID | None = None
    at: datetime | None = None
    week: date | None = None
    half: str = "any"
    group: UUID | None = None
    rhythm: Rhythm = field(default_factory=Rhythm)
    wish: UUID | None = None


def read_choice(args: Mapping[str, str]) -> Choice:
    """Read a choice from a query string or a form that was sent."""
    half = args.get("half", "any")
    return Choice(
        patient=_uuid(args.get("patient", "")),
        service=_uuid(args.get("service", "")),
        provider=_uuid(args.get("provider", "")),
        location=_uuid(args.get("location", "")),
        at=read_instant(args.get("starts_at") or args.get("at") or ""),
        week=_date(args.get("week", "")),
        half=half if half in HALVES else "any",
        group=read_group(args.get("starts_at") or args.get("at") or ""),
        rhythm=read_rhythm(args),
        wish=read_wish(args),
    )


def read_wish(form: Mapping[str, str]) -> UUID | None:
    """Read which wish of the waiting list a booking fulfils."""
    return _uuid(form.get("wish", ""))


def read_group(text: str) -> UUID | None:
    """Read a group visit that was chosen instead of a time: group-018f…; None for anything else."""
    return _uuid(text.removeprefix(GROUP)) if text.startswith(GROUP) else None


def read_booking(form: Mapping[str, str]) -> BookRequest:
    """Read the booking form; raises FormInvalid, also for one that asks for more than one visit."""
    if form.get(UNIT, "").strip():
        raise FormInvalid({UNIT: [_("See all dates first, or choose that the visit does not repeat")]})
    return read_visit(form)


def read_visit(form: Mapping[str, str]) -> BookRequest:
    """Read who, what, where and when of the booking form, whatever it says about repeating; raises FormInvalid."""
    sent = _parsed(BookForm, {name: value for name, value in form.items() if not name.startswith(REPEAT)})
    return BookRequest(
        patient_id=sent.patient,
        service_id=sent.service,
        location_id=sent.location,
        starts_at=sent.starts_at,
        provider_id=sent.provider,
        note=sent.note,
    )


def read_which(form: Mapping[str, str]) -> str:
    """Read what a change of one visit reaches; the forms below refuse what is none of SCOPES."""
    return form.get("which") or "one"


def read_overbook_reason(form: Mapping[str, str]) -> str | None:
    """Read why a taken time is booked anyway; None when the form does not ask for that (FormInvalid)."""
    sent = _parsed(_Placing, {name: form[name] for name in ("anyway", "overbook_reason") if name in form})
    return sent.overbook_reason if sent.anyway else None


def read_move(form: Mapping[str, str], appointment_id: UUID) -> MoveRequest:
    """Read the form that moves a visit; raises FormInvalid."""
    sent = _parsed(MoveForm, form)
    return MoveRequest(
        appointment_id=appointment_id,
        starts_at=sent.starts_at,
        provider_id=sent.provider,
        location_id=sent.location,
        version=sent.version,
    )


def read_cancellation(form: Mapping[str, str], appointment_id: UUID) -> CancelRequest:
    """Read the form that cancels a visit; raises FormInvalid."""
    sent = _parsed(CancelForm, form)
    if sent.reason == "other" and not sent.other:
        raise FormInvalid({"other": [_("Say why the visit is canceled")]})
    reason = sent.other if sent.reason == "other" else reason_label(sent.reason)
    # A page that did not ask who waits does what is right without: the time goes to them.
    offer = bool(sent.offer) or not sent.offer_asked
    return CancelRequest(appointment_id=appointment_id, reason=reason, version=sent.version, offer=offer)


def reason_label(reason: str) -> str:
    """Words of a reason on the list."""
    words = {
        "patient": _("The patient asked for it"),
        "sick": _("The patient is sick"),
        "provider": _("The provider is away"),
        "mistake": _("Booked by mistake"),
        "other": _("Another reason"),
    }
    return words[reason]


def read_instant(text: str) -> datetime | None:
    """Read an instant on the lattice, as our pages write it: 2026-11-18T20:20Z; None for anything else."""
    try:
        moment = datetime.strptime(text, INSTANT).replace(tzinfo=UTC)
    except ValueError:
        return None
    if moment.minute % LATTICE_MINUTES or moment.year not in YEARS:
        return None
    return moment


def write_instant(moment: datetime) -> str:
    """Write an instant for a form or an address."""
    return moment.astimezone(UTC).strftime(INSTANT)


def _parsed(model: type[F], form: Mapping[str, str]) -> F:
    content: dict[str, Any] = {name: value for name, value in form.items() if name not in NOT_CONTENT}
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> FormInvalid:
    errors: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        field = str(problem["loc"][0])
        errors.setdefault(field, []).append(_sentence(field, problem["type"]))
    return FormInvalid(errors)


def _sentence(field: str, code: str) -> str:
    missing = {
        "patient": _("Choose the patient"),
        "service": _("Choose the type of visit"),
        "location": _("Choose where the visit takes place"),
        "starts_at": _("Choose a time"),
        "reason": _("Choose why the visit is canceled"),
    }
    general = {
        "long": _("Shorten this to 500 characters"),
        "character": _("Type this again; it has a character that cannot be stored"),
    }
    if code == "missing" and field in missing:
        return missing[field]
    return general.get(code) or missing.get(field) or _("This page was out of date. Open it again.")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None
