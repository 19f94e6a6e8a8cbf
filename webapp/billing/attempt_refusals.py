"""What charging a card is refused for, before anybody asks the card."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal, refuses


class NotPayable(Refusal):
    """A draft, a credit note, or an invoice in another currency: nobody pays that."""

    status = 409
    code = "not_payable"
    message = _l("This invoice cannot be paid like this. Look at it again.")


class BeingPaid(Refusal):
    """Another payment of the same invoice is under way, and what is due suffices for one of them only."""

    status = 409
    code = "being_paid"
    message = _l("A card is being charged for this invoice right now. Wait for it to finish, or end it first.")


class CardGone(Refusal):
    """A card on file that was taken away, or is another person's or another gateway's."""

    status = 409
    code = "card_gone"
    message = _l("This card is not on file any more. Choose another way to pay.")


class CardsAway(Refusal):
    """The card company can't be reached: nothing was asked, and nothing done."""

    status = 503
    code = "cards_away"
    message = _l("The card company cannot be reached right now. Nothing was charged. Try again in a minute.")


class AttemptOver(Refusal):
    """An attempt that can't be tried again or ended: it has come to its end meanwhile."""

    status = 409
    code = "attempt_over"
    message = _l("This payment has changed meanwhile. Here is how it stands now.")


@refuses("simulated_reader_location_id_name_key")
class ReaderNameTaken(Refusal):
    """Two readers of one location can't have one name."""

    status = 409
    code = "reader_name_taken"
    message = _l("There is a reader of that name at this location. Use another one.")
