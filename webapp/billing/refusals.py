"""What people are told when money can't go where they want it, and which constraint says so."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal, refuses


@refuses("money_location_allowed")
class NoMoneyHere(Refusal):
    """The person's role holds at other locations."""

    status = 403
    code = "no_money_here"
    message = _l("Your role does not hold at this location, so you cannot charge or take money there.")


@refuses("ledger_transaction_leave", "refund_leave")
class NeedsLeave(Refusal):
    """Giving up money that is owed, or giving it back, is not for everybody who takes it."""

    status = 403
    code = "needs_leave"
    message = _l("Somebody from billing or a manager has to do this.")


@refuses("invoice_issued_stays")
class DocumentFixed(Refusal):
    """What was issued, or is void, stays as it is."""

    status = 409
    code = "document_fixed"
    message = _l("This invoice was issued or closed meanwhile, so it cannot be changed. A credit note can correct it.")


@refuses("invoice_appointment_key", "invoice_replaces_key")
class BilledAlready(Refusal):
    """A visit has one invoice; a credited one is replaced once."""

    status = 409
    code = "billed_already"
    message = _l("This visit has an invoice already. Look at it, or credit it first.")


class NotFinished(Refusal):
    """A visit that is not over has nothing to charge yet."""

    status = 409
    code = "not_finished"
    message = _l("This visit is not finished yet, so there is nothing to charge.")


class NothingToCharge(Refusal):
    """A document without an amount."""

    status = 422
    code = "nothing_to_charge"
    message = _l("Nothing is charged on this invoice. Add a line, or say that there is no charge.")


@refuses("ledger_transaction_reverses_id_key")
class NothingLeft(Refusal):
    """Nothing is left to take back, to give back or to use."""

    status = 409
    code = "nothing_left"
    message = _l("Nothing of it is left.")


@refuses("ledger_invoice_overpaid")
class MoreThanIsDue(Refusal):
    """Somebody paid meanwhile, or a payment is on its way."""

    status = 409
    code = "more_than_is_due"
    message = _l("Less is due than you are about to enter: somebody may have paid meanwhile. Look at what is open now.")


@refuses("ledger_payment_spent")
class MoreThanWasPaid(Refusal):
    """Never more goes back than came in, whoever is quickest."""

    status = 422
    code = "more_than_was_paid"
    message = _l("That is more than is left of this payment. Part of it may have gone back meanwhile.")


class DueChanged(Refusal):
    """What is due is not what the page showed; `alternatives` are invoice ids with what is due now."""

    status = 409
    code = "due_changed"
    message = _l("What is due has changed since you opened this page. Check the new amount, then press again.")


class WrongAmountOfMoney(Refusal):
    """Nothing, less than nothing, more than anybody pays, or less cash than there is to pay."""

    status = 422
    code = "wrong_amount"
    message = _l("Enter an amount above zero.")


class ForeignCurrency(Refusal):
    """The location is paid in its own currency."""

    status = 422
    code = "foreign_currency"
    message = _l("This location is not paid in that currency.")


class MoneyReasonMissing(Refusal):
    """What gives money up, or changes a price for one person, has a reason."""

    status = 422
    code = "money_reason_missing"
    message = _l("Enter a reason. It is kept with the change.")


class WrongWayBack(Refusal):
    """Money goes back the way it came."""

    status = 422
    code = "wrong_way_back"
    message = _l("Money goes back the way it was paid. Choose that way.")


class LinesWrong(Refusal):
    """Lines that can't be: a discount beyond the price, a share beyond the rest, something that is not offered."""

    status = 422
    code = "lines_wrong"
    message = _l("A line does not add up. Check its quantity, price, discount and the insurer's part.")


class CreditedBeyond(Refusal):
    """A credit note takes back no more than was charged, all credit notes together."""

    status = 409
    code = "credited_beyond"
    message = _l("That is more than is left of this line. Part of it may have been credited meanwhile.")


@refuses("drawer_day_closed_stays")
class DrawerClosed(Refusal):
    """Cash needs an open drawer."""

    status = 409
    code = "drawer_closed"
    message = _l("This drawer is not open. Open it with its starting cash, or choose another one.")


@refuses("drawer_day_open_key")
class DrawerOpen(Refusal):
    """A drawer is counted before it is opened again."""

    status = 409
    code = "drawer_open"
    message = _l("This drawer is open already.")


@refuses("drawer_day_signed")
class DaySigned(Refusal):
    """A signed day stays; a manager may open it again."""

    status = 409
    code = "day_signed"
    message = _l("This day is signed. Corrections go on the next day, or a manager opens it again.")


@refuses("drawer_day_difference_reason")
class DifferenceUnexplained(Refusal):
    """Money too much or missing needs a reason."""

    status = 422
    code = "difference_unexplained"
    message = _l("The count differs from what is expected. Give a reason to go on.")


class ManagerSigns(Refusal):
    """A large difference is signed by a manager, too."""

    status = 422
    code = "manager_signs"
    message = _l("The difference is large, so a manager has to sign, too.")


@refuses("drawer_location_id_name_key")
class DrawerNameTaken(Refusal):
    """Two drawers of one name at one site."""

    status = 422
    code = "drawer_name_taken"
    message = _l("Another drawer there has this name. Choose another one.")


class LinkOver(Refusal):
    """A payment link that was ended, replaced or too old, or that never was one: all look the same."""

    status = 404
    code = "link_over"
    message = _l("This payment link cannot be used any more. Call us, and we send you a new one.")
