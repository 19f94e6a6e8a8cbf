"""What a manager is told when an account can't be made or changed, and which constraint says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal, refuses

if TYPE_CHECKING:
    from uuid import UUID


@refuses("account_email_key")
class EmailTaken(Refusal):
    """An invitation never touches the account that has the address already."""

    code = "email_taken"
    message = _l("There is an account with this email address already. Look for it in the list; nothing was changed.")

    def __init__(self) -> None:
        super().__init__(field="email")


@refuses("account_last_manager")
class LastManager(Refusal):
    """Without a manager nobody could make another one."""

    code = "last_manager"
    message = _l("This is the clinic's last manager. Make somebody else a manager first.")


@refuses("account_own_role")
class OwnAccount(Refusal):
    """Nobody raises their own role, nor shuts themselves out by mistake."""

    code = "own_account"
    message = _l("You cannot change your own roles or disable yourself. Ask another manager.")


class NotInvited(Refusal):
    """The person has been in already: there is a password of their own, and nothing to send."""

    code = "not_invited"
    message = _l("This person has signed in already, so there is no invitation to send again.")


@refuses("account_patient_self_key", "account_patient_own_key")
class CodeOver(Refusal):
    """Used, withdrawn, too old, for a record or an account that has somebody already: one sentence for all of it."""

    status = 422
    code = "code_over"
    message = _l(
        "That code and birth date do not go together, or the code is no longer valid. Ask the clinic for another."
    )

    def __init__(self) -> None:
        super().__init__(field="code")


class HasAccount(Refusal):
    """A record has one account of its own person at most."""

    code = "has_account"
    message = _l("This patient has a portal account already. End it first, if it is not theirs.")


class OfAge(Refusal):
    """Whoever has come of age says themselves who acts for them."""

    status = 422
    code = "of_age"
    message = _l("This patient is of age. Add a carer with their consent instead.")

    def __init__(self, *, patient: UUID | None = None) -> None:
        super().__init__(field="relation", patient=patient)


class RegistrationDecided(Refusal):
    """Two people at the desk looked at one registration; the first one's decision counts."""

    code = "registration_decided"
    message = _l("Somebody else has decided about this registration already.")
