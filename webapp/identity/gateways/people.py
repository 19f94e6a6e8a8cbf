"""Amazon Cognito for what comes beside the password: authenticator apps and forgotten passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from webapp.identity.gateways.cognito import Cognito, SignInService, WrongCode, WrongPassword, proof_of

if TYPE_CHECKING:
    from webapp.identity.gateways.cognito import Proof

DEVICE = "Authenticator app"


class PeopleService(SignInService, Protocol):
    """What signing in needs of an identity provider; every method raises SignInUnavailable."""

    def answer_code(self, username: str, session: str, code: str) -> Proof:
        """Finish a sign-in with the code of the app; raises WrongCode, or WrongPassword when it took too long."""

    def new_secret(self, access_token: str) -> str:
        """A fresh secret (base32) for an authenticator app; it counts once a code of it was shown."""

    def prove_secret(self, username: str, access_token: str, code: str) -> None:
        """Show a code of the fresh secret, and ask for codes at every sign-in from now on; raises WrongCode."""

    def forget_secret(self, username: str) -> None:
        """Ask for no code any more."""

    def mail_code(self, username: str) -> None:
        """Send a code for a forgotten password; says nothing about whether there is such a person."""

    def reset_password(self, username: str, code: str, password: str) -> None:
        """Replace a forgotten password with the mailed code; raises WrongCode or PasswordTooWeak."""

    def change_password(self, username: str, password: str) -> None:
        """Replace a password whose old one was checked; raises PasswordTooWeak."""

    def sign_up(self, username: str, email: str, password: str) -> str:
        """Make a person who cannot sign in before the address is proven, and mail them a code for it.

        Returns the provider's id; raises PasswordTooWeak.
        """

    def confirm_sign_up(self, username: str, code: str) -> None:
        """Prove the address with the mailed code; once it is proven, again is no error.  Raises WrongCode."""


class People(Cognito):
    """The user pool with its authenticator apps and forgotten passwords."""

    def answer_code(self, username: str, session: str, code: str) -> Proof:
        answer = self._ask(
            "admin_respond_to_auth_challenge",
            ClientId=self._settings.cognito_client_id,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=session,
            ChallengeResponses={
                "USERNAME": username,
                "SOFTWARE_TOKEN_MFA_CODE": code,
                "SECRET_HASH": self._secret_hash(username),
            },
        )
        return proof_of(answer)

    def new_secret(self, access_token: str) -> str:
        return str(self._call("associate_software_token", AccessToken=access_token)["SecretCode"])

    def prove_secret(self, username: str, access_token: str, code: str) -> None:
        self._call("verify_software_token", AccessToken=access_token, UserCode=code, FriendlyDeviceName=DEVICE)
        self._prefer(username, enabled=True)

    def forget_secret(self, username: str) -> None:
        self._prefer(username, enabled=False)

    def _prefer(self, username: str, *, enabled: bool) -> None:
        wanted = {"Enabled": enabled, "PreferredMfa": enabled}
        self._ask("admin_set_user_mfa_preference", Username=username, SoftwareTokenMfaSettings=wanted)

    def mail_code(self, username: str) -> None:
        self._call(
            "forgot_password",
            ClientId=self._settings.cognito_client_id,
            SecretHash=self._secret_hash(username),
            Username=username,
        )

    def reset_password(self, username: str, code: str, password: str) -> None:
        self._call(
            "confirm_forgot_password",
            ClientId=self._settings.cognito_client_id,
            SecretHash=self._secret_hash(username),
            Username=username,
            ConfirmationCode=code,
            Password=password,
        )

    def sign_up(self, username: str, email: str, password: str) -> str:
        answer = self._call(
            "sign_up",
            ClientId=self._settings.cognito_client_id,
            SecretHash=self._secret_hash(username),
            Username=username,
            Password=password,
            UserAttributes=[{"Name": "email", "Value": email}],
        )
        return str(answer["UserSub"])

    def confirm_sign_up(self, username: str, code: str) -> None:
        try:
            self._call(
                "confirm_sign_up",
                ClientId=self._settings.cognito_client_id,
                SecretHash=self._secret_hash(username),
                Username=username,
                ConfirmationCode=code,
            )
        except WrongCode:
            raise
        except WrongPassword:
            # A second press finds the person confirmed already; anybody else is no such person.
            if self._ask("admin_get_user", Username=username).get("UserStatus") != "CONFIRMED":
                raise

    def change_password(self, username: str, password: str) -> None:
        self._ask("admin_set_user_password", Username=username, Password=password, Permanent=True)
