"""The screens' texts: the same keys and places in five languages, right letters, none in the code."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pollbook.bundle import resource_path
from pollbook.texts import LANGUAGES, load_texts

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
    allowed = {"uchastka", "Enter", "training", "pins", "json", "Oʻzbekcha", "Qaraqalpaqsha", "English"}
    for key, text in read(language).items():
        without_places = re.sub(r"\{\w+\}", "", text)
        words = set(re.findall("[A-Za-z\u02bb]{2,}", without_places))
        assert words <= allowed, key


def test_karakalpak_keeps_to_the_alphabet_of_2016() -> None:
    letters = set("".join(text for key, text in read("kaa").items() if not key.startswith("language_")).lower())
    assert not letters & set("ğşçõöüńʻ") - {"ń"}
    assert {"á", "ǵ", "ı", "ń", "ó", "ú"} <= letters


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
    made = tuple(re.findall(r"""["'](\w+_)["'] \+""", code)) + tuple(re.findall(r"""f["'](\w+_)\{""", code))
    made += ("theme_", "sound_", "language_")  # the settings' fields, each with its values
    ends = re.findall(r"""\}(_title|_sentence)["']""", code)
    unused = [
        key
        for key in sorted(keys)
        if f'"{key}"' not in code and not key.startswith(made) and not (ends and key.endswith(tuple(ends)))
    ]
    assert unused == []
    asked = set(re.findall(r"""texts\(\s*"(\w+)"[,)]""", code))
    assert asked - keys == set()


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
