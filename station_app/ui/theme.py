"""The tokens of the screens: colours of the two themes, steps of size, spacing (docs: SCREENS, Tokens).

Text grows from 100 to 200 %. The three small steps grow in full; the two large ones, which are readable from a
metre already at 100 %, grow less, so that a 1366x768 screen still holds one whole answer at 200 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

FAMILIES: Final = ("Noto Sans", "Segoe UI", "DejaVu Sans")
"""DejaVu Sans has every letter of the five languages; the other two do on the systems that ship them."""
SCALES: Final = (100, 125, 150, 175, 200)
THEMES: Final = ("light", "dark")
RADIUS: Final = 8
HIT_MIN: Final = 40
MAIN_BUTTON_MIN: Final = 56
ICON_SMALL: Final = 20
ICON_LARGE: Final = 32


class Step(IntEnum):
    """Text sizes in pixels at 100 %."""

    SMALL = 13
    BASE = 15
    LARGE = 18
    NAME = 24
    VERDICT = 34


_GROWTH: Final = {Step.SMALL: 1.0, Step.BASE: 1.0, Step.LARGE: 0.75, Step.NAME: 0.5, Step.VERDICT: 0.25}


@dataclass(frozen=True, slots=True)
class Tone:
    """A verdict's colours."""

    fill: str
    text: str


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme. `accent` is the only colour that is not a verdict; `chosen` is the fill of the highlighted row."""

    ground: str
    panel: str
    line: str
    field_border: str
    text: str
    secondary: str
    accent: str
    on_accent: str
    chosen: str
    may: Tone
    closer: Tone
    stop: Tone

    @property
    def plain(self) -> Tone:
        """The verdict's place while there is no verdict."""
        return Tone(self.ground, self.secondary)

    def tone(self, name: str) -> Tone:
        """`may`, `closer`, `stop` or `plain`."""
        tone: Tone = getattr(self, name)
        return tone


LIGHT: Final = Colours(
    ground="#F5F6F8",
    panel="#FFFFFF",
    line="#D5D9E0",
    field_border="#7A8494",
    text="#1A1F27",
    secondary="#566070",
    accent="#0B5CAD",
    on_accent="#FFFFFF",
    chosen="#E1EDF8",
    may=Tone("#DDF3E4", "#0B5A2A"),
    closer=Tone("#FFF0CC", "#6B4600"),
    stop=Tone("#FDE0DE", "#8E1410"),
)
DARK: Final = Colours(
    ground="#14171C",
    panel="#1D2229",
    line="#353C47",
    field_border="#7F8A9A",
    text="#E9ECF1",
    secondary="#A3ADBB",
    accent="#6DB3F2",
    on_accent="#14171C",
    chosen="#24364A",
    may=Tone("#123A22", "#8FE3AE"),
    closer=Tone("#43330B", "#FFD37A"),
    stop=Tone("#4A1715", "#FFB4AE"),
)
TONES: Final = ("plain", "may", "closer", "stop")


@dataclass(frozen=True, slots=True)
class Theme:
    """The tokens as the operator chose them: a theme's colours and the text's size in per cent."""

    name: str = "light"
    scale: int = 100

    @property
    def colours(self) -> Colours:
        """The colours of this theme."""
        return DARK if self.name == "dark" else LIGHT

    @property
    def is_large(self) -> bool:
        """Whether the text is so large that lists show fewer rows and the day line only its current step."""
        return self.scale >= 150

    @property
    def is_tight(self) -> bool:
        """Whether one-line texts are said in their short form."""
        return self.scale > 100

    def px(self, step: Step) -> int:
        """The step's size in pixels at this scale."""
        return round(step * (1 + (self.scale / 100 - 1) * _GROWTH[step]))

    def icon(self, size: int) -> int:
        """An icon's edge in pixels: icons grow half as fast as text."""
        return round(size * (1 + (self.scale / 100 - 1) * 0.5))

    @property
    def hit(self) -> int:
        """The least height of what can be pressed."""
        return max(HIT_MIN, round(self.px(Step.BASE) * 1.35) + 16)

    @property
    def foot(self) -> int:
        """The height of the line at the window's foot, and of what can be pressed in it."""
        return max(HIT_MIN, round(self.px(Step.SMALL) * 1.35) + 8)

    @property
    def main_button(self) -> int:
        """The least height of the one main button."""
        return max(MAIN_BUTTON_MIN, round(self.px(Step.LARGE) * 1.35) + 20)
