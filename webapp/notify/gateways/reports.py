"""The queue with the events of SES and the answers to texts: asked, so that no door of ours is open for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.notify.gateways.aws import Aws

if TYPE_CHECKING:
    from webapp.settings import Settings

TOGETHER = 10


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the queue, which comes again unless it is thrown away by its handle."""

    handle: str
    body: str


class Reports:
    """An SQS queue; both methods raise CarrierAway."""

    def __init__(self, settings: Settings, queue: str) -> None:
        self._aws, self._queue = Aws("sqs", settings), queue

    def some(self) -> list[Letter]:
        """Up to ten messages, without waiting; each is hidden from others for half a minute."""
        answer = self._aws.ask(
            "receive_message", QueueUrl=self._queue, MaxNumberOfMessages=TOGETHER, VisibilityTimeout=30
        )
        return [Letter(each["ReceiptHandle"], each["Body"]) for each in answer.get("Messages", ())]

    def throw_away(self, letter: Letter) -> None:
        self._aws.ask("delete_message", QueueUrl=self._queue, ReceiptHandle=letter.handle)
