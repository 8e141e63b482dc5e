"""Which buttons a stage has and what is written on them, pure of any widget."""

from __future__ import annotations

from dataclasses import dataclass

from pollbook.texts import Texts
from station_app.desk import Verdict
from station_app.ui.buttons import with_key
from station_app.ui.stages import Broken, Done, Marking, Opening, Shown, Stage, Waiting


@dataclass(frozen=True, slots=True)
class StageButtons:
    """Texts; an empty one is no button. `may_press` is about the main one."""

    main: str = ""
    back: str = ""
    undo: str = ""
    may_press: bool = False


def buttons_of(stage: Stage, texts: Texts, *, is_short: bool, has_neighbours: bool = False) -> StageButtons:
    """The buttons of a stage; `is_short` leaves the keys out, `has_neighbours` offers to ask the other desks."""

    def keyed(key: str, text: str) -> str:
        return texts(text) if is_short else with_key(key, texts(text))

    match stage:
        case Waiting():
            return StageButtons()
        case Shown(card, None) if stage.may_mark:
            needs_control = card.verdict is Verdict.LOOK_CLOSER
            main = keyed("Ctrl+Enter", "button_mark_compared") if needs_control else keyed("Enter", "button_mark")
            return StageButtons(main, keyed("Esc", "button_back"), may_press=True)
        case Shown(card, None) if has_neighbours and card.verdict is Verdict.LINE_NOT_HELD:
            return StageButtons(keyed("Enter", "button_fetch"), keyed("Esc", "button_back"), may_press=True)
        case Shown(card, None) if card.mark is not None:
            return StageButtons(back=keyed("Esc", "button_back"), undo=texts("button_undo"))
        case Shown():
            return StageButtons(back=keyed("Esc", "button_back"))
        case Marking():
            return StageButtons(main=texts("button_marking"))
        case Done() | Broken() | Opening():
            return StageButtons(back=keyed("Esc", "button_next"))
