"""`flask import …` and `flask demo …`."""

from webapp.interop.commands.demo import demo
from webapp.interop.commands.fhir import imports

COMMANDS = (imports, demo)

__all__ = ["COMMANDS"]
