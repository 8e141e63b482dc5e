"""How this laptop's screens look and sound: kept in the station's folder, read once at start-up."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from pollbook.texts import LANGUAGES
from station_app.ui.theme import SCALES, THEMES, Theme

log = logging.getLogger(__name__)
_FILE = "appearance.json"


@dataclass(frozen=True, slots=True)
class Appearance:
    """The operator's choices."""

    language: str = LANGUAGES[0]
    theme: str = "light"
    scale: int = 100
    sound: bool = True

    @property
    def tokens(self) -> Theme:
        """The tokens these choices mean."""
        return Theme(self.theme, self.scale)


def load_appearance(home: Path) -> Appearance:
    """What was chosen last; whatever is missing or not one of the choices is the default."""
    try:
        untrusted = json.loads((home / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return Appearance()
    if not isinstance(untrusted, dict):
        return Appearance()
    default = Appearance()
    language, theme = untrusted.get("language"), untrusted.get("theme")
    scale, sound = untrusted.get("scale"), untrusted.get("sound")
    return Appearance(
        language=language if language in LANGUAGES else default.language,
        theme=theme if theme in THEMES else default.theme,
        scale=scale if scale in SCALES else default.scale,
        sound=sound if isinstance(sound, bool) else default.sound,
    )


def save_appearance(home: Path, appearance: Appearance) -> None:
    """Keep the choices; a folder that cannot be written is not the operator's trouble."""
    try:
        if home.is_dir():
            (home / _FILE).write_text(json.dumps(asdict(appearance)), "utf-8")
    except OSError as error:
        log.warning("event=appearance_not_saved errno=%s", error.errno)
