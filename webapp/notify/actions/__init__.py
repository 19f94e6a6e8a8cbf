"""Decide what is owed, write it down once, and keep book of its sending."""
