"""Refusals: sentences with a status, raised by actions, rendered in one place; and the constraints they stand for."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar

from flask_babel import lazy_gettext as _l

from webapp.db import constraint_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta
    from uuid import UUID

    from flask_babel import LazyString

Sentence: TypeAlias = "str | LazyString"


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request the clinic's rules say no to; `alternatives` are what the person can do instead.

    `patient` names whom it is about, for the record of access; it is never shown or logged.
    """

    status: ClassVar[int] = 409
    code: ClassVar[str] = "refused"
    message: Sentence = _l("That cannot be done now.")

    def __init__(
        self,
        message: Sentence | None = None,
        *,
        field: str | None = None,
        alternatives: Sequence[object] = (),
        patient: UUID | None = None,
    ) -> None:
        super().__init__(self.code)
        if message is not None:
            self.message = message
        self.field = field
        self.alternatives = tuple(alternatives)
        self.patient = patient

    def __str__(self) -> str:
        # Logs and tracebacks get the code; the sentence may carry what a person typed.
        return self.code

    @property
    def headers(self) -> dict[str, str]:
        """What the answer tells programs beside its sentence."""
        return {}

    @property
    def errors(self) -> dict[str, list[str]]:
        """The sentence under its field, in the shape of a form's errors; empty when it belongs to no field."""
        return {} if self.field is None else {self.field: [str(self.message)]}


class BadRequest(Refusal):
    """What arrived was not made by one of our pages: no one-time key, say, or a value of the wrong kind."""

    status = 400
    code = "bad_request"
    message = _l("This page was out of date. Open it again and try once more.")


class NoSuchMethod(Refusal):
    """The address exists, but not for this: a link of ours never leads here."""

    status = 405
    code = "no_such_method"
    message = _l("That cannot be done at this address. Go back and try again.")


class TooLarge(Refusal):
    """More was sent than any form of ours holds."""

    status = 413
    code = "too_large"
    message = _l("That was too large to be read. Shorten it and send it again.")


class NotAllowed(Refusal):
    """The person's roles do not reach this far; 403 because the page exists for colleagues."""

    status = 403
    code = "not_allowed"
    message = _l("Your role does not include this page. If you need it, ask your manager.")


class NotFound(Refusal):
    """Nothing there, or nothing this person may know about: both look the same."""

    status = 404
    code = "not_found"
    message = _l("We could not find that. It may have been moved or removed.")


class FormInvalid(Refusal):
    """Fields that need another value, all of them at once."""

    status = 422
    code = "form_invalid"
    message = _l("Some fields need your attention.")

    def __init__(self, errors: Mapping[str, Sequence[Sentence]], *, message: Sentence | None = None) -> None:
        super().__init__(message)
        self._errors = {name: [str(sentence) for sentence in sentences] for name, sentences in errors.items()}

    @property
    def errors(self) -> dict[str, list[str]]:
        return self._errors


class KeyReused(Refusal):
    """A form's one-time key came a second time with other content; the first sending stands."""

    status = 409
    code = "key_reused"
    message = _l("This form was already sent with other details. Check what was saved before you send it again.")


class VersionConflict(Refusal):
    """Somebody else changed the same thing since the page was read."""

    status = 409
    code = "version_conflict"
    message = _l("Somebody else changed this while you had it open. Look at it again, then repeat your change.")


class TooOften(Refusal):
    """One account asked more often than anybody does by hand; `wait` is how long it has to pause."""

    status = 429
    code = "too_often"

    def __init__(self, message: Sentence, *, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(ceil(self.wait.total_seconds()))}


class Unavailable(Refusal):
    """A service we depend on does not answer; nothing was shown or changed."""

    status = 503
    code = "unavailable"
    message = _l("Anteroom cannot reach one of its services. Nothing was changed. Try again in a moment.")


class NotSaved(Unavailable):
    """PostgreSQL was lost or too slow, and we know that the change did not happen."""

    code = "not_saved"
    message = _l("That took too long or the connection was lost, and nothing was saved. Press the button again.")


class Unchecked(Unavailable):
    """The connection was lost while saving, and the outcome could not be looked up."""

    code = "unchecked"
    message = _l("We could not check whether this was saved. Press the button again: it will not happen twice.")


_BY_CONSTRAINT: dict[str, type[Refusal]] = {}
_R = TypeVar("_R", bound=Refusal)


def refuses(*constraints: str) -> Callable[[type[_R]], type[_R]]:
    """Register the refusal that the named constraints stand for; a constraint has one meaning (ValueError)."""

    def register(refusal: type[_R]) -> type[_R]:
        for constraint in constraints:
            if _BY_CONSTRAINT.setdefault(constraint, refusal) is not refusal:
                raise ValueError(f"two refusals for the constraint {constraint}")
        return refusal

    return register


def refusal_of(error: BaseException) -> Refusal | None:
    """Translate a database error by the name of its constraint; None when no refusal was registered for it."""
    if isinstance(error, Refusal):
        return error
    constraint = constraint_of(error)
    return None if constraint is None else refusal_named(constraint)


def refusal_named(constraint: str) -> Refusal | None:
    """The refusal that was registered for a constraint, for functions that answer its name instead of failing."""
    found = _BY_CONSTRAINT.get(constraint)
    return None if found is None else found()


def known_constraints() -> frozenset[str]:
    """All constraint names with a refusal, for the test that compares them with the schema."""
    return frozenset(_BY_CONSTRAINT)
