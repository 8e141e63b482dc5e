"""Lines that come and go by command, the register's words given by hand as feed items."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pollbook import ledger
from pollbook.asks import ClaimAnswer, IntakeAsk
from pollbook.entries import Outcome
from pollbook.failures import Failure
from pollbook.feed_items import Adjudicated, ClaimAnswered, Content, FeedItem, FeedKind, Intake, encode_content
from pollbook.release_certificate import ReleaseCertificate, encode_certificate, seal_certificate
from pollbook.releases import MovedLine, sign_release
from pollbook.sealing import box_key_of
from pollbook.signing import SigningKey, device_id
from pollbook.store import asking, syncing
from pollbook.sync_answer import SyncAnswer
from pollbook.types import BookName, LineId, PrecinctCode, line_text
from pollbook.voters import Voter
from station_app.papers.release_text import write_release_text
from tests.station_app.commands.conftest import Shell
from tests.station_app.papers.seeing import codes_in, picture_of
from tests.sync.stations import opened

ELSEWHERE = PrecinctCode("1708-0002")
STRANGER = "31210799000017"
OFFICERS = ("--officer", "chair", "--officer", "Yo'ldoshev")
KINDS = {ClaimAnswered: FeedKind.CLAIM_ANSWERED, Intake: FeedKind.INTAKE, Adjudicated: FeedKind.ADJUDICATED}


class Neighbour:
    """The intake book of another precinct of the same election, as a key that can sign and open."""

    def __init__(self, shell: Shell) -> None:
        self.key = SigningKey.generate()
        self.name = BookName(device_id(self.key.public), 1)
        self.certificate = shell.centre.authority.certify(self.name.device.hex(), self.key.public)
        self.intake = Intake(ELSEWHERE, "Nukus, 4-litsey", self.name, box_key_of(self.key).public)
        self.election = shell.centre.election.id

    def release(self, voter: Voter, receiver: BookName, custody: int = 1) -> bytes:
        release = sign_release(self.election, self.name, receiver, (MovedLine(voter.line, custody),), self.key)
        return encode_certificate(ReleaseCertificate(release, self.certificate, (voter,)), self.key)


@pytest.fixture
def neighbour(rehearsal: Shell) -> Neighbour:
    return Neighbour(rehearsal)


@pytest.fixture
def stranger(rehearsal: Shell) -> Voter:
    """A voter of another precinct."""
    return replace(rehearsal.centre.voters[0], line=LineId(987_654_321), pinfl=STRANGER, document="ZZ0077777")


def tell(shell: Shell, *contents: Content) -> None:
    """The register acknowledges everything and says this."""
    with opened(shell.home) as book:
        status = syncing.sync_status(book)
        items = tuple(
            FeedItem(status.feed_cursor + number, KINDS[type(content)], "", 0, encode_content(content))
            for number, content in enumerate(contents, 1)
        )
        syncing.take_answer(book, SyncAnswer(book.head, items, None, int(book.clock.now().timestamp()), 30))


def own_book(shell: Shell) -> BookName:
    with opened(shell.home) as book:
        return book.name


def own_box_key(shell: Shell) -> bytes:
    with opened(shell.home) as book:
        return box_key_of(book.link.device_key).public


def claim_id(shell: Shell) -> bytes:
    with opened(shell.home) as book:
        return asking.claims(book)[-1].id


# Claims


def test_a_claim_is_asked_once_and_waits_until_the_register_answers(rehearsal: Shell) -> None:
    status, answer = rehearsal.run("book", "claim", STRANGER, "--document", "zz 0077777")
    assert (status, answer["outcome"], answer["state"]) == (0, "asked", "asked")
    status, again = rehearsal.run("book", "claim", STRANGER)
    assert (status, again["refusal"], again["claim"]) == (3, "claim_waits", answer["claim"])
    assert len(rehearsal.run("book", "status")[1]["claims"]) == 1  # type: ignore[arg-type]


def test_a_claim_tells_when_the_holder_was_heard_and_where_it_is(rehearsal: Shell) -> None:
    rehearsal.run("book", "claim", STRANGER)
    recalled = ClaimAnswered(claim_id(rehearsal), ClaimAnswer.RECALLED, ELSEWHERE, "Nukus", 1_790_000_000)
    tell(rehearsal, recalled)
    status, answer = rehearsal.run("book", "claim", STRANGER)
    assert (status, answer["refusal"], answer["state"]) == (3, "claim_waits", "holder_asked")
    assert (answer["precinct"], answer["address"]) == (ELSEWHERE, "Nukus")
    assert str(answer["heard_at"]).startswith("2026-09-21T")


def test_a_refused_claim_says_why_and_is_asked_again_only_when_wanted(rehearsal: Shell) -> None:
    rehearsal.run("book", "claim", STRANGER)
    tell(rehearsal, ClaimAnswered(claim_id(rehearsal), ClaimAnswer.ALREADY_MARKED, ELSEWHERE, "Nukus", 0))
    status, answer = rehearsal.run("book", "claim", STRANGER)
    assert (status, answer["refusal"], answer["answer"]) == (3, "claim_refused", "already_marked")
    assert (answer["precinct"], answer["address"], answer["heard_at"]) == (ELSEWHERE, "Nukus", None)
    assert rehearsal.run("book", "claim", STRANGER, "--again")[1]["outcome"] == "asked"


def test_a_claim_is_withdrawn_when_the_voter_has_left(rehearsal: Shell) -> None:
    assert rehearsal.run("book", "claim", STRANGER, "--withdraw")[1]["refusal"] == "claim_unknown"
    rehearsal.run("book", "claim", STRANGER)
    status, answer = rehearsal.run("book", "claim", STRANGER, "--withdraw")
    assert (status, answer["outcome"], answer["state"]) == (0, "withdrawn", "withdrawn")
    assert rehearsal.run("book", "status")[1]["claims"] == []


@pytest.mark.parametrize(("named", "key"), [("12345", "document_data_invalid"), ("x" * 14, "document_data_invalid")])
def test_a_claim_needs_what_a_document_says(rehearsal: Shell, named: str, key: str) -> None:
    status, answer = rehearsal.run("book", "claim", named)
    assert (status, answer["refusal"]) == (3, key)


def test_a_line_that_is_here_is_not_asked_for(rehearsal: Shell) -> None:
    assert rehearsal.run("book", "claim", rehearsal.line(0))[1]["refusal"] == "line_held_here"
    rehearsal.run("book", "mark", rehearsal.line(0))
    assert rehearsal.run("book", "claim", rehearsal.line(0))[1]["refusal"] == "already_marked"


# Lines that go


def test_the_intake_book_is_asked_for_first(rehearsal: Shell) -> None:
    status, answer = rehearsal.run("book", "release", rehearsal.line(0), "--to", ELSEWHERE)
    assert (status, answer["refusal"], answer["precinct"]) == (3, "intake_unknown", ELSEWHERE)
    with opened(rehearsal.home) as book:
        assert [ask.precinct for ask in syncing.outgoing(book).asks if isinstance(ask, IntakeAsk)] == [ELSEWHERE]


def test_a_release_leaves_as_a_file_only_once_it_is_safe_and_opens_there_alone(
    rehearsal: Shell, neighbour: Neighbour, tmp_path: Path
) -> None:
    tell(rehearsal, neighbour.intake)
    file = tmp_path / "out.release"
    words = ("book", "release", rehearsal.line(0), "--to", ELSEWHERE, "--file", str(file))
    status, answer = rehearsal.run(*words)
    assert (status, answer["refusal"], answer["code"], file.exists()) == (3, "not_safe_yet", "B16", False)
    assert rehearsal.run("book", "mark", rehearsal.line(0))[1]["refusal"] == "line_released"
    tell(rehearsal)
    status, answer = rehearsal.run(*words)
    assert (status, answer["outcome"], answer["safe"]) == (0, "released", True)
    first = file.read_bytes()
    assert rehearsal.run(*words)[0] == 0
    assert file.read_bytes() == first, "the same release gives the same bytes"
    (shown,) = rehearsal.run("book", "status")[1]["releases"]  # type: ignore[misc]
    assert (shown["precinct"], shown["lines"]) == (ELSEWHERE, [rehearsal.line(0)])
    status, answer = rehearsal.run("book", "accept", str(file))
    assert (status, answer["refusal"]) == (3, "release_other_book")


def test_a_mark_of_a_line_that_left_says_where_it_went(rehearsal: Shell, neighbour: Neighbour) -> None:
    tell(rehearsal, neighbour.intake)
    rehearsal.run("book", "release", rehearsal.line(0), "--to", ELSEWHERE)
    status, answer = rehearsal.run("book", "mark", rehearsal.line(0))
    assert (status, answer["refusal"], answer["where"]) == (3, "line_released", "released")
    assert (answer["precinct"], answer["address"]) == (ELSEWHERE, "Nukus, 4-litsey")


def test_a_certificate_on_paper_holds_what_the_receiver_opens(
    rehearsal: Shell, neighbour: Neighbour, tmp_path: Path
) -> None:
    tell(rehearsal, neighbour.intake)
    pdf, file = tmp_path / "out.pdf", tmp_path / "out.release"
    words = ("book", "release", rehearsal.line(0), "--to", ELSEWHERE)
    rehearsal.run(*words)
    tell(rehearsal)
    languages = ("--language", "uz_Latn", "--language", "ru")
    assert rehearsal.run(*words, "--pdf", str(pdf), "--file", str(file), *languages)[0] == 0
    assert tuple(sorted(codes_in(picture_of(pdf.read_bytes(), 200)))) == write_release_text(file.read_bytes())
    first = pdf.read_bytes()
    rehearsal.run(*words, "--pdf", str(pdf), *languages)
    assert pdf.read_bytes() == first


def test_wrong_usage_of_release_and_precincts_that_are_none(rehearsal: Shell, tmp_path: Path) -> None:
    line, other = rehearsal.line(0), rehearsal.line(1)
    pdf = ("--pdf", str(tmp_path / "x.pdf"))
    assert rehearsal.run("book", "release", line, other, "--to", ELSEWHERE, *pdf)[0] == 2
    assert rehearsal.run("book", "release", line)[0] == 2
    assert rehearsal.run("book", "release", line, "--to", "nowhere")[1]["refusal"] == "unknown_precinct"
    assert rehearsal.run("book", "release", "nobody", "--to", ELSEWHERE)[1]["refusal"] == "unknown_voter"


def test_a_marked_line_does_not_leave_nor_one_with_the_team(rehearsal: Shell, neighbour: Neighbour) -> None:
    tell(rehearsal, neighbour.intake)
    rehearsal.run("book", "mark", rehearsal.line(0))
    marked = rehearsal.run("book", "release", rehearsal.line(0), "--to", ELSEWHERE)
    assert (marked[0], marked[1]["refusal"], marked[1]["address"]) == (3, "already_marked", "Nukus, 4-litsey")
    assert rehearsal.run("book", "lock", rehearsal.line(1), "--team")[1]["outcome"] == "with_team"
    assert rehearsal.run("book", "status")[1]["with_team"] == [rehearsal.line(1)]
    assert rehearsal.run("book", "release", rehearsal.line(1), "--to", ELSEWHERE)[1]["refusal"] == "line_with_team"
    assert rehearsal.run("book", "unlock", rehearsal.line(1))[1]["outcome"] == "back"
    assert rehearsal.run("book", "release", rehearsal.line(1), "--to", ELSEWHERE)[1]["outcome"] == "released"
    assert rehearsal.run("book", "lock", "--team")[0] == 2
    assert rehearsal.run("book", "lock", rehearsal.line(1))[0] == 2


def test_nothing_is_let_go_while_neither_mirror_nor_register_can_keep_it(
    rehearsal: Shell, neighbour: Neighbour
) -> None:
    tell(rehearsal, neighbour.intake)
    with opened(rehearsal.home) as book:
        syncing.note_sync_failure(book, Failure.REGISTER_UNREACHABLE)
    assert rehearsal.run("book", "release", rehearsal.line(0), "--to", ELSEWHERE)[1]["refusal"] == "not_safe_yet"
    assert rehearsal.run("book", "mark", rehearsal.line(0))[0] == 0, "the line stayed"


# Lines that come


def test_a_scanned_release_is_accepted_once_its_entry_is_safe_the_voter_is_marked_in_the_annex(
    rehearsal: Shell, neighbour: Neighbour, stranger: Voter
) -> None:
    parcel = seal_certificate(neighbour.release(stranger, own_book(rehearsal)), own_box_key(rehearsal), neighbour.key)
    text = " ".join(write_release_text(parcel))
    status, answer = rehearsal.run("book", "accept", text)
    assert (status, answer["outcome"], answer["lines"], answer["safe"]) == (
        0, "accepted", [line_text(stranger.line)], False,
    )  # fmt: skip
    assert rehearsal.run("book", "accept", text.lower())[1]["entry"] == answer["entry"], "shown twice, accepted once"
    assert rehearsal.run("book", "mark", STRANGER)[1]["refusal"] == "line_arriving"
    tell(rehearsal)
    assert rehearsal.run("book", "mark", STRANGER)[1]["outcome"] == "marked"
    assert rehearsal.run("book", "status")[1]["annexed"] == 1
    assert rehearsal.run("book", "check")[1]["ok"] is True


def test_a_voter_whose_line_came_is_admitted_to_the_annex_and_nobody_else(
    rehearsal: Shell, neighbour: Neighbour, stranger: Voter, tmp_path: Path
) -> None:
    file = tmp_path / "in.release"
    parcel = seal_certificate(neighbour.release(stranger, own_book(rehearsal)), own_box_key(rehearsal), neighbour.key)
    file.write_bytes(parcel)
    assert rehearsal.run("book", "accept", str(file))[0] == 0
    status, answer = rehearsal.run("book", "annex", "admit", STRANGER)
    assert (status, answer["outcome"]) == (0, "admitted")
    assert rehearsal.run("book", "annex", "admit", rehearsal.line(0))[1]["refusal"] == "line_not_arrived"


@pytest.mark.parametrize("change", [0, 40, 300])
def test_a_code_with_a_changed_letter_is_refused(
    rehearsal: Shell, neighbour: Neighbour, stranger: Voter, change: int
) -> None:
    parcel = seal_certificate(neighbour.release(stranger, own_book(rehearsal)), own_box_key(rehearsal), neighbour.key)
    text = "".join(write_release_text(parcel))
    place = 30 + change
    changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    status, answer = rehearsal.run("book", "accept", changed)
    assert (status, answer["refusal"], answer["code"]) == (3, "release_invalid", "B17")


def test_files_that_are_no_release_are_refused(rehearsal: Shell, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"hello")
    assert rehearsal.run("book", "accept", str(file))[1]["refusal"] == "release_invalid"
    assert rehearsal.run("book", "accept", str(tmp_path / "none"))[1]["refusal"] == "file_unreadable"
    assert rehearsal.run("book", "accept", "\0")[1]["refusal"] == "file_unreadable"


# The annex, paper, closing


def provisional(envelope: str = "7", pinfl: str = STRANGER) -> tuple[str, ...]:
    person = ("--surname", "Saidov", "--given-name", "Aziz", "--birth-date", "1979-10-12")
    return ("book", "annex", "provisional", "--pinfl", pinfl, *person, "--envelope", envelope)


def test_a_provisional_ballot_is_resolved_as_the_register_decided(rehearsal: Shell) -> None:
    status, added = rehearsal.run(*provisional())
    assert (status, added["outcome"], added["envelope"], added["adjudicated"]) == (0, "provisional", "7", None)
    assert rehearsal.run(*provisional("8"))[1]["refusal"] == "already_provisional"
    assert rehearsal.run("book", "annex", "resolve", "7", *OFFICERS)[1]["refusal"] == "not_adjudicated"
    with opened(rehearsal.home) as book:
        (ask,) = book.connection.exec_driver_sql("SELECT line FROM annex").scalars()
    tell(rehearsal, Adjudicated(LineId(ask), Outcome.COUNTED, ledger.EntryNumber(5)))
    status, resolved = rehearsal.run("book", "annex", "resolve", "7", *OFFICERS)
    assert (status, resolved["outcome"], resolved["resolved"]) == (0, "resolved", "counted")
    assert rehearsal.run("book", "annex", "list")[1]["provisionals"] == [
        {"line": added["line"], "envelope": "7", "adjudicated": "counted", "resolved": "counted"}
    ]
    assert rehearsal.run("book", "annex", "resolve", "99", *OFFICERS)[1]["refusal"] == "unknown_voter"


def test_a_provisional_ballot_needs_data_and_an_envelope_and_a_line_that_is_not_here(rehearsal: Shell) -> None:
    assert rehearsal.run(*provisional(" "))[1]["refusal"] == "envelope_missing"
    assert rehearsal.run(*provisional(pinfl="1"))[1]["refusal"] == "document_data_invalid"
    assert rehearsal.run(*provisional(pinfl=""))[1]["refusal"] == "document_data_invalid"
    assert rehearsal.run(*provisional(pinfl=rehearsal.centre.voters[0].pinfl))[1]["refusal"] == "line_held_here"
    assert rehearsal.run("book", "annex", "provisional", "--birth-date", "12.10.1979")[0] == 2


def test_after_two_officers_closed_the_book_nothing_is_marked(rehearsal: Shell) -> None:
    rehearsal.run("book", "mark", rehearsal.line(0))
    assert rehearsal.run("book", "close", "--officer", "chair", "--officer", "chair")[1]["refusal"] == (
        "same_officer_twice"
    )
    status, answer = rehearsal.run("book", "close", *OFFICERS)
    assert (status, answer["outcome"], answer["marked"]) == (0, "closed", 1)
    assert rehearsal.run("book", "close", *OFFICERS)[1]["refusal"] == "book_closed"
    assert rehearsal.run("book", "mark", rehearsal.line(1))[1]["refusal"] == "book_closed"
    assert rehearsal.run("book", "status")[1]["closed"] is True
    assert rehearsal.run("book", "check")[1]["ok"] is True


def test_paper_is_on_until_it_is_keyed_in(rehearsal: Shell) -> None:
    status, answer = rehearsal.run("book", "paper", "on")
    assert (status, answer["outcome"]) == (0, "paper_on")
    assert rehearsal.run("book", "paper", "on")[1]["paper_since"] == answer["paper_since"], "since the first time"
    assert rehearsal.run("book", "status")[1]["paper_since"] == answer["paper_since"]
    assert rehearsal.run("book", "paper", "off")[1]["paper_since"] is None


def test_a_row_that_is_proven_needs_no_looking_at(rehearsal: Shell) -> None:
    status, answer = rehearsal.run("book", "see-row", rehearsal.line(0), *OFFICERS)
    assert (status, answer["outcome"], answer["entry"]) == (0, "seen", 0)


def test_nobody_moves_lines_in_a_real_election_before_somebody_signed_in(station: Shell) -> None:
    for words in (
        ("book", "claim", STRANGER),
        ("book", "release", station.line(0), "--to", ELSEWHERE),
        provisional(),
        ("book", "close", "--officer", "chair", "--officer", "Anvar"),
        ("book", "paper", "on"),
        ("book", "lock", station.line(0), "--team"),
    ):
        status, answer = station.run(*words)
        assert (status, answer["refusal"]) == (3, "not_signed_in"), words
