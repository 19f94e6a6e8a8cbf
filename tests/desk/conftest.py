"""A Monday at 8:00 at the front desk."""

from tests.morning import clinic, desk, eight_in_the_morning

__all__ = ["clinic", "desk", "eight_in_the_morning"]
