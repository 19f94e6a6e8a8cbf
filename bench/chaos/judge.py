"""What a trial shows: whether people were told the truth, and whether money and visits stand or fall together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.chaos.deeds import Order
    from bench.chaos.ground import Standing

FINAL = frozenset({"captured", "capture_failed", "voided", "failed", "refunded"})
WRONG = ("paid_without_booking", "booked_marked_paid_without_payment", "double_charges", "lost", "not_settled")


@dataclass
class Verdict:
    """Counts over all trials; `classes` by deed, way of striking and whether it was at a COMMIT."""

    trials: int = 0
    commit_cuts: Counter[str] = field(default_factory=Counter)
    claims: int = 0
    true_claims: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    classes: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    unbalanced: int = 0
    """Transactions of the ledger that do not balance, and one more when its cards are not what the gateway says."""

    def add(self, order: Order, way: str, said: bytes, answers: list[dict[str, Any]], end: Standing) -> None:
        """Judge one trial: `answers` are what each press was told, in order."""
        self.trials += 1
        self.classes[order["deed"], way] += 1
        if b"COMMIT" in said:
            self.commit_cuts["after" if "after" in way else "before"] += 1
        found = [name for name, is_so in _wrong(order, end).items() if is_so]
        lies = [answer for answer in answers if not _is_true(order, answer, end)]
        self.claims += len(answers)
        self.true_claims += len(answers) - len(lies)
        self.wrong.update(found)
        if found or lies:
            self.examples.append(f"{order['deed']} {way} at {said[:60]!r}: {found} lies={lies} answers={answers} {end}")

    @property
    def holds(self) -> bool:
        return not self.wrong and not self.unbalanced and self.claims == self.true_claims

    def line(self) -> str:
        """The last line."""
        counts = " ".join(f"{name}={self.wrong[name]}" for name in WRONG[:-1])
        cuts = f"{self.commit_cuts['before']}+{self.commit_cuts['after']}"
        more = f" not_settled={self.wrong['not_settled']}" if self.wrong["not_settled"] else ""
        told = f"told_truth={self.true_claims}/{self.claims}"
        return f"chaos: trials={self.trials} commit_cuts={cuts} {told} {counts}{more}"


def _wrong(order: Order, end: Standing) -> dict[str, bool]:
    booked = [status for status, _ in end.visits if status == "booked"]
    books = order["deed"] in {"book", "capture"}
    ours, theirs = end.paid, end.moved.captured
    if order["deed"] == "refund":
        ours, theirs = end.given_back, end.moved.refunded
    return {
        "paid_without_booking": books and end.paid > 0 and len(booked) != 1,
        "booked_marked_paid_without_payment": books and bool(booked) and end.paid == 0,
        "double_charges": theirs > order["cents"] or end.payments > 1,
        "lost": ours != theirs,
        "not_settled": end.moved.held > 0
        or any(state not in FINAL for state in end.states)
        # A hold that nobody pays for any more ends by itself.
        or any(is_open for _, is_open in end.visits),
    }


def _is_true(order: Order, answer: dict[str, Any], end: Standing) -> bool:
    """Whether what was said is so in the end; who said that nobody knows yet has said nothing wrong."""
    if "unknown" in answer or "done" in answer:
        return True
    happened = end.given_back > 0 if order["deed"] == "refund" else end.paid > 0
    if "refused" in answer:
        return not happened
    if answer["settled"] or answer["state"] in {"captured", "refunded"}:
        return happened
    return not happened if answer["state"] in {"voided", "failed", "declined"} else True
