"""The screens' texts: the same keys and places in five languages, right letters, none in the code."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import pytest

from devices.camera.folder import GapReason
from devices.camera.health import Alarm
from pollbook.asks import ClaimAnswer
from pollbook.bundle import resource_path
from pollbook.documents import DOUBTS, Field, Likeness
from pollbook.effects import Anomaly
from pollbook.texts import LANGUAGES, load_texts
from pollbook.types import Channel, Role
from station_app.desk import LinkState, MirrorState, Notice, NoticeKind
from station_app.faces import FaceState
from station_app.live.room import Withheld
from station_app.passports import Holds, Phase, Proof, TrainingKind, Why
from station_app.ui.header import DAY_STEPS
from station_app.ui.messages import message_text, message_tone
from station_app.ui.theme import THEMES

UI = Path(__file__).resolve().parents[3] / "station_app" / "ui"
SHOWING = {
    "QLabel", "QPushButton", "setAccessibleDescription", "setAccessibleName", "setPlaceholderText", "setText",
    "setTitle", "setToolTip", "setWindowTitle", "addItem", "addAction", "drawText",
}  # fmt: skip
WORD = re.compile(r"[^\W\d_]{2,}")
CAPITALS_ALLOWED = {"PIN", "JSHSHIR", "PINFL", "AKT", "IT", "USB", "Enter"}


def read(language: str) -> dict[str, str]:
    return tomllib.loads(resource_path("translations", f"screens.{language}.toml").read_text("utf-8"))


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_keys_and_places_and_no_empty_text(language: str) -> None:
    usual, texts = read("en"), read(language)
    assert list(texts) == list(usual)
    assert [key for key, text in texts.items() if not text.strip() or text != text.strip()] == []
    assert {key: places(text) for key, text in texts.items()} == {key: places(text) for key, text in usual.items()}


@pytest.mark.parametrize("language", ["uz_Latn", "kaa"])
def test_latin_texts_have_the_right_letters_and_no_cyrillic(language: str) -> None:
    others = {"language_uz_Cyrl", "language_ru"}
    for key, text in read(language).items():
        if key not in others:
            assert not re.search("[\u0400-\u04ff]", text), key
        assert not re.search("['\u2018\u2019`\u00b4]", text), key
        assert not re.search("[OoGg]\u02bc|[^OoGg]\u02bb", text), key


@pytest.mark.parametrize("language", ["uz_Cyrl", "ru"])
def test_cyrillic_texts_have_no_latin_words_but_keys_and_names(language: str) -> None:
    allowed = {
        "uchastka",
        "Enter",
        "training",
        "pins",
        "json",
        "book",
        "recover",
        "Ctrl",
        "Esc",
        "Tab",
        "Shift",
        "Delete",
        "Oʻzbekcha",
        "Qaraqalpaqsha",
        "English",
        "rtsp",
        "main",
        "usb",
        "PACE",
        "BAC",
        "CAN",
    }
    for key, text in read(language).items():
        without_places = re.sub(r"\{\w+\}", "", text)
        words = set(re.findall("[A-Za-z\u02bb]{2,}", without_places))
        assert words <= allowed, key


def test_karakalpak_keeps_to_the_alphabet_of_2016() -> None:
    letters = set("".join(text for key, text in read("kaa").items() if not key.startswith("language_")).lower())
    assert not letters & set("ğşçõöüńʻ") - {"ń"}
    assert {"á", "ǵ", "ı", "ń", "ó", "ú"} <= letters


TOLD = set(NoticeKind) - {NoticeKind.ANOMALY, NoticeKind.NOTICE, NoticeKind.ADJUDICATED}
MADE: dict[str, Iterable[str]] = {
    "action_training_": TrainingKind,
    "button_": ("lock", "settings", "help"),
    "camera_alarm_": tuple(alarm.value for alarm in Alarm),
    "camera_light_": ("green", "amber", "red"),
    "camera_reason_": tuple(reason.value for reason in GapReason),
    "channel_": Channel,
    "claim_": (*ClaimAnswer, "none", "arrived"),
    "colour_": ("red", "orange", "yellow", "green", "blue", "violet", "grey", "white"),
    "day_": DAY_STEPS,
    "compare_": Likeness,
    "difference_": (*Field, "check_digit"),
    "doubt_": DOUBTS,
    "face_": FaceState,
    "passport_": ("genuine", "partly", "doubtful", "empty", "expecting", "lying", "give_back"),
    "passport_phase_": Phase,
    "passport_why_": Why,
    "proof_": Proof,
    "sex_": ("m", "f"),
    "language_": LANGUAGES,
    "link_": LinkState,
    "mirror_": MirrorState,
    "not_in_list_": ("spelling", "document", "chair"),
    "notice_": (*Anomaly, *TOLD, "counted", "not_counted"),
    "page_withheld_": Withheld,
    "role_": Role,
    "theme_": THEMES,
    "turnout_": (Channel.HOME, Channel.EARLY),
}
"""The keys that the code puts together, by how they begin."""
NOTICE_PAGES = ("opening", "enrolling", "not_enrolled", "not_opened")


def made_keys() -> Iterator[str]:
    for start, ends in MADE.items():
        yield from (start + end for end in ends)
    for kind in MADE["passport_"]:
        yield f"passport_{kind}_title"
    for proof, holds in product(Proof, Holds):
        yield f"proof_{proof}_{holds}"
    for page in NOTICE_PAGES:
        yield from (f"{page}_title", f"{page}_sentence")


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(UI.glob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def shown_literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in SHOWING:
            continue
        for argument in node.args:
            parts = argument.values if isinstance(argument, ast.JoinedStr) else [argument]
            for part in parts:
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and WORD.search(part.value):
                    yield node.lineno, part.value


def test_no_text_of_a_screen_is_written_in_the_code() -> None:
    found = [
        f"{path.name}:{line}: {text}"
        for path, tree in modules()
        if path.name != "play.py"  # prints for developers
        for line, text in shown_literals(tree)
    ]
    assert found == []


def test_no_module_of_the_screens_holds_words_of_another_script() -> None:
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.search("[\u0400-\u04ff\u02bb\u02bc]", node.value), f"{path.name}:{node.lineno}"


def test_every_key_is_used_and_every_key_used_is_there() -> None:
    code = "\n".join(path.read_text("utf-8") for path in sorted(UI.glob("*.py")))
    keys = set(read("en"))
    made = set(made_keys())
    assert [key for key in sorted(keys - made) if f'"{key}"' not in code] == []
    asked = set(re.findall(r"""texts\(\s*"(\w+)"[,)]""", code))
    assert (asked | made) - keys == set()
    starts = set(re.findall(r"""["'](\w+_)["'] \+""", code)) | set(re.findall(r"""f["'](\w+_)\{""", code))
    assert sorted(starts) == sorted(MADE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_filled(language: str) -> None:
    texts = load_texts(language)
    for key, text in texts.screens.items():
        assert "{" not in texts(key, **dict.fromkeys(places(text), "x")), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_say_what_they_do_in_a_few_words(language: str) -> None:
    for key, text in read(language).items():
        if key.startswith("button_"):
            assert len(text) <= 32, key
            assert not text.endswith("."), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_anomaly_is_a_sentence_that_says_what_it_is_and_another_that_says_what_to_do(language: str) -> None:
    texts = load_texts(language)
    said = [message_text(Notice(1, NoticeKind.ANOMALY, anomaly, 3), texts) for anomaly in Anomaly]
    assert len(set(said)) == len(Anomaly)
    for anomaly, text in zip(Anomaly, said, strict=True):
        assert anomaly not in text
        assert text.count(". ") >= 1
        assert text.endswith(".")
        assert len(text) <= 300


def test_an_anomaly_of_a_newer_register_and_the_centre_s_own_words_are_said_too() -> None:
    texts = load_texts("en")
    assert "moon_full" in message_text(Notice(1, NoticeKind.ANOMALY, "moon_full", 0), texts)
    assert message_text(Notice(1, NoticeKind.NOTICE, "Close at {20}:00", 0), texts) == "Close at {20}:00"
    revoked = Notice(1, NoticeKind.REVOKED, "lost {laptop}", 0)
    assert message_text(revoked, texts).endswith("Reason: lost {laptop}")
    assert message_tone(revoked) == message_tone(Notice(1, NoticeKind.ANOMALY, "fork", 0)) == "stop"
    assert message_tone(Notice(1, NoticeKind.ANOMALY, "clock_skewed", 0)) == "closer"
