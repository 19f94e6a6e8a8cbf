"""Half-filled forms of people who had to leave: sealed, for nobody but the account that typed them, for an hour.

Keys are keyed hashes of the page's address, so that the table tells neither what was typed nor where.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webapp.identity.return_path import return_path
from webapp.identity.sealing import seal, unseal
from webapp.identity.session_items import TABLE, is_alive, key_of

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.dynamo import Dynamo, Item

DRAFT = "D#"
KEPT = timedelta(hours=1)
MOST = 5
LARGEST = 32 * 1024


class FormDraft(BaseModel):
    """What stood in the fields of the form with this action, in order, as names and values."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    action: str = Field(max_length=2000)
    fields: list[tuple[str, str]] = Field(max_length=200)


class Draft(BaseModel):
    """The forms of one page, and the page's address."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: str = Field(max_length=2000)
    forms: list[FormDraft] = Field(default_factory=list, max_length=MOST)


def read_draft(text: str) -> Draft | None:
    """What a page sends of itself, or None for anything that our pages do not send."""
    if not text or len(text.encode("utf-8", "replace")) > LARGEST:
        return None
    try:
        draft = Draft.model_validate_json(text)
    except ValidationError:
        return None
    return draft if draft.path != "/" and return_path(draft.path) == draft.path else None


class Drafts:
    """Drafts in the sessions table; every method raises DynamoUnavailable."""

    def __init__(self, dynamo: Dynamo, key: bytes) -> None:
        self._dynamo = dynamo
        self._key = key

    def mark_of(self, account_id: UUID, path: str) -> str:
        """The name of an account's draft of a page, which tells nothing about either."""
        text = f"draft|{account_id}|{path}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:32]

    def keep(self, account_id: UUID, draft: Draft, now: datetime) -> None:
        """Keep a page's forms in place of what was kept of it before."""
        mark = self.mark_of(account_id, draft.path)
        item: Item = {**key_of(account_id, DRAFT + mark), "expires_at": int((now + KEPT).timestamp())}
        item["sealed"] = seal(self._key, draft.model_dump_json().encode(), _bound(item))
        self._dynamo.put(TABLE, item)

    def take(self, account_id: UUID, path: str, now: datetime) -> Draft | None:
        """The account's draft of a page, which is gone from the table afterwards."""
        key = key_of(account_id, DRAFT + self.mark_of(account_id, path))
        item = self._dynamo.get(TABLE, key)
        if item is None:
            return None
        self._dynamo.delete(TABLE, key)
        return self._open(item, now)

    def waiting(self, account_id: UUID, now: datetime) -> list[Draft]:
        """The account's drafts, newest first."""
        where, values = "account = :account AND begins_with(sk, :kind)", {":account": str(account_id), ":kind": DRAFT}
        items = sorted(
            self._dynamo.query(TABLE, where, values).items, key=lambda item: str(item.get("expires_at")), reverse=True
        )
        return [draft for item in items[:MOST] if (draft := self._open(item, now))]

    def _open(self, item: Item, now: datetime) -> Draft | None:
        sealed = item.get("sealed")
        if not isinstance(sealed, bytes) or not is_alive(item, now):
            return None
        content = unseal(self._key, sealed, _bound(item))
        return None if content is None else Draft.model_validate_json(content)


def _bound(item: Item) -> str:
    return "|".join(str(item.get(name, "")) for name in ("account", "sk", "expires_at"))
