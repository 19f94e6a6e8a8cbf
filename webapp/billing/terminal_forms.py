"""What the page of the simulated terminal sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from flask_babel import gettext as _
from pydantic import AfterValidator

from webapp.billing.gateways.simulated import TAPS
from webapp.practice.forms.parsing import Form, Id, Name, Version, parsed, wrong

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

LONGEST = 60


def _tap(typed: str) -> str:
    if typed not in TAPS:
        raise wrong("missing")
    return typed


def _short(name: str) -> str:
    if len(name) > LONGEST:
        raise wrong("long")
    return name


class TapForm(Form):
    """What the reader does with the next card, and whether with all that follow."""

    next_tap: Annotated[str, AfterValidator(_tap)] = ""
    keeps: bool = False
    version: Version = 0


class ReaderForm(Form):
    """A reader to put up at a location."""

    name: Annotated[Name, AfterValidator(_short)] = ""
    location_id: Id = UUID(int=0)


def read_tap(form: MultiDict[str, str]) -> TapForm:
    """Raises FormInvalid."""
    return parsed(TapForm, form, _sentences())


def read_reader(form: MultiDict[str, str]) -> ReaderForm:
    """Raises FormInvalid."""
    return parsed(ReaderForm, form, _sentences())


def _sentences() -> dict[tuple[str, str], str]:
    return {
        ("next_tap", "missing"): _("Choose what happens to the next card."),
        ("name", "missing"): _("Enter a name, as it stands on the reader."),
        ("name", "long"): _("Use at most 60 characters."),
        ("location_id", "missing"): _("Choose where the reader stands."),
        ("location_id", "format"): _("Choose where the reader stands."),
    }
