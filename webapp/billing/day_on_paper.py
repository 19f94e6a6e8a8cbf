"""The day report: drawers, what was taken, what goes to the bank, who signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.dates import format_date
from flask_babel import gettext as _

from webapp.billing.day_words import difference, drawer_name, signed, taken_label
from webapp.billing.paper import Column, Paper, Section, Sum, amounts
from webapp.billing.queries import closing
from webapp.billing.queries.day_visits import unpaid_visits
from webapp.booking.wording import LOCALE, clock
from webapp.practice.hours import local_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from webapp.billing.queries.closing import DrawerCount
    from webapp.practice.models import Location


def day_report(site: Location, day: dt.date, at: dt.datetime) -> Paper:
    """A day of a site on paper, signed or not; who still owes for it is named."""
    span, currency = local_day(site.time_zone, day), site.currency
    counts = closing.counts_of(site.id, day)
    taken = closing.taken(site.id, span)
    unpaid = unpaid_visits(site.id, span)
    net = sum(each.cents for each in taken)
    sections = (
        _drawers(counts, currency),
        Section(
            _("Taken"),
            (Column(_("How")), *amounts(_("Number"), _("Amount"))),
            tuple((taken_label(each), str(each.number), signed(each.cents, currency)) for each in taken),
        ),
        Section(
            _("Not paid yet"),
            (Column(_("Patient")), Column(_("Invoice")), *amounts(_("To pay"))),
            tuple((each.patient, each.number, signed(each.cents, currency)) for each in unpaid),
        ),
        _history(counts, site),
    )
    ties = net == closing.taken_by_ledger(site.id, span)
    sums = (*_bag(counts, currency), Sum(_("Net taken"), signed(net, currency), strong=True))
    note = _("Ties to the ledger to the cent.") if ties else _("This is not what the ledger says.")
    long = format_date(day, "EEEE, MMMM d, y", locale=LOCALE)
    done = sum(each.closed_at is not None for each in counts)
    facts = ((_("Location"), site.name), (_("Drawers signed"), f"{done} / {len(counts)}"))
    return Paper(
        "day_report", _("Day report, %(day)s", day=long), site, at, (), facts, sections, sums, (note,),
        frozenset(each.patient_id for each in unpaid), f"day-report-{day.isoformat()}.pdf",
    )  # fmt: skip


def _drawers(counts: Sequence[DrawerCount], currency: str) -> Section:
    columns = amounts(_("Start"), _("In"), _("Out"), _("Expected"), _("Counted"), _("Difference"))
    rows = tuple(
        (
            drawer_name(each), signed(each.float_cents, currency), signed(each.in_cents, currency),
            signed(each.out_cents, currency), signed(each.expected_cents, currency),
            "" if each.counted_cents is None else signed(each.counted_cents, currency),
            "" if each.counted_cents is None else signed(each.difference_cents, currency),
        )
        for each in counts
    )  # fmt: skip
    return Section(_("Drawers"), (Column(_("Drawer")), *columns), rows)


def _bag(counts: Sequence[DrawerCount], currency: str) -> tuple[Sum, ...]:
    lies = {each.id: each.expected_cents if each.counted_cents is None else each.counted_cents for each in counts}
    cash = sum(lies[each.id] - each.float_cents for each in counts if each.kind == "cash")
    checks = sum(lies[each.id] for each in counts if each.kind == "checks")
    return (
        Sum(_("Cash over the starts"), signed(cash, currency)),
        Sum(_("Checks"), signed(checks, currency)),
        Sum(_("Bank deposit"), signed(cash + checks, currency)),
    )


def _history(counts: Sequence[DrawerCount], site: Location) -> Section:
    names = {each.id: drawer_name(each) for each in counts}
    rows = []
    for step in closing.steps_of(list(names)):
        who = step.actor or _("By itself")
        rows.append((names[step.drawer_day_id], f"{clock(step.at, site.time_zone)}, {who}", _step(step), step.reason))
    for each in counts:
        if each.difference_cents:
            how = difference(each.difference_cents, site.currency)
            words = ", ".join(part for part in (each.difference_reason, each.difference_note) if part)
            rows.append((names[each.id], "", how, words))
    columns = (Column(_("Drawer")), Column(_("When and who")), Column(_("What")), Column(_("Why")))
    return Section(_("Signatures"), columns, tuple(rows))


def _step(step: closing.Step) -> str:
    return {"open": _("Opened"), "close": _("Signed"), "reopen": _("Opened again")}[step.kind]
