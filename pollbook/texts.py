"""The texts people read, in five languages, from `resources/translations`.

`screens`, `papers` and `failures.<language>.toml` are flat tables of `key = "text with {places}"`. All languages
have the same keys and the same places; a test holds that.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pollbook.bundle import resource_path
from pollbook.failures import Failure

LANGUAGES = ("uz_Latn", "uz_Cyrl", "kaa", "ru", "en")
"""uz_Latn first: it is what a new station speaks."""


@dataclass(frozen=True, slots=True)
class FailureText:
    """A failure in words: what happened, and what to do next."""

    code: str
    cause: str
    instruction: str

    def __str__(self) -> str:
        return f"{self.cause} {self.instruction} ({self.code})"


@dataclass(frozen=True)
class Texts:
    """All texts of one language."""

    language: str
    screens: Mapping[str, str]
    failures: Mapping[str, Mapping[str, str]]

    def __call__(self, key: str, **places: object) -> str:
        """The text with this key, its places filled."""
        return self.screens[key].format_map(places) if places else self.screens[key]

    def failure(self, failure: Failure, facts: Mapping[str, object] | None = None) -> FailureText:
        """The words for a failure; a place that no fact fills shows as an ellipsis."""
        table = self.failures[failure.key]
        filled = _Places(facts or {})
        return FailureText(failure.code, table["cause"].format_map(filled), table["instruction"].format_map(filled))


class _Places(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


@cache
def load_texts(language: str) -> Texts:
    """The texts of one of `LANGUAGES`, read once by a process: they change with the program only."""
    screens = resource_path("translations", f"screens.{language}.toml")
    failures = resource_path("translations", f"failures.{language}.toml")
    return Texts(
        language,
        tomllib.loads(screens.read_text("utf-8")),
        tomllib.loads(failures.read_text("utf-8")),
    )


@dataclass(frozen=True)
class PaperTexts:
    """The texts of the papers in one language."""

    language: str
    papers: Mapping[str, str]

    def __call__(self, key: str, **places: object) -> str:
        """The text with this key, its places filled."""
        return self.papers[key].format_map(places) if places else self.papers[key]


def load_paper_texts(language: str) -> PaperTexts:
    """The papers' texts of one of `LANGUAGES`, from `papers.<language>.toml`."""
    return PaperTexts(
        language, tomllib.loads(resource_path("translations", f"papers.{language}.toml").read_text("utf-8"))
    )
