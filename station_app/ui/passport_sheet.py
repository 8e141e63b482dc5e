"""F3 with a document that was read: photograph and live picture, what is proven and how, document and list by field."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pollbook.documents import Comparison
from pollbook.texts import Texts
from station_app.faces import ALIKE, FaceSeen, FaceState, Models
from station_app.passports import PassportRead
from station_app.ui.compared_rows import ComparedRows
from station_app.ui.icons import show_icon
from station_app.ui.labels import label
from station_app.ui.passport_stages import Read
from station_app.ui.passport_words import Badge, badge, name_said, rows_of, words_of
from station_app.ui.photo_place import PhotoPlace
from station_app.ui.sheet import ClosableSheet
from station_app.ui.theme import ICON_SMALL, Step, Theme

PHOTO_WIDTH, PHOTO_HEIGHT, LIVE_WIDTH = 150, 200, 266


class FacePair(QWidget):
    """The chip's photograph beside the person at the table, each with its heading, and a sentence below."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.photo = PhotoPlace(theme, "person", PHOTO_WIDTH, PHOTO_HEIGHT)
        self.live = PhotoPlace(theme, "camera", LIVE_WIDTH, PHOTO_HEIGHT)
        self.headings = [label(Step.SMALL, "secondary", wraps=True) for _ in range(2)]
        self.sentence = label(Step.BASE, wraps=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        for column, (heading, place) in enumerate(zip(self.headings, (self.photo, self.live), strict=True)):
            grid.addWidget(heading, 0, column)
            grid.addWidget(place, 1, column, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.sentence, 2, 0, 1, 3)

    def show_face(self, seen: FaceSeen, texts: Texts) -> None:
        """The newest frame, and what can be said of the face in it."""
        self.live.show_photo(seen.frame, seen.box)
        self.sentence.setText(face_sentence(seen, texts))

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.headings[0].setText(texts("face_photo"))
        self.headings[1].setText(texts("face_live"))
        self.photo.setAccessibleName(texts("face_photo"))
        self.live.setAccessibleName(texts("face_live"))

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.photo.restyle(theme)
        self.live.restyle(theme)


def face_sentence(seen: FaceSeen, texts: Texts) -> str:
    """What is said of the face: never that it is, or isn't, the holder's."""
    said = texts(f"face_{seen.state.value}")
    if seen.state is not FaceState.SEEN:
        return said
    if seen.models is not Models.READY:
        alike = texts("face_no_models" if seen.models is Models.ABSENT else "face_wrong_models")
    elif seen.similarity is None:
        alike = texts("face_no_similarity")
    else:
        alike = texts("face_similarity", value=f"{seen.similarity:.2f}", limit=f"{ALIKE:.2f}")
    return f"{said} {alike}"


class ProofRow(QWidget):
    """One proof: its sign, what came of it, and what that means."""

    def __init__(self, shown: Badge, theme: Theme) -> None:
        super().__init__()
        self._shown = shown
        self.icon = QLabel()
        self.title = label(Step.BASE, "strong", wraps=True)
        self.sentence = label(Step.SMALL, "secondary", wraps=True)
        self.title.setText(shown.text)
        self.sentence.setText(shown.sentence)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.title)
        words.addWidget(self.sentence)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        tone = theme.colours.tone(shown.tone).text
        self.title.setStyleSheet(f"color: {tone};")
        show_icon(self.icon, shown.icon, theme.icon(ICON_SMALL), tone)


class PassportSheet(ClosableSheet):
    """Everything that is known of the document on the reader. Closing it forgets nothing; the next voter does."""

    def __init__(
        self, window: QWidget, result: PassportRead, beside: Comparison | None, today: date, texts: Texts, theme: Theme
    ) -> None:
        super().__init__(window, theme)
        self._result, self._beside, self._today = result, beside, today
        self._face = FaceSeen(FaceState.NO_CAMERA)
        self.name = label(Step.LARGE, "strong", wraps=True)
        self.sentence = label(Step.BASE, wraps=True)
        self.faces = FacePair(theme)
        self.faces.photo.show_photo(result.photo)
        self.rows_title, self.proofs_title = label(Step.LARGE, "strong"), label(Step.LARGE, "strong")
        self.rows = ComparedRows(theme)
        self.proofs = QVBoxLayout()
        self.proofs.setSpacing(6)
        for widget in (self.name, self.sentence, self.faces, self.rows_title, self.rows, self.proofs_title):
            self.body.addWidget(widget)
        self.body.addLayout(self.proofs)
        self.body.addStretch(1)
        self.retranslate(texts)

    def show_face(self, seen: FaceSeen) -> None:
        """The newest look at the person at the table."""
        self._face = seen
        self.faces.show_face(seen, self._texts)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        super().retranslate(texts)
        self._texts = texts
        result = self._result
        words = words_of(Read(result), texts, self._today)
        self.title.setText(words.title if words else "")
        self.sentence.setText(words.sentence if words else "")
        self.name.setText(name_said(result.says))
        self.faces.retranslate(texts)
        self.faces.show_face(self._face, texts)
        self.rows_title.setText(texts("compare_title" if self._beside else "compare_nobody"))
        if self._beside is not None:
            self.rows.show_rows(rows_of(self._beside, texts, only_differing=False), texts)
        self.proofs_title.setText(texts("proofs_title"))
        self._draw_proofs()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.faces.restyle(theme)
        self.rows.restyle(theme)
        super().restyle(theme)
        self._draw_proofs()

    def _draw_proofs(self) -> None:
        while (item := self.proofs.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for shown in self._result.proofs:
            self.proofs.addWidget(ProofRow(badge(shown, self._texts), self.theme))
