"""Random sequences of changes against a model that fits on a page: what it allows happens, and nothing else."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import factories
from tests.booking.machine import KINDS, PATIENTS, PROVIDERS, Places
from tests.booking.machine_of_groups import DeskWithGroups
from tests.booking.wishes import Open, Owner

STEPS_AT_ONCE = 40


@pytest.mark.slow
def test_what_the_model_allows_happens_and_nothing_else(desk: Open, owner: Owner) -> None:
    clinic = factories.clinic(owner, providers=PROVIDERS, rooms=0, patients=PATIENTS, needs_room=False)
    services = {
        kind: factories.service(
            owner,
            clinic.providers,
            [clinic.location],
            needs_room=False,
            length_minutes=length,
            buffer_before_minutes=before,
            buffer_after_minutes=after,
        )
        for kind, (length, before, after) in KINDS.items()
    }
    machine = type("Machine", (DeskWithGroups,), {"at": Places(desk, owner, clinic, services)})
    steps = int(os.environ.get("MODEL_STEPS", "400"))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=max(1, steps // STEPS_AT_ONCE),
            stateful_step_count=STEPS_AT_ONCE,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
