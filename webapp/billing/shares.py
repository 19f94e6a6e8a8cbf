"""What a payer takes of what is charged: the patient pays a copay first, then a percentage of the rest.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_HUNDRED = 100


def payer_parts(nets: Sequence[int], share_percent: int, copay_cents: int) -> list[int]:
    """Cents the payer takes of each line: the copay comes off the first lines, halves of a cent are the patient's."""
    copay, parts = copay_cents, []
    for net in nets:
        first = min(net, copay)
        copay -= first
        rest = net - first
        parts.append(rest - (rest * share_percent + _HUNDRED // 2) // _HUNDRED)
    return parts
