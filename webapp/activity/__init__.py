"""Who looked at whom and did what: noted by views, written to DynamoDB before their answer is sent."""

from webapp.activity.notes import Note, note, start, taken
from webapp.activity.record import flush, origin_of, write, write_once

__all__ = ["Note", "flush", "note", "origin_of", "start", "taken", "write", "write_once"]
