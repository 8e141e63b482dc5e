"""What the screens do where lines move: each function opens a sheet or asks the desk, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from pollbook.entries import Outcome
from pollbook.types import LineId
from pollbook.voters import Voter
from station_app.background import BookThread
from station_app.desk import Desk, DeskStatus, Refused, Station, Verdict
from station_app.moving import Accepted, ProvisionalShown, ReleaseShown, Standing
from station_app.ui.checkin import CheckIn
from station_app.ui.document_words import DocumentWords, words_in_box, words_of_voter
from station_app.ui.faults import failure_of
from station_app.ui.formats import number
from station_app.ui.paper_viewer import show_paper
from station_app.ui.shell import Shell
from station_app.ui.stages import Shown

if TYPE_CHECKING:
    from station_app.ui.actions_sheet import Action


class Moves(QObject):
    """Joins the sheets to the check-in screen; `changed` wakes sync and fetches the counters."""

    changed = Signal()

    def __init__(self, window: Shell, book: BookThread, station: Station, zone: tzinfo, check_in: CheckIn) -> None:
        super().__init__(window)
        self._window, self._book, self._station, self._zone = window, book, station, zone
        self._check_in = check_in
        self._status: DeskStatus | None = None
        self.show_paper: Callable[[bytes, str], object] = show_paper
        check_in.claim_asked.connect(self.open_claims)
        check_in.provisional_asked.connect(self.open_provisional)
        check_in.row_asked.connect(self.open_row)
        check_in.team_back.connect(lambda line: self.set_team(line, is_out=False))
        check_in.release_scanned.connect(self.open_accept)

    @property
    def standing(self) -> Standing:
        """How the desk stood last."""
        return self._status.standing if self._status else Standing()

    def show_status(self, status: DeskStatus) -> None:
        """Newer words of the desk; an open list of requests takes them at once."""
        self._status = status
        if (sheet := self._window.sheets.current) is not None:
            from station_app.ui.claims_sheet import ClaimsSheet  # noqa: PLC0415 - not needed for the first paint

            if isinstance(sheet, ClaimsSheet):
                sheet.show_claims(status.standing.claims)

    def actions(self) -> list[Action]:
        """What can be done now, for the list of all actions."""
        from station_app.ui.actions_sheet import Action  # noqa: PLC0415 - not needed for the first paint

        voter = self._markable()
        with_voter = (
            [
                Action("action_release", "", lambda: self.open_release(voter)),
                Action("action_team_out", "", lambda: self.set_team(voter.line, is_out=True)),
            ]
            if voter is not None
            else []
        )
        on_paper = self.standing.paper_since is not None
        paper = "action_paper_off" if on_paper else "action_paper_on"
        return [
            Action("action_claims", "F6", self.open_claims),
            Action("action_provisional", "F7", self.open_provisional),
            Action("action_envelopes", "", self.open_envelopes),
            *with_voter,
            Action(paper, "", lambda: self.set_paper(is_on_paper=not on_paper)),
            Action("action_close_book", "", self.open_close),
        ]

    # Sheets

    def open_claims(self) -> None:
        """Ask for a line, and see how far the others are."""
        from station_app.ui.claims_sheet import ClaimsSheet  # noqa: PLC0415 - not needed for the first paint

        words = self._words()
        sheet = self._window.sheets.show(
            lambda window, texts, theme: ClaimsSheet(window, self._book, words, self._zone, texts, theme)
        )
        if isinstance(sheet, ClaimsSheet):
            sheet.show_claims(self.standing.claims)
            sheet.card_wanted.connect(self._check_in.open_line)
            sheet.changed.connect(self.changed)

    def open_provisional(self) -> None:
        """A ballot in a sealed envelope."""
        from station_app.ui.provisional_sheet import ProvisionalSheet  # noqa: PLC0415 - as above

        words = self._words()
        sheet = self._window.sheets.show(
            lambda window, texts, theme: ProvisionalSheet(window, self._book, words, texts, theme)
        )
        if isinstance(sheet, ProvisionalSheet):
            sheet.added.connect(self._provisional_added)

    def open_envelopes(self) -> None:
        """The sealed envelopes, and what two officers have yet to confirm."""
        from station_app.ui.envelopes_sheet import EnvelopesSheet  # noqa: PLC0415 - as above

        kept = self.standing.provisionals
        sheet = self._window.sheets.show(lambda window, texts, theme: EnvelopesSheet(window, kept, texts, theme))
        if isinstance(sheet, EnvelopesSheet):
            sheet.chosen.connect(self._open_envelope)

    def open_release(self, voter: Voter) -> None:
        """Let the voter's line go to another precinct, on paper."""
        from station_app.ui.release_sheet import ReleaseSheet  # noqa: PLC0415 - as above

        sheet = self._window.sheets.show(
            lambda window, texts, theme: ReleaseSheet(window, self._book, voter, texts, theme)
        )
        if isinstance(sheet, ReleaseSheet):
            sheet.released.connect(self._released)
            sheet.printed.connect(lambda pdf: self.show_paper(pdf, "certificate.pdf"))

    def open_accept(self, untrusted: str) -> None:
        """A release on paper was scanned."""
        from station_app.ui.accept_sheet import AcceptSheet  # noqa: PLC0415 - as above

        self._check_in.clear()
        sheet = self._window.sheets.show(
            lambda window, texts, theme: AcceptSheet(window, self._book, untrusted, texts, theme)
        )
        if isinstance(sheet, AcceptSheet):
            sheet.accepted.connect(self._accepted)

    def open_row(self, voter: Voter) -> None:
        """Two officers saw the row of the paper list unsigned."""
        from station_app.ui.officers_sheet import Act  # noqa: PLC0415 - as above

        self._open_act(
            Act(
                "row_title",
                "button_row_unsigned",
                lambda texts: (
                    voter.full_name,
                    texts("paper_place", page=voter.page, row=voter.row),
                    texts("row_sentence"),
                ),
                lambda desk, first, second: desk.moving.see_row(voter.line, first, second),
            ),
            lambda _: self._check_in.refresh_card(),
        )

    def open_close(self) -> None:
        """Two officers close the book."""
        from station_app.ui.officers_sheet import Act  # noqa: PLC0415 - as above

        status = self._status
        if status is None:
            return
        undecided = sum(kept.resolved is None for kept in status.standing.provisionals)
        open_claims = sum(claim.is_open for claim in status.standing.claims)
        self._open_act(
            Act(
                "close_title",
                "button_close_book",
                lambda texts: (
                    texts("close_counts", marked=number(status.marked, texts.language)),
                    texts("close_waiting", count=number(status.pending, texts.language)),
                    texts("close_open", envelopes=undecided, claims=open_claims),
                    texts("close_sentence"),
                ),
                lambda desk, first, second: desk.moving.close_book(first, second),
            ),
            lambda _: self._check_in.refresh_card(),
        )

    # Without a sheet

    def set_paper(self, *, is_on_paper: bool) -> None:
        """The station goes on paper, or what was written on paper is keyed in."""
        self._ask(
            lambda desk: desk.moving.set_paper(is_on_paper=is_on_paper),
            "paper_on_done" if is_on_paper else "paper_off_done",
        )

    def set_team(self, line: LineId, *, is_out: bool) -> None:
        """The mobile team takes the line along, or is back."""
        self._ask(
            lambda desk: desk.moving.set_team(line, is_out=is_out),
            "team_out_done" if is_out else "team_back_done",
        )

    def _ask(self, question: Callable[[Desk], Refused | None], done: str) -> None:
        def answered(refused: Refused | None) -> None:
            if refused is not None:
                self._say_refusal(refused)
            else:
                self._window.toast.say(self._window.texts(done))
                self._check_in.refresh_card()
                self.changed.emit()

        self._book.ask(self, question, answered, lambda error: self._say_refusal(failure_of(error)))

    def _say_refusal(self, refused: Refused) -> None:
        self._window.toast.say(str(self._window.texts.failure(refused.failure, refused.facts)), "stop")

    def _open_act(self, act: object, done: Callable[[object], object]) -> None:
        from station_app.ui.officers_sheet import Act, OfficersSheet  # noqa: PLC0415 - as above

        if not isinstance(act, Act):
            return
        sheet = self._window.sheets.show(
            lambda window, texts, theme: OfficersSheet(window, self._book, self._station, act, texts, theme)
        )
        if isinstance(sheet, OfficersSheet):
            sheet.acted.connect(done)
            sheet.acted.connect(lambda _: self.changed.emit())

    def _open_envelope(self, kept: ProvisionalShown) -> None:
        from station_app.ui.officers_sheet import Act  # noqa: PLC0415 - as above

        sentence = "envelope_counts" if kept.adjudicated is Outcome.COUNTED else "envelope_stays_closed"
        self._open_act(
            Act(
                "envelope_title",
                "button_confirm_envelope",
                lambda texts: (
                    texts(
                        "envelope_name",
                        envelope=kept.envelope,
                        name=f"{kept.person.surname} {kept.person.given_name}",
                    ),
                    texts(sentence),
                ),
                lambda desk, first, second: desk.moving.resolve(kept.line, first, second),
            ),
            lambda _: None,
        )

    def _provisional_added(self, added: ProvisionalShown) -> None:
        self._window.toast.say(self._window.texts("provisional_done", envelope=added.envelope))
        self._check_in.clear()
        self.changed.emit()

    def _released(self, release: ReleaseShown) -> None:
        self._window.toast.say(self._window.texts("release_done", precinct=release.precinct))
        self._check_in.refresh_card()
        self.changed.emit()

    def _accepted(self, accepted: Accepted) -> None:
        self._window.toast.say(self._window.texts("accept_done"))
        self._check_in.open_line(accepted.lines[0])
        self.changed.emit()

    def _words(self) -> DocumentWords:
        stage = self._check_in.stage
        return (
            words_of_voter(stage.card.voter) if isinstance(stage, Shown) else words_in_box(self._check_in.finder.text)
        )

    def _markable(self) -> Voter | None:
        stage = self._check_in.stage
        is_markable = isinstance(stage, Shown) and stage.card.verdict in {Verdict.MAY_VOTE, Verdict.LOOK_CLOSER}
        return stage.card.voter if isinstance(stage, Shown) and is_markable else None
