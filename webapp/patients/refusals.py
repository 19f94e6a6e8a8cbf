"""What the desk is told when somebody can't be registered as typed."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from webapp.errors import Refusal, refuses


class MaybeRegistered(Refusal):
    """Somebody much like this person has a record; `alternatives` are those records."""

    code = "maybe_registered"
    message = _l("This person may have a record already.")


class MergeWithItself(Refusal):
    """A record and itself are one already."""

    status = 422
    code = "merge_with_itself"
    message = _l("This is the same record. Choose another one.")


@refuses("patient_merge_merged")
class RecordMerged(Refusal):
    """One of the two leads to another record already, or the one that stayed was merged further."""

    code = "record_merged"
    message = _l("One of these records was merged into another one meanwhile. Look at it again, and undo that first.")


@refuses("patient_merge_death")
class DeathDiffers(Refusal):
    """The record that goes says that the person has died, and the one that stays does not."""

    code = "death_differs"
    message = _l("One record says that this person has died. Record the death on the one that stays, then merge.")


@refuses("patient_merge_accounts")
class TwoAccounts(Refusal):
    """Both people sign in to the portal: which account stays is for the person to say."""

    code = "two_accounts"
    message = _l("Both records have a portal account of their own. Remove one of the accounts first, then merge.")


@refuses("patient_merge_overlap")
class VisitsOverlap(Refusal):
    """One person would be in two places; a visit has to move first."""

    code = "visits_overlap"
    message = _l("Both records have a visit at the same time. Move or cancel one of them first, then merge.")


@refuses("patient_merge_undone", "patient_merge_open_key")
class MergeUndone(Refusal):
    """Somebody else was faster; both records stand for themselves again."""

    code = "merge_undone"
    message = _l("This merge was undone already. Both records stand for themselves.")


class NotDeceased(Refusal):
    """There is no death to take back."""

    code = "not_deceased"
    message = _l("This record says no longer that the person has died.")
