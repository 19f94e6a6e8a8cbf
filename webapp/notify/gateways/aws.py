"""One service of AWS through boto3: made at first use, one attempt, a breaker, and errors without what was sent."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from webapp.notify.gateways.carrier import CarrierAway, NotAccepted
from webapp.notify.gateways.patience import CONNECT_SECONDS, SECONDS, Patience, resting

if TYPE_CHECKING:
    from webapp.settings import Settings

SERVER_ERROR = 500
# A queue may keep its caller waiting for this long by itself.
_TIMES_OUT = Config(connect_timeout=CONNECT_SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1})


class Aws:
    """A client that is shared by the threads of a process; `never` are codes of messages that are refused for good."""

    def __init__(self, service: str, settings: Settings, *, never: frozenset[str] = frozenset()) -> None:
        self._service, self._settings, self._never = service, settings, never
        self._lock = threading.Lock()
        self._made: Any = None
        self.patience = Patience()

    def ask(self, operation: str, **arguments: object) -> dict[str, Any]:
        """Call one operation; raises NotAccepted or CarrierAway, whose text is AWS's code, nothing of what was sent."""
        client, breaker = self._client(), self.patience.breaker
        with resting(self.patience):
            try:
                answer: dict[str, Any] = getattr(client, operation)(**arguments)
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code", ""))
                broken = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= SERVER_ERROR
                (breaker.failed if broken else breaker.succeeded)()
                if code in self._never:
                    raise NotAccepted("rejected") from None
                raise CarrierAway(code) from None
            except BotoCoreError as error:
                breaker.failed()
                raise CarrierAway(type(error).__name__) from None
        breaker.succeeded()
        return answer

    def _client(self) -> Any:  # noqa: ANN401  boto3 makes its clients at run time
        with self._lock:
            if self._made is None:
                self._made = boto3.session.Session().client(
                    self._service,  # type: ignore[call-overload]  # its overloads want the literal name
                    region_name=self._settings.aws_region,
                    endpoint_url=self._settings.aws_endpoint_url,
                    config=_TIMES_OUT,
                )
            return self._made
