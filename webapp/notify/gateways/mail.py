"""E-mail: Amazon SES through boto3, or any server that speaks SMTP."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING

from webapp.notify.gateways.aws import Aws
from webapp.notify.gateways.carrier import CarrierAway, NotAccepted
from webapp.notify.gateways.patience import SECONDS, Patience, resting

if TYPE_CHECKING:
    from webapp.notify.gateways.carrier import Envelope
    from webapp.settings import Messages, Settings

# What SES says of a message that it will not take, however often it is asked.
_NEVER = frozenset({"MessageRejected", "BadRequestException", "InvalidParameterValue"})
_TOO_LONG_A_LINE = 998
_FOR_GOOD = 500


class SesMail:
    """SES version 2; what becomes of a message comes back as an event of the configuration set."""

    def __init__(self, settings: Settings, wanted: Messages) -> None:
        self._aws = Aws("sesv2", settings, never=_NEVER)
        self._wanted = wanted

    def send(self, envelope: Envelope) -> None:
        def text(content: str) -> dict[str, str]:
            return {"Data": content, "Charset": "UTF-8"}

        headers = [{"Name": name, "Value": value} for name, value in _headers(envelope).items()]
        request: dict[str, object] = {
            "FromEmailAddress": self._wanted.sender,
            "Destination": {"ToAddresses": [envelope.recipient]},
            "Content": {
                "Simple": {
                    "Subject": text(_one_line(envelope.subject)),
                    "Body": {"Text": text(envelope.body), "Html": text(envelope.html)},
                    "Headers": headers,
                }
            },
            "EmailTags": [{"Name": "parcel", "Value": str(envelope.id)}],
        }
        if self._wanted.configuration_set:
            request["ConfigurationSetName"] = self._wanted.configuration_set
        self._aws.ask("send_email", **request)


class SmtpMail:
    """A mail server with TLS from the first byte (port 465) or from STARTTLS on; never without, but on this machine."""

    def __init__(self, wanted: Messages) -> None:
        self._wanted = wanted
        self._patience = Patience()

    def send(self, envelope: Envelope) -> None:
        with resting(self._patience):
            try:
                self._hand_over(_letter(envelope, self._wanted.sender))
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
                self._patience.breaker.succeeded()
                raise _answered(error) from None
            except (OSError, smtplib.SMTPException) as error:
                self._patience.breaker.failed()
                raise CarrierAway(type(error).__name__) from None
            self._patience.breaker.succeeded()

    def _hand_over(self, letter: EmailMessage) -> None:
        host, port, wanted = self._wanted.smtp_host, self._wanted.smtp_port, self._wanted
        context = ssl.create_default_context()
        if wanted.smtp_security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
        else:
            connection = smtplib.SMTP(host, port, timeout=SECONDS)
        with connection as server:
            if wanted.smtp_security == "starttls":
                server.starttls(context=context)
            if wanted.smtp_user:
                server.login(wanted.smtp_user, wanted.smtp_password)
            server.send_message(letter)


def _answered(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> Exception:
    """A server that says no for good (5xx) has refused; one that says not now (4xx) is away."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max((reply[0] for reply in error.recipients.values()), default=_FOR_GOOD)
        return NotAccepted("bounced") if code >= _FOR_GOOD else CarrierAway(str(code))
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= _FOR_GOOD:
        return NotAccepted("rejected")
    # Refused log-in or greeting: ours to mend, and no fault of this message.
    return CarrierAway(str(error.smtp_code))


def _letter(envelope: Envelope, sender: str) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = sender, envelope.recipient, _one_line(envelope.subject)
    letter["Date"] = formatdate()
    # The same when it is sent again, so that a mailbox can tell.
    letter["Message-ID"] = f"<{envelope.id}@{sender.rpartition('@')[2].strip('>')}>"
    for name, value in _headers(envelope).items():
        letter[name] = value
    letter.set_content(envelope.body)
    letter.add_alternative(envelope.html, subtype="html")
    return letter


def _headers(envelope: Envelope) -> dict[str, str]:
    headers = {"Auto-Submitted": "auto-generated"}
    if envelope.leave:
        headers["List-Unsubscribe"] = f"<{envelope.leave}>"
    return headers


def _one_line(text: str) -> str:
    """A name of a clinic with a line break in it must not write headers of its own."""
    return " ".join(text.split())[:_TOO_LONG_A_LINE]
