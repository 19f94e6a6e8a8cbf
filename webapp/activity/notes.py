"""What a view says about whom it showed or changed, collected until the transaction has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flask import g

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

Action = Literal[
    "opened",
    "changed",
    "exported",
    "listed",
    "reviewed",
    "refused",
    "signed_up",
    "signed_in",
    "signed_out",
    "sign_in_failed",
    "password_forgotten",
    "locked_out",
    "second_factor_set",
    "second_factor_reset",
    "recovery_code_used",
    "password_changed",
]


@dataclass(frozen=True, slots=True)
class Note:
    """One fact for the activity log: about one patient, or (listed, signed in) about what the actor did.

    `detail` is a code of ours, never text that somebody typed; `actor` is set where no session says it yet.
    `account` is the staff account that a manager changed, or whose doings somebody looked at.
    """

    action: Action
    patient: UUID | None = None
    listed: frozenset[UUID] = frozenset()
    detail: str = ""
    actor: UUID | None = None
    account: UUID | None = None


def note(
    action: Action,
    *,
    patient: UUID | None = None,
    listed: Iterable[UUID] = (),
    detail: str = "",
    actor: UUID | None = None,
    account: UUID | None = None,
) -> None:
    """Remember who was shown or changed; written to DynamoDB after COMMIT and before the answer is sent.

    Every page with patient data calls it: `opened` for one patient's page, `listed` with the ids a list showed,
    `changed` for each patient a change was about.  The same note twice in a request is one record.
    """
    wanted = Note(action, patient, frozenset(listed), detail, actor, account)
    collected = taken()
    if wanted not in collected:
        collected.append(wanted)


def start() -> None:
    """Forget the notes of an attempt that was rolled back."""
    g.activity_notes = []


def taken() -> list[Note]:
    """The notes of the current request, in order."""
    if "activity_notes" not in g:
        start()
    notes: list[Note] = g.activity_notes
    return notes
