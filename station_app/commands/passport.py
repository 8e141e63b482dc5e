"""`uchastka passport`: passports and ID cards with a chip."""

from __future__ import annotations

from pollbook.commanding import CommandParser
from station_app.commands import document_reading, emulating, trusting


def add_commands(parser: CommandParser) -> None:
    """The program knows documents with a chip."""
    passport = parser.command("passport", "passports and ID cards with a chip")
    document_reading.add_commands(passport)
    trusting.add_commands(passport)
    emulating.add_commands(passport)
