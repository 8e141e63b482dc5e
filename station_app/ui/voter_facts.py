"""The voter under the verdict: what the list says, and the document's photograph beside the person at the table."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pollbook import pinfl
from pollbook.texts import Texts
from pollbook.voters import Voter
from station_app.faces import FaceSeen
from station_app.passports import Photo
from station_app.ui.formats import day, in_other_script
from station_app.ui.labels import label
from station_app.ui.photo_place import PhotoPlace
from station_app.ui.theme import Step, Theme

_PHOTO, _LIVE = (96, 128), (128, 128)


class VoterFacts(QWidget):
    """Name, name in the other script, birth date, masked PINFL, address; the document's photograph at the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.is_large = theme.is_large
        self.name = label(Step.NAME, "title", wraps=True)
        self.other_name = label(Step.BASE, "secondary", wraps=True)
        self.facts = label(Step.LARGE, wraps=True)
        self.address = label(Step.BASE, wraps=True)
        self.contests = label(Step.BASE, wraps=True)
        self.photo = PhotoPlace(theme, "person", *_PHOTO)
        self.live = PhotoPlace(theme, "camera", *_LIVE)
        words = QVBoxLayout()
        words.setSpacing(4)
        for widget in (self.name, self.other_name, self.facts, self.address):
            words.addWidget(widget)
        words.addStretch(1)
        upper = QHBoxLayout()
        upper.setSpacing(12)
        upper.addLayout(words, 1)
        for place in (self.photo, self.live):
            upper.addWidget(place, 0, Qt.AlignmentFlag.AlignTop)
            place.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 4, 0)
        column.setSpacing(4)
        column.addLayout(upper)
        column.addWidget(self.contests)
        column.addStretch(1)

    def show_voter(self, voter: Voter | None, ballots: tuple[str, ...], texts: Texts) -> None:
        """Show another voter, or nobody; `ballots` by name at large text sizes, where the verdict has no room."""
        self.contests.setText("\n".join(ballots))
        if voter is None:
            for text in (self.name, self.other_name, self.facts, self.address):
                text.setText("")
            return
        self.name.setText(voter.full_name)
        self.other_name.setText(in_other_script(voter.full_name))
        key = "voter_facts_short" if self.is_large else "voter_facts"
        self.facts.setText(texts(key, birth_date=day(voter.birth_date), pinfl=pinfl.mask(voter.pinfl)))
        self.address.setText(", ".join(part for part in (voter.mahalla, voter.address) if part))

    def show_photo(self, photo: Photo | None, *, is_awaited: bool) -> None:
        """The document's photograph; its place is kept while it is awaited."""
        self.photo.show_photo(photo)
        self.photo.setVisible(is_awaited or photo is not None)

    def show_face(self, seen: FaceSeen | None) -> None:
        """The person at the table, where a camera sees one."""
        self.live.show_photo(seen.frame if seen else None, seen.box if seen else None)
        self.live.setVisible(seen is not None)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; the voter is said again by whoever knows it."""
        self.photo.setAccessibleName(texts("face_photo"))
        self.live.setAccessibleName(texts("face_live"))

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.is_large = theme.is_large
        for part in (self.photo, self.live):
            part.restyle(theme)
