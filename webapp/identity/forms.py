"""What the sign-in pages send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from flask_babel import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic_core import PydanticCustomError

from webapp.errors import FormInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_EMAIL = 254
LONGEST_PASSWORD = 256
SHORTEST_NEW_PASSWORD = 12
CODE_DIGITS = 6
LONGEST_CODE = 40
NOT_CONTENT = frozenset({"csrf_token", "_key"})


def _email(text: str) -> str:
    address = text.strip().lower()
    name, at, host = address.rpartition("@")
    if not (name and at and host) or len(address) > LONGEST_EMAIL or not address.isprintable() or " " in address:
        raise PydanticCustomError("email", "email")
    return address


def _given(secret: SecretStr) -> SecretStr:
    if not 0 < len(secret.get_secret_value()) <= LONGEST_PASSWORD:
        raise PydanticCustomError("password", "password")
    return secret


def _long_enough(secret: SecretStr) -> SecretStr:
    if not SHORTEST_NEW_PASSWORD <= len(secret.get_secret_value()) <= LONGEST_PASSWORD:
        raise PydanticCustomError("new_password", "new_password")
    return secret


def _six_digits(text: str) -> str:
    code = "".join(text.split())
    if len(code) != CODE_DIGITS or not (code.isascii() and code.isdigit()):
        raise PydanticCustomError("code", "code")
    return code


def _some_text(text: str) -> str:
    if not 0 < len(text.strip()) <= LONGEST_CODE:
        raise PydanticCustomError("recovery_code", "recovery_code")
    return text


EmailAddress = Annotated[str, AfterValidator(_email)]
NewPassword = Annotated[SecretStr, AfterValidator(_long_enough)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SignInForm(_Form):
    """An address, a password, and where to go on to."""

    email: Annotated[str, AfterValidator(_email)] = ""
    password: Annotated[SecretStr, AfterValidator(_given)] = SecretStr("")
    next: str = ""


class NewPasswordForm(_Form):
    """The password that replaces a temporary one."""

    new_password: Annotated[SecretStr, AfterValidator(_long_enough)] = SecretStr("")


class CodeForm(_Form):
    """The six digits that an authenticator app shows; spaces between them are allowed."""

    code: Annotated[str, AfterValidator(_six_digits)] = ""


class RecoveryForm(_Form):
    """A printed recovery code, and the password once more."""

    recovery_code: Annotated[str, AfterValidator(_some_text)] = ""
    password: Annotated[SecretStr, AfterValidator(_given)] = SecretStr("")


class ForgottenForm(_Form):
    """Whose password is forgotten."""

    email: Annotated[str, AfterValidator(_email)] = ""


class ResetForm(_Form):
    """The mailed code and the password that replaces the forgotten one."""

    email: Annotated[str, AfterValidator(_email)] = ""
    code: Annotated[str, AfterValidator(_six_digits)] = ""
    new_password: Annotated[SecretStr, AfterValidator(_long_enough)] = SecretStr("")


class PasswordChangeForm(_Form):
    """The password of now, and the one that replaces it."""

    password: Annotated[SecretStr, AfterValidator(_given)] = SecretStr("")
    new_password: Annotated[SecretStr, AfterValidator(_long_enough)] = SecretStr("")


def read_forgotten(form: Mapping[str, str]) -> ForgottenForm:
    """The form for a mailed code; raises FormInvalid."""
    try:
        return ForgottenForm.model_validate(_content(form, ForgottenForm))
    except ValidationError as error:
        raise _invalid(error) from None


def read_reset(form: Mapping[str, str]) -> ResetForm:
    """The form that replaces a forgotten password; raises FormInvalid."""
    try:
        return ResetForm.model_validate(_content(form, ResetForm))
    except ValidationError as error:
        raise _invalid(error) from None


def read_password_change(form: Mapping[str, str]) -> PasswordChangeForm:
    """The form that changes a password; raises FormInvalid."""
    try:
        return PasswordChangeForm.model_validate(_content(form, PasswordChangeForm))
    except ValidationError as error:
        raise _invalid(error) from None


def read_code(form: Mapping[str, str]) -> CodeForm:
    """The code form; raises FormInvalid."""
    try:
        return CodeForm.model_validate(_content(form, CodeForm))
    except ValidationError as error:
        raise _invalid(error) from None


def read_recovery(form: Mapping[str, str]) -> RecoveryForm:
    """The recovery form; raises FormInvalid."""
    try:
        return RecoveryForm.model_validate(_content(form, RecoveryForm))
    except ValidationError as error:
        raise _invalid(error) from None


class AgainForm(_Form):
    """The password of somebody who is signed in, and where to go on to."""

    password: Annotated[SecretStr, AfterValidator(_given)] = SecretStr("")
    next: str = ""


def read_again(form: Mapping[str, str]) -> AgainForm:
    """The form that asks for the password once more; raises FormInvalid."""
    try:
        return AgainForm.model_validate(_content(form, AgainForm))
    except ValidationError as error:
        raise _invalid(error) from None


def read_sign_in(form: Mapping[str, str]) -> SignInForm:
    """The sign-in form; raises FormInvalid with all fields that need another value."""
    try:
        return SignInForm.model_validate(_content(form, SignInForm))
    except ValidationError as error:
        raise _invalid(error) from None


def read_new_password(form: Mapping[str, str]) -> NewPasswordForm:
    """The new-password form; raises FormInvalid."""
    try:
        return NewPasswordForm.model_validate(_content(form, NewPasswordForm))
    except ValidationError as error:
        raise _invalid(error) from None


def _content(form: Mapping[str, str], model: type[_Form]) -> dict[str, Any]:
    """The fields sent, absent ones empty so that they are judged too; what the model does not know is refused."""
    return dict.fromkeys(model.model_fields, "") | {
        name: value for name, value in form.items() if name not in NOT_CONTENT
    }


def sentence(field: str) -> str:
    """What to do about a field of who somebody is, whatever is wrong with it."""
    sentences = {
        "email": _("Enter an email address with an @, like name@example.com"),
        "password": _("Enter your password"),
        "code": _("Enter the 6 digits of the code"),
        "recovery_code": _("Enter one of your recovery codes, like 7KQ2M-PX4WD"),
        "new_password": _("Use at least 12 characters; several words are good"),
    }
    return str(sentences.get(field, _("This page was out of date. Open it again.")))


def _invalid(error: ValidationError) -> FormInvalid:
    errors: dict[str, list[str]] = {}
    for problem in error.errors(include_url=False, include_input=False):
        field = str(problem["loc"][0])
        errors.setdefault(field, []).append(sentence(field))
    return FormInvalid(errors)
