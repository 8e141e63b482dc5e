"""The observers' page in all languages of the screens, from the screens' own texts."""

from __future__ import annotations

from datetime import tzinfo

from devices.camera.health import Alarm, Light
from pollbook.failures import Failure
from pollbook.texts import LANGUAGES, Texts, load_texts
from station_app.desk import Station
from station_app.live.page import Page, PageWords
from station_app.live.room import Withheld
from station_app.ui.camera_words import light_word

_TAGS = {"uz_Latn": "uz-Latn", "uz_Cyrl": "uz-Cyrl", "kaa": "kaa", "ru": "ru", "en": "en"}
_REFUSALS = (Failure.OBSERVER_CODE_UNFIT, Failure.OBSERVER_TRIES, Failure.OBSERVERS_FULL)


def page_of(station: Station, language: str, zone: tzinfo) -> Page:
    """The page of this station; the language of the screens comes first."""
    order = (language, *(each for each in LANGUAGES if each != language))
    name = station.precinct_name.removeprefix(station.precinct).lstrip(" ,\u00b7")
    words = {each: page_words(load_texts(each)) for each in order}
    return Page(f"{station.precinct} \u00b7 {name}", words, zone, station.election.training)


def page_words(texts: Texts) -> PageWords:
    """The page in one language."""
    return PageWords(
        tag=_TAGS[texts.language],
        name=texts("language_" + texts.language),
        title=texts("page_title"),
        training=texts("training_band"),
        enter=texts("page_enter"),
        code=texts("page_code"),
        button=texts("page_button"),
        explanation=texts("page_explanation"),
        alarm=texts.screens["camera_since"],
        lights={light: light_word(light, texts) for light in Light},
        alarms={alarm.value: texts("camera_alarm_" + alarm.value) for alarm in Alarm},
        withheld={why: texts("page_withheld_" + why.value) for why in Withheld},
        refusals={failure: _refusal(texts, failure) for failure in _REFUSALS},
    )


def _refusal(texts: Texts, failure: Failure) -> str:
    table = texts.failures[failure.key]
    return f"{table['cause']} {table['instruction']} ({failure.code})"
