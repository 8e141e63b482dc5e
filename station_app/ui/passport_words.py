"""What the document's line says in each stage: tone, icon, words and proofs, pure of any widget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pollbook.documents import Comparison, DocumentSays, Field, FieldCompared, Likeness, Remark, remarks
from pollbook.pinfl import mask
from pollbook.texts import Texts
from station_app.passports import Holds, PassportRead, Proof, ProofShown
from station_app.ui.formats import day
from station_app.ui.passport_stages import Empty, Failed, Lying, NoReader, PassportStage, Read, Reading

_ICONS = {
    Holds.HOLDS: "done",
    Holds.WEAKER: "closer",
    Holds.FAILS: "cross",
    Holds.NOT_OFFERED: "dash",
    Holds.NOT_CHECKED: "help",
}
_TONES = {
    Holds.HOLDS: "may",
    Holds.WEAKER: "closer",
    Holds.FAILS: "stop",
    Holds.NOT_OFFERED: "plain",
    Holds.NOT_CHECKED: "closer",
}
_GENUINE = (Proof.SIGNED, Proof.ISSUER, Proof.CHIP)


@dataclass(frozen=True, slots=True)
class Badge:
    """One proof in two or three words, and in a sentence or two."""

    tone: str
    icon: str
    text: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class PassportWords:
    """The line as it is drawn and spoken. `share`: 0 to 1 while something is under way; `key`: what F3 does."""

    tone: str
    icon: str
    title: str
    sentence: str
    badges: tuple[Badge, ...] = ()
    share: float | None = None
    key: str = ""

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        proofs = "; ".join(badge.text for badge in self.badges)
        return " ".join(part for part in (f"{self.title}.", self.sentence, proofs) if part)


def words_of(stage: PassportStage, texts: Texts, today: date) -> PassportWords | None:
    """The words of a stage; None where there is nothing to say."""
    match stage:
        case NoReader(was_there=False):
            return None
        case NoReader(failure):
            said = texts.failure(failure)
            return PassportWords("closer", "chip", said.cause, f"{said.instruction} ({said.code})")
        case Empty(is_key_known):
            kind = "expecting" if is_key_known else "empty"
            return _plain(kind, texts, key=texts("passport_key_button"))
        case Lying(is_done):
            return _plain("give_back", texts) if is_done else _plain("lying", texts, key=texts("passport_key_button"))
        case Reading(progress, says):
            title = texts(f"passport_phase_{progress.phase.value}")
            sentence = name_said(says) if says is not None else texts("passport_keep_still")
            return PassportWords("plain", "chip", title, sentence, share=progress.share)
        case Read(result):
            return _of_result(result, texts, today)
        case Failed(refused):
            said = texts.failure(refused.failure, refused.facts)
            sentence = " ".join((said.instruction, texts("passport_manual"), f"({said.code})"))
            return PassportWords("closer", "chip", said.cause, sentence, key=texts("passport_key_button"))
    return None


def _plain(kind: str, texts: Texts, *, key: str = "") -> PassportWords:
    return PassportWords("plain", "chip", texts(f"passport_{kind}_title"), texts(f"passport_{kind}"), key=key)


def _of_result(result: PassportRead, texts: Texts, today: date) -> PassportWords:
    told = remarks(result.says, today)
    held = {each.proof for each in result.proofs if each.holds is Holds.HOLDS}
    notes = remark_sentences(result.says, told, texts)
    if result.failing:
        tone, icon, kind = "stop", "cross", "doubtful"
        notes = (texts("passport_doubtful"), *notes)
    elif held.issuperset(_GENUINE) and all(each.holds is not Holds.WEAKER for each in result.proofs):
        tone, icon, kind = "closer" if notes else "may", "done", "genuine"
    else:
        tone, icon, kind = "closer", "chip", "partly"
    badges = tuple(badge(each, texts) for each in result.proofs)
    title, sentence = texts(f"passport_{kind}_title"), " ".join(notes) or texts(f"passport_{kind}")
    return PassportWords(tone, icon, title, sentence, badges, key=texts("passport_details_button"))


def badge(shown: ProofShown, texts: Texts) -> Badge:
    """One proof as it came out."""
    text = texts(f"proof_{shown.proof.value}_{shown.holds.value}")
    why = texts(f"passport_why_{shown.why.value}") if shown.why else ""
    sentence = " ".join(part for part in (texts(f"proof_{shown.proof.value}"), why) if part)
    return Badge(_TONES[shown.holds], _ICONS[shown.holds], text, sentence)


def remark_sentences(says: DocumentSays, told: tuple[Remark, ...], texts: Texts) -> tuple[str, ...]:
    """What is told of the document besides its proofs: expired, another State's, contradicting itself."""
    found = []
    for remark in told:
        if remark is Remark.EXPIRED and says.expires_on is not None:
            found.append(texts("passport_expired", day=day(says.expires_on)))
        elif remark is Remark.OTHER_STATE:
            found.append(texts("passport_other_state", state=says.issuer))
        elif remark in {Remark.CONTRADICTS_ITSELF, Remark.CHECK_DIGIT}:
            found.append(texts(f"doubt_{remark.value}"))
    return tuple(found)


def name_said(says: DocumentSays) -> str:
    """The holder's name as the document writes it."""
    name = next(iter(says.names), None)
    return f"{name.surname} {name.given_names}".strip() if name else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of document and list, side by side, as people read it."""

    tone: str
    icon: str
    field: str
    said: str
    listed: str
    verdict: str

    @property
    def spoken(self) -> str:
        """What a screen reader says."""
        return f"{self.field}: {self.verdict}. {self.said} · {self.listed}"


_ROW_LOOKS = {
    Likeness.SAME: ("may", "done"),
    Likeness.DIFFERS: ("closer", "closer"),
    Likeness.ABSENT: ("plain", "dash"),
}


def rows_of(beside: Comparison, texts: Texts, *, only_differing: bool) -> tuple[Row, ...]:
    """Document and list field by field, in the order of the fields."""
    wanted = [each for each in beside.fields if not only_differing or each.likeness is Likeness.DIFFERS]
    return tuple(_row(each, texts) for each in wanted)


def _row(compared: FieldCompared, texts: Texts) -> Row:
    tone, icon = _ROW_LOOKS[compared.likeness]
    return Row(
        tone,
        icon,
        texts(f"difference_{compared.field.value}"),
        _value(compared.field, compared.said, texts) or texts("compare_nothing"),
        _value(compared.field, compared.listed, texts) or texts("compare_nothing"),
        texts(f"compare_{compared.likeness.value}"),
    )


def _value(field: Field, value: str, texts: Texts) -> str:
    match field:
        case Field.PINFL:
            return mask(value)
        case Field.SEX:
            return texts(f"sex_{value}") if value in {"m", "f"} else ""
        case Field.BIRTH_DATE:
            return _date(value)
        case _:
            return value


def _date(digits: str) -> str:
    """DD.MM.YYYY or DD.MM.YY of a date as documents write it, unknown parts as they stand."""
    if not digits:
        return ""
    year, month, last = digits[:-4], digits[-4:-2], digits[-2:]
    return f"{last}.{month}.{year}".replace("<", "–")
