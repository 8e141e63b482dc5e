"""Which buttons a stage has and what is written on them, pure of any widget."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pollbook.texts import Texts
from station_app.desk import Verdict, VoterCard
from station_app.moving import Whereabouts
from station_app.ui.buttons import with_key
from station_app.ui.stages import Broken, Done, Marking, Opening, Shown, Stage, Waiting


class MainAct(Enum):
    """What the main button, and Enter, do with the card on the screen."""

    MARK = "mark"
    FETCH = "fetch"
    CLAIM = "claim"
    SEE_ROW = "see_row"
    TEAM_BACK = "team_back"


@dataclass(frozen=True, slots=True)
class StageButtons:
    """Texts; an empty one is no button. `may_press` is about the main one, `asks_channel` whether it marks."""

    main: str = ""
    back: str = ""
    undo: str = ""
    may_press: bool = False
    provisional: str = ""
    asks_channel: bool = False


def main_act(card: VoterCard, *, has_neighbours: bool) -> MainAct | None:
    """The one main thing to do with a card, or None where there is none."""
    match card.verdict:
        case Verdict.MAY_VOTE | Verdict.LOOK_CLOSER:
            return MainAct.MARK
        case Verdict.UNPROVEN:
            return MainAct.SEE_ROW
        case Verdict.WITH_TEAM:
            return MainAct.TEAM_BACK
        case Verdict.LINE_NOT_HELD:
            is_near = card.where is None or card.where.kind is Whereabouts.OTHER_DESK
            return MainAct.FETCH if has_neighbours and is_near else MainAct.CLAIM
        case _:
            return None


_MAIN_TEXTS = {
    MainAct.MARK: "button_mark",
    MainAct.FETCH: "button_fetch",
    MainAct.CLAIM: "button_claim",
    MainAct.SEE_ROW: "button_see_row",
    MainAct.TEAM_BACK: "button_team_back",
}


def buttons_of(stage: Stage, texts: Texts, *, is_short: bool, has_neighbours: bool = False) -> StageButtons:
    """The buttons of a stage; `is_short` leaves the keys out, `has_neighbours` offers to ask the other desks."""

    def keyed(key: str, text: str) -> str:
        return texts(text) if is_short else with_key(key, texts(text))

    match stage:
        case Waiting(nothing_found=True):
            provisional = texts("button_provisional")
            return StageButtons(keyed("Enter", "button_claim"), may_press=True, provisional=provisional)
        case Waiting():
            return StageButtons()
        case Shown(card, None) if (act := main_act(card, has_neighbours=has_neighbours)) is not None:
            needs_control = card.verdict is Verdict.LOOK_CLOSER
            main = keyed("Ctrl+Enter", "button_mark_compared") if needs_control else keyed("Enter", _MAIN_TEXTS[act])
            if act is MainAct.CLAIM and card.claim is not None:
                main = keyed("Enter", "button_claim_show")
            is_elsewhere = card.verdict is Verdict.LINE_NOT_HELD
            return StageButtons(
                main,
                keyed("Esc", "button_back"),
                may_press=True,
                provisional=texts("button_provisional") if is_elsewhere else "",
                asks_channel=act is MainAct.MARK,
            )
        case Shown(card, None) if card.mark is not None:
            return StageButtons(back=keyed("Esc", "button_back"), undo=texts("button_undo"))
        case Shown():
            return StageButtons(back=keyed("Esc", "button_back"))
        case Marking():
            return StageButtons(main=texts("button_marking"))
        case Done() | Broken() | Opening():
            return StageButtons(back=keyed("Esc", "button_next"))
