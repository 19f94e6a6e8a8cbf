"""`make chaos`: whoever moves money is cut off or killed at every message, and everything must still be true.

A proxy of our own stands in front of PostgreSQL and of the card gateway and strikes at the n-th message, for every n:
before it is heard or after it was answered, by hanging up or by kill -9.  Then the same form is pressed again, the
reconciler works, and the books are held against what money really moved.  1 when anything is not as it must be, or when
some way of striking was not tried.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from contextlib import ExitStack
from random import Random
from time import monotonic
from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row

from bench.chaos.deeds import DEEDS
from bench.chaos.ground import DEPOSIT, Ground
from bench.chaos.judge import Verdict
from bench.chaos.strikes import WAYS, Striker
from tests import factories
from tests.billing.cards.card_desk import CardDesk
from tests.billing.cards.conftest import connected
from tests.stack.services import copy_of_template, throw_away_stack
from tests.stack.stripe_stand_in import SECRET_KEY, WEBHOOK_SECRET, StripeStandIn
from webapp.billing.gateways.stripe_gateway import StripeGateway

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deploy.local.stack import Stack


def _ground(stack: Stack, database: str, opened: ExitStack) -> tuple[Ground, dict[str, str]]:
    copy_of_template(stack, database)
    environment = stack.environment(database=database)
    owner = opened.enter_context(psycopg.connect(stack.postgres.address(database), autocommit=True))
    owner.row_factory = dict_row  # type: ignore[assignment]
    stand_in = opened.enter_context(StripeStandIn())
    gateway = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stand_in.address)
    opened.callback(gateway.close)
    clinic = factories.clinic(owner, deposit_cents=DEPOSIT)
    till = CardDesk(
        connected(environment["DATABASE_URL"], gateway),
        connected(environment["WORKER_DATABASE_URL"], gateway),
        owner,
        clinic,
        stand_in,
        stand_in.counter.add_reader("Desk 1"),
    )
    return Ground(till), environment


def _plan(ground: Ground, striker: Striker, chance: Random) -> Iterator[tuple[int, str, str, int]]:
    """Every message of every deed in every way, again and again, each turn in an order of its own.

    A COMMIT of each deed comes first, in each way, so that a short run has tried everything once.
    """
    for deed in DEEDS:
        striker.warm(ground.order(deed))
    heard = {deed: striker.rehearse(ground.order(deed)) for deed in DEEDS}
    ground.settle()
    every = [(deed, way, n) for deed, sent in heard.items() for n in range(1, len(sent) + 1) for way in WAYS]
    for turn in itertools.count():
        chance.shuffle(every)
        # The earliest: one deed does not always send as many messages as another.
        commits = {deed: n for deed, sent in heard.items() for n in range(len(sent), 0, -1) if b"COMMIT" in sent[n - 1]}
        first = [(deed, way, n) for deed, n in commits.items() for way in WAYS]
        for deed, way, number in (*first, *(each for each in every if each not in first)):
            yield turn, deed, way, number


def _trial(ground: Ground, striker: Striker, verdict: Verdict, deed: str, way: str, number: int) -> None:
    order = ground.order(deed)
    said, answer = striker.strike(order, way, number)
    answers = [answer, ground.press(order)]
    ground.settle()
    answers.append(ground.press(order))
    # One deed does not always send as many as another: what was not struck at is no trial.
    if said is not None:
        verdict.add(order, way, said, answers, ground.standing(order))


def run(stack: Stack, database: str, chosen: argparse.Namespace) -> Verdict:
    """Try as much as is asked for on a database of its own."""
    verdict, started = Verdict(), monotonic()
    with ExitStack() as opened:
        ground, environment = _ground(stack, database, opened)
        striker = opened.enter_context(Striker(environment, ground.till.stand_in.port))
        for turn, deed, way, number in _plan(ground, striker, Random(chosen.seed)):
            if turn > 0 and verdict.trials >= chosen.trials:
                break
            if chosen.seconds is not None and monotonic() - started > chosen.seconds:
                break
            _trial(ground, striker, verdict, deed, way, number)
            if verdict.trials % 100 == 0:
                print(f"  {verdict.trials} trials, {monotonic() - started:.0f} s", flush=True)
        verdict.unbalanced = ground.unbalanced()
    return verdict


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("command", nargs="?", default="chaos", help=argparse.SUPPRESS)
    parser.add_argument("--trials", type=int, default=1000, help="at least so many, and every message at least once")
    parser.add_argument("--seconds", type=float, help="stop after so long, whatever was tried by then")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Exit status: 0 when all was true and nothing was left out."""
    with throw_away_stack() as stack:
        verdict = run(stack, "chaos", arguments(given))
    for (deed, way), count in sorted(verdict.classes.items()):
        print(f"  {deed:<10} {way:<14} {count:>5}")
    for example in verdict.examples[:10]:
        print(example)
    never = ", ".join(left_out(verdict)) or "nothing"
    print(f"left out: {never}; ledger beside the gateway: {verdict.unbalanced} wrong")
    print(verdict.line())
    return 0 if verdict.holds and not left_out(verdict) else 1


def left_out(verdict: Verdict) -> list[str]:
    """Name what was never tried."""
    never = [f"{deed} {way}" for deed in DEEDS for way in WAYS if not verdict.classes[deed, way]]
    return never + [f"COMMIT {when}" for when in ("before", "after") if not verdict.commit_cuts[when]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
