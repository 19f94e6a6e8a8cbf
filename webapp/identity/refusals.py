"""What a manager is told when an account can't be made or changed, and which constraint says so."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal, refuses


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
