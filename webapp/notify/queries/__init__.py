"""Whom messages go to, what is still true of them, and what was sent."""
