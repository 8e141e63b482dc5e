"""What can go wrong between this program and a chip, each as one exception.

Nothing here knows what is on the card. No message holds bytes that were sent or received.
"""


class CardFault(Exception):
    """The reader or the card did not do what was asked; the world's fault, not ours."""


class ServiceAway(CardFault):
    """The system's smart card service isn't running, or was stopped while we used it."""


class ReaderGone(CardFault):
    """There is no reader of this name any more, or there never was."""


class NoCard(CardFault):
    """The reader is there and no card lies on it."""


class CardRemoved(CardFault):
    """The card left the reader, or lost its power; a session with it has ended."""


class CardMute(CardFault):
    """The card doesn't answer, or not in the way the reader understands."""


class CardInUse(CardFault):
    """Another program has the card for itself."""


class AnswerInvalid(CardFault):
    """What came back can't be an answer to what was asked."""


class LimitReached(CardFault):
    """The chip made us exchange more bytes or commands, or wait longer, than any honest one."""


class Stopped(CardFault):
    """The person at the desk stopped the reading."""


class ReplayDiverged(CardFault):
    """A recorded session was asked for something it doesn't hold."""
