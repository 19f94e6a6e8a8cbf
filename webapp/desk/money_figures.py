"""Money of a period as tables: what is owed for how long, and what came of providers, services and methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from webapp.billing.day_words import METHODS, signed
from webapp.billing.queries import figures as sums
from webapp.billing.queries.figures import Aged, Charged, Received
from webapp.booking.queries.figures import Period
from webapp.desk.figures import Cell, Table


@dataclass(frozen=True, slots=True)
class MoneyFigures:
    """Everything about the money of a period, in cents of `currency`."""

    period: Period
    currency: str
    aged: Sequence[Aged]
    providers: Sequence[Charged]
    services: Sequence[Charged]
    methods: Sequence[Received]

    @property
    def owed_cents(self) -> int:
        """What is owed in all, by patients and payers."""
        return sum(each.patient_cents + each.payer_cents for each in self.aged)

    @property
    def late_cents(self) -> int:
        """What of it is owed for more than thirty days."""
        return sum(each.patient_cents + each.payer_cents for each in self.aged if each.step)

    @property
    def charged_cents(self) -> int:
        return sum(each.cents for each in self.services)

    @property
    def received_cents(self) -> int:
        """What came in and stayed."""
        return sum(each.cents - each.back_cents for each in self.methods)


def read(period: Period) -> MoneyFigures:
    """Read everything about the money of a period; sites of the first one's currency, which is the clinic's."""
    currency = period.sites[0].currency if period.sites else "USD"
    chosen = Period(period.first, period.last, tuple(site for site in period.sites if site.currency == currency))
    if not chosen.sites:
        return MoneyFigures(chosen, currency, (), (), (), ())
    return MoneyFigures(
        chosen, currency, sums.aging(chosen), sums.by_provider(chosen), sums.by_service(chosen), sums.by_method(chosen)
    )


def step_label(step: int) -> str:
    """A step of aging: "0 to 30 days", "more than 90 days"."""
    if step == len(sums.AGES):
        return _("more than %(days)s days", days=sums.AGES[-1])
    first = sums.AGES[step - 1] + 1 if step else 0
    return _("%(first)s to %(last)s days", first=first, last=sums.AGES[step])


def aging(found: MoneyFigures) -> Table:
    """What is owed, by days since it was due."""
    rows = [
        (
            _word(step_label(each.step)), _count(each.invoices), _money(each.patient_cents, found),
            _money(each.payer_cents, found), _money(each.patient_cents + each.payer_cents, found),
        )
        for each in found.aged
    ]  # fmt: skip
    columns = (_("Since it was due"), _("Invoices"), _("Patients"), _("Insurers"), _("Owed"))
    return Table("aging", _("Owed for how long"), columns, tuple(rows) if found.owed_cents else ())


def providers(found: MoneyFigures) -> Table:
    """What was charged for visits of each provider."""
    rows = [_charged(each, found, each.name or _("Without a visit")) for each in found.providers]
    return Table("revenue_by_provider", _("Charged by provider"), _columns(_("Provider")), tuple(rows))


def services(found: MoneyFigures) -> Table:
    """What was charged for each service and item."""
    rows = [_charged(each, found, each.name) for each in found.services]
    return Table("revenue_by_service", _("Charged by service"), _columns(_("Service or item")), tuple(rows))


def methods(found: MoneyFigures) -> Table:
    """What came in by each method."""
    rows = [
        (
            _word(str(METHODS.get(each.method, each.method))), _count(each.payments), _money(each.cents, found),
            _money(-each.back_cents, found), _money(each.cents - each.back_cents, found),
        )
        for each in found.methods
    ]  # fmt: skip
    columns = (_("Method"), _("Payments"), _("Received"), _("Given back"), _("Kept"))
    return Table("revenue_by_method", _("Received by method"), columns, tuple(rows))


TABLES = {
    "aging": aging,
    "revenue_by_provider": providers,
    "revenue_by_service": services,
    "revenue_by_method": methods,
}


def _columns(first: str) -> tuple[str, ...]:
    return first, _("Lines"), _("Charged")


def _charged(each: Charged, found: MoneyFigures, name: str) -> tuple[Cell, ...]:
    return _word(name), _count(each.lines), _money(each.cents, found)


def _word(text: str) -> Cell:
    return Cell(text, text)


def _count(number: int) -> Cell:
    return Cell(str(number), number)


def _money(cents: int, found: MoneyFigures) -> Cell:
    """As people read it, and as a number of a spreadsheet: only a picture of cents, nothing is calculated with it."""
    return Cell(signed(cents, found.currency), cents / 100)
