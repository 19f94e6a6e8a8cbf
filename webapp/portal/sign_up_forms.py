"""What the pages of signing up send."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from flask_babel import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic_core import PydanticCustomError

from webapp.errors import FormInvalid
from webapp.identity import forms as identity
from webapp.identity.forms import EmailAddress, NewPassword
from webapp.patients import forms as patients
from webapp.patients.forms import BirthDate, Name, Phone, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_CODE = 40
NOT_CONTENT = frozenset({"csrf_token", "_key"})
OF_IDENTITY = frozenset({"email", "new_password"})


def _code(text: str) -> str:
    if not 0 < len(text) <= LONGEST_CODE:
        raise PydanticCustomError("missing", "missing")
    return text


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class CodeForm(_Form):
    """The code of an invitation, and when the patient was born."""

    code: Annotated[Text, AfterValidator(_code)] = ""
    birth_date: BirthDate = dt.date.min


class _WithPassword(_Form):
    # Each form names its fields itself: errors stand in the order of the page.
    @property
    def secret(self) -> str:
        """The password that was chosen."""
        chosen: SecretStr = self.model_dump()["new_password"]
        return chosen.get_secret_value()


class AccountForm(_WithPassword):
    """How a patient will sign in."""

    email: EmailAddress = ""
    new_password: NewPassword = SecretStr("")


class HelperAccountForm(_WithPassword):
    """The same of somebody who acts for the patient, with their name."""

    name: Name = ""
    email: EmailAddress = ""
    new_password: NewPassword = SecretStr("")


class RegisterForm(_WithPassword):
    """Who somebody without a code is, and how they will sign in."""

    given: Name = ""
    family: Name = ""
    birth_date: BirthDate = dt.date.min
    phone: Phone = ""
    email: EmailAddress = ""
    new_password: NewPassword = SecretStr("")


F = TypeVar("F", bound=_Form)


def read(model: type[F], form: Mapping[str, str], today: dt.date | None = None) -> F:
    """One of these forms; raises FormInvalid with all fields that need another value, in plain words."""
    context: dict[str, Any] = {"today": today}
    content = {name: value for name, value in form.items() if name not in NOT_CONTENT}
    try:
        return model.model_validate(content, context=context)
    except ValidationError as error:
        errors: dict[str, list[str]] = {}
        for problem in error.errors(include_url=False, include_input=False, include_context=False):
            field = str(problem["loc"][0])
            errors.setdefault(field, []).append(_sentence(field, problem["type"]))
        raise FormInvalid(errors) from None


def _sentence(field: str, code: str) -> str:
    if field in OF_IDENTITY:
        return identity.sentence(field)
    if (field, code) == ("code", "missing"):
        return str(_("Enter the code from your letter, like 7KQ2M-PX4WD"))
    return patients.sentence(field, code)
