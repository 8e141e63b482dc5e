"""The check-in screen: "may I give this person ballots, and which?" (SCREENS, the check-in screen).

The rules of Enter, which marks a voter and must never do so by accident:

1. Enter acts on the stage in which it was pressed, and leaves it: no press finds and marks.
2. A held key is one press; a press within `READ_FIRST_S` of a card's appearing is a scanner's, not a person's.
3. While a card is fetched or a mark is on its way to the disk, Enter does nothing.
4. With several hits and none highlighted, Enter highlights the first; it never opens one by itself.
5. Whoever is highlighted is whom Enter is about: an arrow to another hit puts the open card away first.
"""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from pollbook.clock import Clock
from pollbook.documents import DocumentSays
from pollbook.texts import Texts
from pollbook.types import LineId
from station_app.background import BookThread
from station_app.desk import DeskStatus, FoundVoters, MarkShown, Refused, Station, Verdict, VoterCard
from station_app.document_says import read_zone
from station_app.ui.checkin_panels import CheckInPanels
from station_app.ui.faults import failure_of
from station_app.ui.scanning import asked_text, is_being_scanned, is_release_text, is_zone
from station_app.ui.searching import Searching
from station_app.ui.sheet import Sheet
from station_app.ui.stage_buttons import MainAct, main_act
from station_app.ui.stages import Broken, Done, Marking, Opening, Shown, Stage, Waiting
from station_app.ui.theme import Theme

READ_FIRST_S = 0.25
"""Nobody reads a verdict faster; scanners send their second line end within milliseconds."""
_CARD, _LEAVE, _FORGET = "card", "leave", "forget"
_WAITING = frozenset({Verdict.ARRIVING})
"""Of these cards something is expected that the operator need not ask for."""


class CheckIn(CheckInPanels):
    """Joins the panels to the book's thread; holds the one stage."""

    undo_asked = Signal(object)
    line_wanted = Signal(object)
    claim_asked = Signal()
    provisional_asked = Signal()
    row_asked = Signal(object)
    team_back = Signal(object)
    release_scanned = Signal(str)
    zone_scanned = Signal(object)
    left = Signal()
    changed = Signal()

    def __init__(
        self, book: BookThread, clock: Clock, station: Station, zone: tzinfo, texts: Texts, theme: Theme
    ) -> None:
        super().__init__(station, zone, texts, theme)
        self._book, self._clock = book, clock
        self._shown_at_s = 0.0
        self._text_when_pressed = ""
        self.has_sound = True
        self._wanted: VoterCard | None = None
        self.searching = Searching(book, self.finder)
        self._connect()
        self._set_stage(Waiting())

    def _connect(self) -> None:
        self.finder.typed.connect(self._typed)
        self.finder.entered.connect(self._entered)
        self.finder.escaped.connect(self.step_back)
        self.finder.chosen.connect(self._open)
        self.finder.turned.connect(self._turn_to_list)
        self.finder.box.scrolled.connect(self.verdict.scroll_by)
        self.searching.found.connect(self._found)
        self.searching.document_found.connect(self._document_found)
        self.searching.failed.connect(self._broke)
        self.verdict.confirmed.connect(self.act)
        self.verdict.provisional_asked.connect(self.provisional_asked)
        self.verdict.backed.connect(self.step_back)
        self.verdict.undo_asked.connect(self._ask_undo)
        self.document.room_needed.connect(self.marks.setHidden)
        self.marks.chosen.connect(self.undo_asked)
        self.marks.escaped.connect(self.finder.box.setFocus)

    def focus_box(self) -> None:
        """The focus is in the search box, unless a sheet covers it: what is typed then belongs to the sheet."""
        if not any(sheet.isVisible() for sheet in self.window().findChildren(Sheet)):
            self.finder.box.setFocus()

    def clear(self) -> None:
        """Forget the voter and what was typed: the next one, or nobody at the desk."""
        self._book.drop(_CARD)
        self._forget_document()
        self.searching.forget()
        self.finder.clear()
        self.focus_box()
        self._set_stage(Waiting())

    def step_back(self) -> None:
        """Esc: from the card to the list, from the list to the empty box; never out of a mark in flight."""
        if isinstance(self._stage, Marking):
            return
        if len(self.finder.model.hits) > 1 and self._turn_to_list():
            self.finder.box.deselect()
            self.focus_box()
        else:
            self.clear()

    def _turn_to_list(self) -> bool:
        """Put the card away, so that Enter belongs to the list again; False where there is none to put away.

        An arrow that highlights another voter does this too: else Enter would mark whoever is on the card.
        """
        if not isinstance(self._stage, (Shown, Opening, Broken)):
            return False
        self._book.drop(_CARD)
        self.searching.forget()
        self._set_stage(Waiting())
        return True

    def offer_next(self) -> None:
        """What is typed from here on is about somebody else: it takes the place of what stands in the box."""
        self.focus_box()
        self.finder.box.selectAll()

    def choose_next_channel(self) -> None:
        """F2, while a voter is shown who may be marked."""
        if isinstance(self._stage, Shown) and self._stage.may_mark:
            self.verdict.channel.choose_next()
            self.verdict.show_channel()

    def show_counts(self, status: DeskStatus, marks: tuple[MarkShown, ...]) -> None:
        """Newer counters and marks."""
        self.turnout.show_status(status)
        self.marks.show_marks(marks)
        self._follow_card()

    def open_line(self, line: LineId) -> None:
        """Show the card of this line."""
        self._open(line)

    def show_document(self, says: DocumentSays) -> None:
        """A document's chip was read: its voter's card is opened, or compared with it where it is open already."""
        if not isinstance(self._stage, (Marking, Done)):
            self.searching.ask_document(says)

    def _document_found(self, found: FoundVoters) -> None:
        stage = self._stage
        if isinstance(stage, (Marking, Done)):
            return
        self.finder.box.setText("")  # the lines have the whole PINFL in them, and others look on
        if isinstance(stage, Shown) and [hit.line for hit in found.hits] == [stage.card.voter.line]:
            line = stage.card.voter.line
            self.finder.highlight(line)
            self._book.ask(self, lambda desk: desk.card(line), self._renew_card, self._broke, _CARD)
        else:
            self._found(found, opens=True)

    def _forget_document(self) -> None:
        """The voter is gone from the screen, and what a document said with him."""
        self.searching.forget_document()
        self._book.ask(self, lambda desk: desk.forget_document(), _ignore, _ignore, _FORGET)
        self.left.emit()

    def _follow_card(self) -> None:
        """What the card waits for may have come: it is fetched again without a word, and shown if it has changed."""
        stage = self._stage
        if not isinstance(stage, Shown) or stage.refused is not None:
            return
        card = stage.card
        if card.verdict in _WAITING or (card.claim is not None and card.claim.is_open):
            line = card.voter.line
            self._book.ask(self, lambda desk: desk.card(line), self._renew_card, self._broke, _CARD)

    def _renew_card(self, card: VoterCard) -> None:
        stage = self._stage
        if isinstance(stage, Shown) and stage.card.voter.line == card.voter.line and stage.card != card:
            self._show_card(card)

    def refresh_card(self) -> None:
        """Fetch the card on the screen again: its mark was undone, or the list changed."""
        if isinstance(self._stage, (Shown, Done)):
            self._open(self._stage.card.voter.line)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What no other part wanted: letters belong to the search box, Esc steps back."""
        if event.key() == Qt.Key.Key_Escape:
            self.step_back()
        elif event.text() and event.text().isprintable():
            self.focus_box()
            self.finder.box.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    # Finding

    def _typed(self, text: str) -> None:
        if isinstance(self._stage, Marking):
            return
        self._book.drop(_CARD)
        self._set_stage(Waiting())
        zone = read_zone(text) if is_zone(text) else None
        if zone is not None:
            self.zone_scanned.emit(zone)
        elif not is_being_scanned(text):
            self.left.emit()
        if is_being_scanned(text) or not text.strip():
            self.searching.forget()
            self.finder.show_found(None)
        else:
            self.searching.ask(asked_text(text))

    def _found(self, found: FoundVoters, opens: bool) -> None:
        self._shown_at_s = self._clock.monotonic_s()
        self._set_stage(Waiting(nothing_found=not found.hits))
        if not found.hits:
            self.verdict.announce()
        elif opens:
            self._open_chosen()

    def _broke(self, error: Exception) -> None:
        self.searching.forget()
        self._set_stage(Broken(failure_of(error).failure))
        self.verdict.announce()

    # Enter

    def _entered(self, with_control: bool) -> None:
        match self._stage:
            case Waiting():
                self._enter_while_finding()
            case Shown(card, refused) if self._clock.monotonic_s() - self._shown_at_s >= READ_FIRST_S:
                if refused is not None:
                    self._open(card.voter.line)
                elif with_control == (card.verdict is Verdict.LOOK_CLOSER):
                    self.act()
            case _:
                pass

    def _enter_while_finding(self) -> None:
        text = self.finder.text
        if is_release_text(text):
            self.release_scanned.emit(text)
        elif self._stage == Waiting(nothing_found=True):
            if self._clock.monotonic_s() - self._shown_at_s >= READ_FIRST_S:
                self.claim_asked.emit()
        elif self.searching.is_under_way:
            self.searching.open_when_found()
        elif self.finder.model.hits:
            self._open_chosen()
        elif text.strip():
            self.searching.ask(asked_text(text), opens=True)

    def _open_chosen(self) -> None:
        hit = self.finder.chosen_hit
        if hit is None:
            self.finder.ask_to_choose()
        else:
            self._open(hit.line)

    def _open(self, line: LineId) -> None:
        if isinstance(self._stage, Marking):
            return
        self.finder.highlight(line)
        self._stage = Opening()
        self.searching.show_waiting()
        self._book.ask(self, lambda desk: desk.card(line), self._show_card, self._broke, _CARD)
        self.focus_box()

    def _show_card(self, card: VoterCard) -> None:
        self.searching.forget()
        self._shown_at_s = self._clock.monotonic_s()
        self.verdict.channel.reset()
        self._set_stage(Shown(card))
        self.finder.box.selectAll()
        self.verdict.announce()

    # Other desks

    def show_neighbours(self, *, has_neighbours: bool) -> None:
        """Whether another desk may be asked for a line now."""
        if self.has_neighbours != has_neighbours:
            self.has_neighbours = has_neighbours
            self.show_stage()

    def show_fetched(self, line: LineId, refused: Refused | None) -> None:
        """The line that was asked of the other desks is here, or why not; nothing where the operator has gone on."""
        card, self._wanted = self._wanted, None
        if card is None or card.voter.line != line or not isinstance(self._stage, Opening):
            return
        self.searching.forget()
        if refused is None:
            self._open(line)
            self.changed.emit()
        else:
            self._refuse(card, refused)

    def _want(self, card: VoterCard) -> None:
        if self.has_neighbours:
            self._wanted, self._stage = card, Opening()
            self.searching.show_waiting()
            self.line_wanted.emit(card.voter.line)
            self.focus_box()

    def act(self) -> None:
        """The one main thing of the stage; its main button and Enter do the same."""
        stage = self._stage
        if stage == Waiting(nothing_found=True):
            self.claim_asked.emit()
        if not isinstance(stage, Shown) or stage.refused is not None:
            return
        voter = stage.card.voter
        match main_act(stage.card, has_neighbours=self.has_neighbours):
            case MainAct.MARK:
                self.mark()
            case MainAct.FETCH:
                self._want(stage.card)
            case MainAct.CLAIM:
                self.claim_asked.emit()
            case MainAct.SEE_ROW:
                self.row_asked.emit(voter)
            case MainAct.TEAM_BACK:
                self.team_back.emit(voter.line)
            case None:
                pass

    # Marking

    def mark(self) -> None:
        """Mark the voter on the screen; does nothing in any other stage, so a second press cannot mark."""
        stage = self._stage
        if not isinstance(stage, Shown) or not stage.may_mark or stage.refused is not None:
            return
        line, channel = stage.card.voter.line, self.verdict.channel.channel
        self._text_when_pressed = self.finder.text
        self._set_stage(Marking(stage.card))
        self._book.ask(self, lambda desk: desk.mark(line, channel), self._marked, self._mark_failed)
        self.focus_box()

    def _marked(self, answer: MarkShown | Refused) -> None:
        stage = self._stage
        if not isinstance(stage, Marking):
            return
        if isinstance(answer, Refused):
            self._refuse(stage.card, answer)
            return
        self._forget_document()
        typed_meanwhile = self.finder.text if self.finder.text != self._text_when_pressed else ""
        self.finder.clear()
        self.focus_box()
        self._set_stage(Done(stage.card, answer))
        self.verdict.announce()
        if self.has_sound:
            QApplication.beep()
        self.changed.emit()
        if typed_meanwhile:
            self.finder.box.setText(typed_meanwhile)
            self._typed(typed_meanwhile)

    def _mark_failed(self, error: Exception) -> None:
        if isinstance(self._stage, Marking):
            self._refuse(self._stage.card, failure_of(error))

    def _refuse(self, card: VoterCard, refused: Refused) -> None:
        self._shown_at_s = self._clock.monotonic_s()
        self._set_stage(Shown(card, refused))
        self.verdict.announce()
        self.focus_box()
        self.changed.emit()

    def _ask_undo(self) -> None:
        if isinstance(self._stage, Shown) and self._stage.card.mark is not None:
            self.undo_asked.emit(self._stage.card.mark)

    # Drawing

    def _set_stage(self, stage: Stage) -> None:
        if isinstance(stage, Waiting) and not isinstance(self._stage, Waiting):
            self._book.ask(self, lambda desk: desk.leave(), _ignore, _ignore, _LEAVE)
        if stage != self._stage or isinstance(self._stage, Waiting):
            self._stage = stage
            self.show_stage()


def _ignore(_answer: object) -> None:
    """Leaving a card changes nothing on the screen; what could fail is told with the next question."""
