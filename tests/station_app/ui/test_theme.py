from __future__ import annotations

import re

import pytest

from pollbook.bundle import resource_path
from station_app.ui.stylesheet import font, palette, stylesheet
from station_app.ui.theme import DARK, HIT_MIN, LIGHT, MAIN_BUTTON_MIN, SCALES, THEMES, Colours, Step, Theme

TEXT_MIN, PART_MIN = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[index : index + 2], 16) / 255) for index in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=THEMES)
def test_every_text_is_readable_on_its_ground(colours: Colours) -> None:
    grounds = (colours.ground, colours.panel, colours.chosen)
    pairs = [(text, ground) for text in (colours.text, colours.secondary) for ground in grounds]
    pairs += [(tone.text, tone.fill) for tone in (colours.may, colours.closer, colours.stop, colours.plain)]
    pairs += [(colours.on_accent, colours.accent), (colours.accent, colours.panel)]
    assert [pair for pair in pairs if contrast(*pair) < TEXT_MIN] == []


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=THEMES)
def test_icons_and_borders_of_fields_are_seen(colours: Colours) -> None:
    pairs = [(colours.field_border, colours.panel), (colours.field_border, colours.ground)]
    pairs += [(colours.accent, ground) for ground in (colours.panel, colours.ground, colours.chosen)]
    pairs += [(colours.stop.text, colours.panel), (colours.stop.text, colours.chosen)]
    assert [pair for pair in pairs if contrast(*pair) < PART_MIN] == []


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=THEMES)
def test_the_verdicts_are_told_apart_without_red_and_green(colours: Colours) -> None:
    """Each verdict has its own icon besides; a test of the verdicts holds that."""
    fills = {tone.fill for tone in (colours.may, colours.closer, colours.stop)}
    assert len(fills) == 3


@pytest.mark.parametrize("scale", SCALES)
def test_what_can_be_pressed_is_large_enough_at_every_text_size(scale: int) -> None:
    theme = Theme("light", scale)
    assert theme.hit >= HIT_MIN == 40
    assert theme.foot >= HIT_MIN
    assert theme.main_button >= MAIN_BUTTON_MIN == 56
    assert theme.px(Step.BASE) == round(15 * scale / 100)
    assert [theme.px(step) for step in Step] == sorted(theme.px(step) for step in Step)


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("name", THEMES)
def test_the_stylesheet_has_no_colour_that_is_not_a_token(name: str) -> None:
    theme = Theme(name)
    colours = theme.colours
    tones = (colours.may, colours.closer, colours.stop)
    known = {value for value in (getattr(colours, field) for field in Colours.__slots__) if isinstance(value, str)}
    known |= {value for tone in tones for value in (tone.fill, tone.text)}
    assert set(re.findall(r"#[0-9A-Fa-f]{6}", stylesheet(theme))) <= known
    assert palette(theme).color(palette(theme).ColorRole.WindowText).name().upper() == colours.text
    assert font(theme).families()[-1] == "DejaVu Sans"


def test_every_icon_takes_its_colour_from_the_tokens() -> None:
    icons = sorted(resource_path("icons").glob("*.svg"))
    assert len(icons) >= 12
    for path in icons:
        text = path.read_text("utf-8")
        assert 'stroke="currentColor"' in text, path.name
        assert 'viewBox="0 0 24 24"' in text, path.name
        assert not re.search(r"#[0-9A-Fa-f]{3,6}", text), path.name
