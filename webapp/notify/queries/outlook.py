"""Where a message about a patient would go now: the same rules that the sending follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from webapp.notify.queries.recipients import recipient
from webapp.notify.reach import Channel, Choice, ways
from webapp.notify.service import switched_off

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from webapp.notify.notices import Kind
    from webapp.notify.reach import Addresses


@dataclass(frozen=True, slots=True)
class Outlook:
    """What somebody chose, the ways that are left of it with their addresses, and whether the portal shows a notice."""

    choice: Choice
    ways: tuple[Channel, ...]
    addresses: Addresses
    in_portal: bool
    texts_off: bool = False


def outlook(kind: Kind, patient_id: UUID, at: datetime) -> Outlook:
    """Look ahead; nothing is promised: who changes their mind before it goes out is obeyed."""
    person, off = recipient(patient_id, at), switched_off()
    choice, addresses = person.wishes.choice(kind), person.addresses(kind)
    wanted = ways(choice, addresses) if person.lives else ()
    return Outlook(
        choice=choice,
        ways=tuple(way for way in wanted if way not in off),
        addresses=addresses,
        in_portal=person.lives and bool(person.accounts(kind)),
        texts_off=Channel.SMS in off and Channel.SMS in wanted,
    )
