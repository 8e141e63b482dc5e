"""The papers' texts: the same keys and places in five languages, right letters, none unused, none in the code."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from pollbook.texts import LANGUAGES, load_paper_texts
from station_app.papers.printed_list import Standing

PAPERS = Path(__file__).resolve().parents[3] / "station_app" / "papers"
MADE = {f"mark_{standing}" for standing in Standing if standing is not Standing.OPEN}


def read(language: str) -> dict[str, str]:
    return dict(load_paper_texts(language).papers)


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_keys_and_places(language: str) -> None:
    usual, texts = read("en"), read(language)
    assert list(texts) == list(usual)
    for key, text in texts.items():
        assert text.strip() == text, key
        assert text, key
        assert set(places(text)) == set(places(usual[key])), key


@pytest.mark.parametrize("language", ["uz_Latn", "kaa"])
def test_latin_texts_have_the_right_letters_and_no_cyrillic(language: str) -> None:
    for key, text in read(language).items():
        assert not re.search("[\u0400-\u04ff]", text), key
        assert not re.search("['\u2018\u2019`\u00b4]", text), key
        assert not re.search("[OoGg]\u02bc|[^OoGg]\u02bb", text), key


@pytest.mark.parametrize("language", ["uz_Cyrl", "ru"])
def test_cyrillic_texts_have_no_latin_letters(language: str) -> None:
    for key, text in read(language).items():
        assert not re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", text)), key


def test_karakalpak_keeps_to_the_alphabet_of_2016() -> None:
    assert not set("".join(read("kaa").values()).lower()) & set("ğşçõöüʻ")


def test_every_text_is_used_and_every_text_used_is_there() -> None:
    code = "\n".join(path.read_text("utf-8") for path in sorted(PAPERS.glob("*.py")))
    keys = set(read("en"))
    assert [key for key in sorted(keys - MADE) if f'"{key}"' not in code and f"'{key}'" not in code] == []
    asked = set(re.findall(r"""text\(['"](\w+)['"]""", code))
    assert (asked | MADE) - keys == set()


def test_no_module_of_the_papers_holds_words_of_another_script() -> None:
    for path in sorted(PAPERS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and path.name != "release_text.py":  # the keys of a Cyrillic keyboard
                assert not re.search("[\u0400-\u04ff\u02bb\u02bc]", str(node.value)), f"{path.name}:{node.lineno}"
