"""The figures of a period as tables: what the page draws, prints and exports are the same numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from babel.dates import format_date
from flask_babel import gettext as _

from webapp.booking.forms import REASONS, reason_label
from webapp.booking.queries import figures as sums
from webapp.booking.queries.figures import OTHER, STEPS, Canceled, Key, Outcome, Period, Totals, Waited
from webapp.booking.wording import LOCALE
from webapp.practice import queries as practice
from webapp.practice.models import Provider

DAYS_BY_DAY, DAYS_BY_WEEK = 14, 200
_MONDAY = date(2024, 1, 1)
"""Any Monday: the names of weekdays are counted from it."""

Raw = str | int | float


@dataclass(frozen=True, slots=True)
class Cell:
    """A number or word as people read it and as a spreadsheet calculates with it."""

    text: str
    raw: Raw


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its file name; the first column names what a row is about."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """How full the schedule was: minutes used and open by place, provider and weekday, and whose names they are."""

    used: Mapping[Key, int]
    opened: Mapping[Key, int]
    providers: Sequence[Provider]

    def minutes(
        self, *, site: UUID | None = None, provider: UUID | None = None, weekday: int | None = None
    ) -> tuple[int, int]:
        """Minutes used and open of some of them."""
        wanted = (site, provider, weekday)
        used, opened = (
            sum(m for key, m in each.items() if all(w in (None, k) for w, k in zip(wanted, key, strict=True)))
            for each in (self.used, self.opened)
        )
        return used, opened

    @property
    def weekdays(self) -> list[int]:
        return sorted({weekday for _, _, weekday in (*self.used, *self.opened)})


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is known of a period; `earlier` are the totals and shares of as many days before."""

    period: Period
    unit: str
    filled: Filled
    waited: Sequence[Waited]
    outcomes: Sequence[Outcome]
    canceled: Sequence[Canceled]
    totals: Totals
    services: Mapping[UUID, str]
    filled_before: float | None
    totals_before: Totals


def read(period: Period) -> Figures:
    """Read everything about a period."""
    days = (period.last - period.first).days + 1
    unit = "day" if days <= DAYS_BY_DAY else "week" if days <= DAYS_BY_WEEK else "month"
    earlier = sums.before(period)
    outcomes = sums.outcomes(period)
    return Figures(
        period=period,
        unit=unit,
        filled=_filled(period),
        waited=sums.waiting(period, unit),
        outcomes=outcomes,
        canceled=sums.canceled(period, [reason_label(reason) for reason in REASONS if reason != OTHER]),
        totals=sums.totals(period),
        services=sums.service_names({each.service_id for each in outcomes}),
        filled_before=ratio(*_filled(earlier).minutes()),
        totals_before=sums.totals(earlier),
    )


def _filled(period: Period) -> Filled:
    used = sums.minutes_used(period)
    known = practice.providers()
    gone = {provider for _, provider, _ in used} - {provider.id for provider in known}
    opened = sums.minutes_scheduled(period, gone)
    counted = {provider for _, provider, _ in (*used, *opened)}
    everybody = known + practice.providers_by_id(gone)
    return Filled(used, opened, [provider for provider in everybody if provider.id in counted])


def ratio(part: float, whole: float) -> float | None:
    """A share, None of nothing."""
    return part / whole if whole else None


def word(text: str) -> Cell:
    return Cell(text, text)


def count(number: int) -> Cell:
    return Cell(f"{number:,}", number)


def percent(share: float | None, digits: int = 0) -> Cell:
    """A share as a percentage; in files with one digit more than anybody reads."""
    if share is None:
        return Cell("–", "")
    return Cell(f"{share * 100:.{digits}f}%", round(share * 100, 1))


def hours(minutes: int) -> Cell:
    return Cell(f"{minutes / 60:,.1f}", round(minutes / 60, 2))


def minutes(number: float | None) -> Cell:
    if number is None:
        return Cell("–", "")
    return Cell(_("%(minutes)s min", minutes=round(number)), round(number, 1))


def weekday_name(weekday: int) -> str:
    """Mon."""
    return format_date(_MONDAY.replace(day=weekday), "EEE", locale=LOCALE)


def since_name(since: date, unit: str) -> str:
    """The day, first day of the week or month that a row begins with."""
    return format_date(since, "MMM y" if unit == "month" else "MMM d", locale=LOCALE)


def step_names() -> list[str]:
    """How far ahead, in words."""
    ends = [following - 1 for following in STEPS[1:]]
    return [
        _("The same day"),
        *(_("%(first)d to %(last)d days", first=first, last=last) for first, last in zip(STEPS, ends, strict=False)),
        _("%(first)d days and more", first=STEPS[-1]),
    ]


def reason_name(reason: str) -> str:
    """A reason of the desk's list, or that it was another."""
    return _("Another reason") if reason == OTHER else reason


def utilization(figures: Figures) -> Table:
    """A row for each provider: the share of each weekday, hours open and booked, the share of all."""
    filled = figures.filled
    rows = []
    for provider in filled.providers:
        used, opened = filled.minutes(provider=provider.id)
        cells = [day_cell(*filled.minutes(provider=provider.id, weekday=day)) for day in filled.weekdays]
        rows.append((word(provider.name), *cells, hours(opened), hours(used), percent(ratio(used, opened))))
    columns = (
        _("Provider"), *map(weekday_name, filled.weekdays), _("Open hours"), _("Booked hours"), _("Booked"),
    )  # fmt: skip
    return Table("utilization", _("How full the schedule was"), columns, tuple(rows))


def day_cell(used: int, opened: int) -> Cell:
    """The share of a weekday; hours where somebody worked on one without hours."""
    if opened or not used:
        return percent(ratio(used, opened))
    return Cell(_("%(hours)s h", hours=f"{used / 60:.1f}"), "")


def places(figures: Figures) -> Table:
    """A row for each location."""
    rows = []
    for site in figures.period.sites:
        used, opened = figures.filled.minutes(site=site.id)
        rows.append((word(site.name), hours(opened), hours(used), percent(ratio(used, opened))))
    columns = (_("Location"), _("Open hours"), _("Booked hours"), _("Booked"))
    return Table("locations", _("Location by location"), columns, tuple(rows))


def wait(figures: Figures) -> Table:
    """A row for each day, week or month in which somebody waited."""
    first = {"day": _("Day"), "week": _("Week of"), "month": _("Month")}[figures.unit]
    rows = tuple(
        (
            Cell(since_name(each.since, figures.unit), each.since.isoformat()),
            count(each.visits),
            minutes(each.half),
            minutes(each.most),
            count(each.long),
        )
        for each in figures.waited
    )
    columns = (first, _("Visits"), _("Half waited under"), _("9 in 10 under"), _("Over 30 min"))
    return Table("waiting", _("Wait from check-in to room"), columns, rows)


def by_service(figures: Figures) -> list[tuple[str, int, int]]:
    """Name, who came and who did not, the worst rate first; services nobody was due for are left out."""
    came: Counter[UUID] = Counter()
    missed: Counter[UUID] = Counter()
    for each in figures.outcomes:
        came[each.service_id] += each.came
        missed[each.service_id] += each.missed
    due = [(figures.services.get(id_, ""), came[id_], missed[id_]) for id_ in came if came[id_] + missed[id_]]
    return sorted(due, key=lambda row: (-row[2] / (row[1] + row[2]), row[0]))


def no_shows(figures: Figures) -> Table:
    """A row for each service."""
    rows = tuple(
        (word(name), count(came + missed), count(missed), percent(ratio(missed, came + missed), 1))
        for name, came, missed in by_service(figures)
    )
    return Table(
        "no_shows", _("Did not attend, by service"), (_("Service"), _("Due"), _("Did not attend"), _("Rate")), rows
    )


def by_step(figures: Figures) -> list[tuple[str, int, int, int]]:
    """Words of a step of lead time, visits, who came and who did not; all steps, in order."""
    visits, came, missed = [0] * (len(STEPS) + 1), [0] * (len(STEPS) + 1), [0] * (len(STEPS) + 1)
    for each in figures.outcomes:
        visits[each.step] += each.visits
        came[each.step] += each.came
        missed[each.step] += each.missed
    return list(zip(step_names(), visits, came, missed, strict=True))


def lead_time(figures: Figures) -> Table:
    """A row for each step of lead time, with how often people did not attend."""
    total = sum(each.visits for each in figures.outcomes)
    rows = tuple(
        (
            word(name),
            count(visits),
            percent(ratio(visits, total)),
            count(missed),
            percent(ratio(missed, came + missed), 1),
        )
        for name, visits, came, missed in by_step(figures)
    )
    columns = (_("Booked ahead"), _("Visits"), _("Share"), _("Did not attend"), _("Rate"))
    return Table("lead_time", _("How far ahead visits are booked"), columns, rows)


def cancellations(figures: Figures) -> Table:
    """A row for each reason."""
    rows = tuple(
        (word(reason_name(each.reason)), count(each.visits), count(each.late), percent(ratio(each.late, each.visits)))
        for each in figures.canceled
    )
    columns = (_("Reason"), _("Canceled"), _("Of these late"), _("Share late"))
    return Table("cancellations", _("Canceled visits, by reason"), columns, rows)


TABLES = {
    "utilization": utilization,
    "locations": places,
    "waiting": wait,
    "no_shows": no_shows,
    "lead_time": lead_time,
    "cancellations": cancellations,
}
"""How each table is made of the figures, by the name of its file."""
