"""What is said about the chain over the audit, by the command and on the auditors' page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

if TYPE_CHECKING:
    from flask_babel import LazyString

    from webapp.activity.chain import Finding, Kind
    from webapp.models import AuditCheck

SENTENCES: dict[Kind, LazyString] = {
    "changed": _l("Row %(row)s of the audit is not as it was sealed (block %(seal)s)."),
    "missing": _l("Row %(row)s of the audit is gone (block %(seal)s)."),
    "added": _l("Row %(row)s of the audit was put in after its block %(seal)s was sealed."),
    "seal_changed": _l("Seal %(seal)s was changed; the rows of its block are as they were sealed."),
    "seal_missing": _l("Seal %(seal)s is gone; the rows of its block are as they were sealed."),
    "copy_changed": _l("The copy of seal %(seal)s in DynamoDB was changed."),
    "copy_missing": _l("The copy of seal %(seal)s in DynamoDB is gone."),
}


def sentence_of(finding: Finding) -> str:
    """The first thing that is wrong, by row or seal."""
    return str(SENTENCES[finding.kind]) % {"row": finding.row, "seal": finding.seal}


def verdict_of(check: AuditCheck) -> str:
    """What came of a check, in a few words."""
    if check.ended_at is None:
        return str(_("Going on"))
    if check.whole is None:
        return str(_("Given up"))
    return str(_("As it was sealed")) if check.whole else str(_("Differs"))
