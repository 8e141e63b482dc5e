"""What the verdict's place says in each stage: tone, icon and words, pure of any widget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, tzinfo

from pollbook.documents import DOUBTS, Remark
from pollbook.election import Contest
from pollbook.failures import Failure
from pollbook.permission import VOTING_AGE_YEARS
from pollbook.texts import Texts
from station_app.desk import Refused, Verdict, VoterCard
from station_app.moving import Whereabouts
from station_app.ui.claim_words import claim_text
from station_app.ui.formats import colour_name, day, time_of_day
from station_app.ui.stages import Broken, Done, Marking, Opening, Shown, Stage, Waiting

_DOUBTS = DOUBTS - {Remark.CHECK_DIGIT}
"""A check digit that is wrong is named among the fields."""
_DOUBTS_MAX = 2


@dataclass(frozen=True, slots=True)
class Words:
    """A verdict as it is drawn and spoken: the title first, then what it means, then what to do."""

    tone: str
    icon: str
    title: str
    sentence: str
    ballots: tuple[Contest, ...] = ()
    steps: tuple[str, ...] = ()

    def spoken(self, texts: Texts) -> str:
        """What a screen reader says, verdict first."""
        ballots = (ballot_name(contest, texts) for contest in self.ballots)
        return " ".join(part for part in (f"{self.title}.", self.sentence, "; ".join(ballots), *self.steps) if part)


def ballot_name(contest: Contest, texts: Texts) -> str:
    """The ballot by its paper's colour and its contest."""
    return texts("ballot", colour=colour_name(contest.colour, texts), contest=contest.name(texts.language))


def words_of(stage: Stage, texts: Texts, zone: tzinfo, election_day: date) -> Words:
    """The words of a stage."""
    match stage:
        case Waiting(nothing_found=False) | Opening():
            return Words("plain", "search", texts("waiting_title"), texts("waiting_sentence"))
        case Waiting():
            steps: tuple[str, ...] = tuple(texts("not_in_list_" + step) for step in ("spelling", "document", "chair"))
            title, sentence = texts("not_in_list_title"), texts("not_in_list_sentence")
            return Words("closer", "not_found", title, sentence, (), steps)
        case Shown(card, refused) if refused is not None:
            return _of_failure("not_marked_title", refused, texts)
        case Shown(card):
            return _of_card(card, texts, zone, election_day)
        case Marking():
            return Words("plain", "marked", texts("marking_title"), texts("marking_sentence"))
        case Done(card, mark):
            sentence = texts("marked_sentence", time=time_of_day(mark.at, zone))
            where = (
                texts("marked_step_annex") if card.is_visitor else texts("marked_step", page=mark.page, row=mark.row)
            )
            steps = (where, *((texts.failure(mark.unmirrored).cause,) if mark.unmirrored else ()))
            return Words("may", "marked", texts("marked_title"), sentence, card.ballots, steps)
        case Broken(failure):
            return _of_failure("card_broken_title", Refused(failure), texts)


def _of_failure(title: str, refused: Refused, texts: Texts) -> Words:
    text = texts.failure(refused.failure, refused.facts)
    steps = (text.instruction, texts("failure_code", code=text.code))
    return Words("stop", "fault", texts(title), text.cause, (), steps)


def _of_card(card: VoterCard, texts: Texts, zone: tzinfo, election_day: date) -> Words:
    match card.verdict:
        case Verdict.MAY_VOTE:
            sentence = texts("may_vote_sentence", count=len(card.ballots))
            return Words("may", "may_vote", texts("may_vote_title"), sentence, card.ballots)
        case Verdict.ALREADY_MARKED:
            return Words(
                "stop",
                "stop",
                texts("already_marked_title"),
                texts("give_nothing"),
                (),
                (_where_marked(card, texts, zone), texts("already_marked_step")),
            )
        case Verdict.LINE_NOT_HELD:
            return _of_line_elsewhere(card, texts, zone)
        case Verdict.NOT_OLD_ENOUGH:
            age = texts("not_old_enough_sentence", day=day(of_age_on(card.voter.birth_date)))
            steps = (age, texts("not_old_enough_step", day=day(election_day)))
            return Words("stop", "young", texts("not_old_enough_title"), texts("give_nothing"), (), steps)
        case Verdict.DISPUTED:
            steps = (texts("disputed_sentence"), texts("call_chair"))
            return Words("stop", "disputed", texts("disputed_title"), texts("give_nothing"), (), steps)
        case Verdict.LOOK_CLOSER:
            return _look_closer(card, texts)
        case Verdict.UNPROVEN:
            sentence = texts("unproven_sentence", page=card.voter.page, row=card.voter.row)
            steps = (texts("unproven_unsigned"), texts("unproven_signed"))
            return Words("closer", "paper", texts("unproven_title"), sentence, (), steps)
        case Verdict.ARRIVING:
            title, sentence = texts("arriving_title"), texts("arriving_sentence")
            return Words("closer", "wait", title, sentence, (), (texts("arriving_step"),))
        case Verdict.WITH_TEAM:
            title, sentence = texts("with_team_title"), texts("with_team_sentence")
            return Words("closer", "team", title, sentence, (), (texts("with_team_step"),))
        case Verdict.STOPPED:
            return _of_stopped(card.stopped or Failure.BOOK_CLOSED, texts)


def _look_closer(card: VoterCard, texts: Texts) -> Words:
    """In which fields document and list differ; what is doubtful in the document itself has sentences of its own."""
    doubts = [texts(f"doubt_{doubt}") for doubt in card.differences if doubt in _DOUBTS]
    fields = [field for field in card.differences if field not in _DOUBTS]
    if fields:
        sentence = texts("look_closer_sentence", differences=differences(fields, texts))
    else:
        sentence, *doubts = doubts
    step = texts("look_closer_step")
    return Words("closer", "closer", texts("look_closer_title"), sentence, card.ballots, (*doubts[:_DOUBTS_MAX], step))


def _of_stopped(failure: Failure, texts: Texts) -> Words:
    """A laptop on which nothing is marked any more, whoever the voter is."""
    said = texts.failure(failure)
    title = texts("closed_title" if failure is Failure.BOOK_CLOSED else "stopped_title")
    return Words("stop", "closed", title, texts("give_nothing"), (), (said.cause, said.instruction))


def _of_line_elsewhere(card: VoterCard, texts: Texts, zone: tzinfo) -> Words:
    """Where the line is, then the address, then how far the request for it is, or that it may be asked for."""
    where, voter = card.where, card.voter
    kind = where.kind if where else Whereabouts.UNKNOWN
    match kind:
        case Whereabouts.RELEASED:
            named = where.precinct if where else ""
            sentence = texts("where_released", precinct=named) if named else texts("where_released_unnamed")
            step = texts("where_released_step")
        case Whereabouts.OTHER_DESK:
            sentence, step = texts("where_other_desk"), texts("where_other_desk_step", page=voter.page)
        case Whereabouts.UNKNOWN | Whereabouts.MARKED_ELSEWHERE:
            sentence, step = texts("where_unknown"), texts("where_unknown_step")
    address = texts("where_address", address=where.address) if where and where.address else ""
    claimed = claim_text(card.claim, texts, zone) if card.claim else ""
    steps = tuple(text for text in (address, claimed or step) if text)
    return Words("closer", "elsewhere", texts("line_not_held_title"), sentence, (), steps)


def _where_marked(card: VoterCard, texts: Texts, zone: tzinfo) -> str:
    where_now = card.where
    if card.mark is None and where_now is not None and where_now.kind is Whereabouts.MARKED_ELSEWHERE:
        marked_at = texts("already_marked_elsewhere", precinct=where_now.precinct, desk=where_now.desk)
        address = texts("where_address", address=where_now.address) if where_now.address else ""
        return f"{marked_at} {address}".strip()
    if card.mark is None:
        return texts("already_marked_sentence")
    where = texts("channel_" + card.mark.channel.value)
    return texts("already_marked_when", time=time_of_day(card.mark.at, zone), where=where, person=card.mark.actor)


def differences(fields: Iterable[str], texts: Texts) -> str:
    """The names of the fields in which document and list differ."""
    return ", ".join(texts.screens.get(f"difference_{field}", field) for field in fields)


def of_age_on(birth_date: date) -> date:
    """The day the voter comes of age; for one born on 29 February, 1 March."""
    year = birth_date.year + VOTING_AGE_YEARS
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
