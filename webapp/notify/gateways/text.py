"""Text messages: Amazon SNS through boto3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webapp.notify.gateways.aws import Aws

if TYPE_CHECKING:
    from webapp.notify.gateways.carrier import Envelope
    from webapp.settings import Settings

_NEVER = frozenset({"InvalidParameter", "InvalidParameterValue", "OptedOut", "OptInRequired"})


class SnsText:
    """SNS sends to a number; whoever answers STOP is no longer sent to by the carrier, and by us (`events`)."""

    def __init__(self, settings: Settings) -> None:
        self._aws = Aws("sns", settings, never=_NEVER)

    def send(self, envelope: Envelope) -> None:
        kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        self._aws.ask("publish", PhoneNumber=envelope.recipient, Message=envelope.body, MessageAttributes=kind)
