"""Amazon Cognito behind a Protocol: who knows an account's password, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from flask import has_request_context

from webapp.identity.gateways.patience import CONNECT_SECONDS, JOB_SECONDS, READ_SECONDS, AtRest, Patience

if TYPE_CHECKING:
    from uuid import UUID

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from webapp.settings import Settings

HTTP_OK = 200
SERVER_ERROR = 500

# What Cognito says when name and password do not go together; which of them is wrong stays its secret and ours.
WRONG = frozenset(
    {
        "NotAuthorizedException",
        "UserNotFoundException",
        "UserNotConfirmedException",
        "PasswordResetRequiredException",
        "InvalidParameterException",
        # Too many codes or guesses for one person: who asks must not learn by it that there is such a person.
        "LimitExceededException",
        "TooManyFailedAttemptsException",
    }
)
WRONG_CODE = frozenset({"CodeMismatchException", "ExpiredCodeException", "EnableSoftwareTokenMFAException"})
TOO_WEAK = frozenset({"InvalidPasswordException", "PasswordHistoryPolicyViolationException"})


class WrongPassword(Exception):  # noqa: N818  an ordinary answer
    """Cognito does not know this pair of account and password, or a half-done sign-in is over.

    For the activity log: `account` is whom it was about, if anybody, and `locks` whether a wait began with it.
    """

    account: UUID | None = None
    locks: bool = False


class WrongCode(WrongPassword):
    """The one-time code is wrong, used or too old; the half-done sign-in goes on."""


class PasswordTooWeak(Exception):  # noqa: N818  an ordinary answer
    """The pool's rules refuse the new password."""


class SignInUnavailable(Exception):  # noqa: N818  a state of the world
    """Cognito does not answer, or not with anything usable; sessions that exist go on."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The id token of a sign-in, not yet verified."""

    id_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NewPasswordRequired:
    """The password was right but temporary; `session` continues this sign-in for three minutes."""

    session: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeRequired:
    """The password was right, and the person has an authenticator app; `session` goes on for three minutes."""

    session: str = field(repr=False)


Answer: TypeAlias = Proof | NewPasswordRequired | CodeRequired


class SignInService(Protocol):
    """What signing in needs of an identity provider; `username` is our account id as text."""

    def check(self, username: str, password: str) -> Answer:
        """Raises WrongPassword or SignInUnavailable."""

    def set_new_password(self, username: str, session: str, password: str) -> Answer:
        """Finish a sign-in with a password of the person's own; raises also PasswordTooWeak."""

    def revoke(self, username: str) -> None:
        """Make the provider's own tokens of this person useless; raises SignInUnavailable."""

    def invite(self, username: str, email: str, temporary_password: str | None) -> str:
        """Make the person and mail them a temporary password, again if they were made but never came.

        With a password given nothing is mailed: the caller hands it over.  Returns the provider's id; raises
        SignInUnavailable.
        """

    def ensure(self, username: str, email: str, password: str) -> str:
        """Make the person with this password, or give the existing one this password; returns the provider's id."""

    def key_set(self) -> dict[str, Any]:
        """The public keys that tokens are signed with, as a JWKS document; raises SignInUnavailable."""


class Cognito:
    """One user pool and its app client, through boto3, with one attempt and tight time-outs while somebody waits.

    A client is made at the first use, as that takes up to 125 ms, and is shared by the threads of a process.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._made: dict[float, CognitoIdentityProviderClient] = {}
        self._patience = Patience()
        self.breaker = self._patience.breaker
        self._http = urllib3.PoolManager(
            retries=False, timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        )

    @property
    def issuer(self) -> str:
        """The `iss` of the pool's tokens; the local emulator signs with the same one."""
        return f"https://cognito-idp.{self._settings.aws_region}.amazonaws.com/{self._settings.cognito_pool_id}"

    def check(self, username: str, password: str) -> Answer:
        answer = self._ask(
            "admin_initiate_auth",
            ClientId=self._settings.cognito_client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password, "SECRET_HASH": self._secret_hash(username)},
        )
        return _answer(answer)

    def set_new_password(self, username: str, session: str, password: str) -> Answer:
        answer = self._ask(
            "admin_respond_to_auth_challenge",
            ClientId=self._settings.cognito_client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=session,
            ChallengeResponses={
                "USERNAME": username,
                "NEW_PASSWORD": password,
                "SECRET_HASH": self._secret_hash(username),
            },
        )
        return _answer(answer)

    def revoke(self, username: str) -> None:
        self._ask("admin_user_global_sign_out", Username=username)

    def invite(self, username: str, email: str, temporary_password: str | None) -> str:
        if temporary_password is not None:
            return self.ensure(username, email, temporary_password, permanent=False)
        wanted: dict[str, object] = {
            "Username": username,
            "DesiredDeliveryMediums": ["EMAIL"],
            "UserAttributes": [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
        }
        try:
            self._ask("admin_get_user", Username=username)
        except WrongPassword:
            pass
        else:
            wanted["MessageAction"] = "RESEND"
        return _subject(self._ask("admin_create_user", **wanted)["User"]["Attributes"])

    def ensure(self, username: str, email: str, password: str, *, permanent: bool = True) -> str:
        try:
            answer = self._ask("admin_get_user", Username=username)
        except WrongPassword:
            self._ask(
                "admin_create_user",
                Username=username,
                MessageAction="SUPPRESS",
                TemporaryPassword=secrets.token_urlsafe(24) + "aA1!",
                UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            )
            answer = self._ask("admin_get_user", Username=username)
        self._ask("admin_set_user_password", Username=username, Password=password, Permanent=permanent)
        return _subject(answer["UserAttributes"])

    def key_set(self) -> dict[str, Any]:
        local = self._settings.aws_endpoint_url
        base = f"{local.rstrip('/')}/{self._settings.cognito_pool_id}" if local else self.issuer
        try:
            with self._patience.waiting():
                answer = self._http.request("GET", f"{base}/.well-known/jwks.json")
            document = answer.json() if answer.status == HTTP_OK else None
        except AtRest:
            raise SignInUnavailable("The pool's keys are not asked for now.") from None
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise SignInUnavailable("The pool's keys cannot be fetched.") from error
        if not isinstance(document, dict) or not document.get("keys"):
            raise SignInUnavailable("The pool's keys cannot be read.")
        return document

    def _ask(self, operation: str, **arguments: object) -> dict[str, Any]:
        return self._call(operation, UserPoolId=self._settings.cognito_pool_id, **arguments)

    def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """One call, its refusals in our words; the originals are dropped because they can quote what was sent."""
        client, breaker = self._client(), self.breaker
        try:
            with self._patience.waiting():
                answer: dict[str, Any] = getattr(client, operation)(**arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            broken = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= SERVER_ERROR
            (breaker.failed if broken else breaker.succeeded)()
            if code in TOO_WEAK:
                raise PasswordTooWeak(code) from None
            if code in WRONG_CODE:
                raise WrongCode(code) from None
            if code in WRONG:
                raise WrongPassword(code) from None
            raise SignInUnavailable(f"Cognito answered {operation} with {code}.") from None
        except AtRest:
            raise SignInUnavailable(f"Cognito is left alone: {operation} was not asked.") from None
        except BotoCoreError as error:
            breaker.failed()
            raise SignInUnavailable(f"Cognito did not answer {operation}: {type(error).__name__}.") from None
        breaker.succeeded()
        return answer

    def _client(self) -> CognitoIdentityProviderClient:
        patience = READ_SECONDS if has_request_context() else JOB_SECONDS
        with self._lock:
            if patience not in self._made:
                self._made[patience] = boto3.session.Session().client(
                    "cognito-idp",
                    region_name=self._settings.aws_region,
                    endpoint_url=self._settings.aws_endpoint_url,
                    config=Config(
                        connect_timeout=CONNECT_SECONDS, read_timeout=patience, retries={"total_max_attempts": 1}
                    ),
                )
            return self._made[patience]

    def _secret_hash(self, username: str) -> str:
        message = (username + self._settings.cognito_client_id).encode()
        digest = hmac.digest(self._settings.cognito_client_secret.encode(), message, hashlib.sha256)
        return base64.b64encode(digest).decode("ascii")


def _subject(attributes: list[dict[str, str]]) -> str:
    return next(str(pair["Value"]) for pair in attributes if pair["Name"] == "sub")


def _answer(answer: dict[str, Any]) -> Answer:
    if answer.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
        return NewPasswordRequired(answer["Session"])
    if answer.get("ChallengeName") == "SOFTWARE_TOKEN_MFA":
        return CodeRequired(answer["Session"])
    return proof_of(answer)


def proof_of(answer: dict[str, Any]) -> Proof:
    """The tokens of an answer that ends a sign-in; raises SignInUnavailable when it asks for yet another step."""
    tokens = answer.get("AuthenticationResult", {})
    if not tokens.get("IdToken"):
        raise SignInUnavailable("Cognito asked for a step that this version does not know.")
    return Proof(tokens["IdToken"], tokens.get("AccessToken", ""))
