"""The document's panel, under the list: what the reader does, what is proven, and in what document and list differ."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout

from pollbook.documents import Comparison
from pollbook.texts import Texts
from station_app.ui.buttons import Button, with_key
from station_app.ui.compared_rows import ComparedRows
from station_app.ui.flow import Flow
from station_app.ui.icons import show_icon
from station_app.ui.labels import Tall, label, set_tone
from station_app.ui.passport_words import Badge, PassportWords, rows_of
from station_app.ui.theme import ICON_SMALL, RADIUS, Step, Theme

_STEPS = 1000
_SIGN = 16
_ROWS_MAX = 4
"""The verdict names all fields; these are shown side by side, the rest with F3."""


class BadgeLabel(QFrame):
    """One proof: a sign and two or three words in its colour."""

    def __init__(self, badge: Badge, theme: Theme, step: Step = Step.SMALL) -> None:
        super().__init__()
        self.setObjectName("badge")
        self.icon = QLabel()
        self.text = label(step, "strong")
        self.text.setText(badge.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 10, 2)
        row.setSpacing(6)
        row.addWidget(self.icon)
        row.addWidget(self.text)
        colours = theme.colours
        tone = colours.tone(badge.tone)
        # Of its own, not by the property: it stands in a frame with another tone.
        self.setStyleSheet(
            f"#badge {{ background: {colours.panel}; border: 1px solid {tone.text}; border-radius: {RADIUS}px; }}"
            f" QLabel {{ color: {tone.text}; }}"
        )
        show_icon(self.icon, badge.icon, theme.icon(_SIGN), tone.text)


class PassportPanel(Tall):
    """Out of sight at a desk without a reader; at large text sizes proofs and fields are on the sheet alone."""

    details_asked = Signal()
    room_needed = Signal(bool)
    """At large text sizes a failure's words need the place of the last marks."""

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._texts, self._theme = texts, theme
        self._words: PassportWords | None = None
        self._beside: Comparison | None = None
        self.icon = QLabel()
        self.title = label(Step.BASE, "strong", wraps=True)
        self.details = Button("quiet")
        self.details.clicked.connect(self.details_asked)
        self.sentence = label(Step.SMALL, wraps=True)
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.badges = Tall()
        self._flow = Flow(self.badges)
        self.rows = ComparedRows(theme)
        self.head = Tall()
        head = QHBoxLayout(self.head)
        head.setContentsMargins(10, 4, 2, 4)
        head.setSpacing(10)
        head.addWidget(self.icon)
        head.addWidget(self.title, 1)
        head.addWidget(self.details)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(self.head)
        for widget in (self.progress, self.sentence, self.badges, self.rows):
            column.addWidget(widget)
        self.retranslate(texts)
        self.restyle(theme)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.minimumSizeHint().height())

    def show_words(self, words: PassportWords | None) -> None:
        """Say another stage; None is nothing to say."""
        before, self._words = self._words, words
        self.setVisible(words is not None)
        if words is None:
            self.room_needed.emit(False)
            return
        is_large = self._theme.is_large
        self.title.setText(words.title)
        self.sentence.setText(words.sentence)
        is_quiet = words.tone == "plain" or (bool(words.badges) and words.tone != "stop")
        has_sentence = bool(words.sentence) and not (is_large and is_quiet)
        self.sentence.setVisible(has_sentence)
        self.room_needed.emit(is_large and has_sentence)
        self.progress.setVisible(words.share is not None)
        self.progress.setValue(round((words.share or 0) * _STEPS))
        self._show_badges(() if is_large else words.badges)
        self.details.setText("F3" if is_large else with_key("F3", words.key))
        self.details.setAccessibleName(words.key)
        self.details.setVisible(bool(words.key))
        set_tone(self.head, words.tone)
        self.updateGeometry()
        tone = self._theme.colours.tone(words.tone).text
        show_icon(self.icon, words.icon, self._theme.icon(ICON_SMALL), tone)
        self.setAccessibleName(words.spoken)
        if before is None or before.title != words.title:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words.spoken))

    def show_beside(self, beside: Comparison | None) -> None:
        """The fields in which the document differs from the list."""
        self._beside = beside
        wanted = beside is not None and not self._theme.is_large
        rows = rows_of(beside, self._texts, only_differing=True) if beside is not None and wanted else ()
        self.rows.show_rows(rows[:_ROWS_MAX], self._texts)
        self.updateGeometry()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; the stage is said again by whoever knows it."""
        self._texts = texts
        self.progress.setAccessibleName(texts("passport_progress_name"))
        self.show_beside(self._beside)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self.progress.setFixedHeight(6)
        self.rows.restyle(theme)
        self.show_beside(self._beside)
        self.show_words(self._words)

    def _show_badges(self, badges: tuple[Badge, ...]) -> None:
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for badge in badges:
            made = BadgeLabel(badge, self._theme)
            self._flow.addWidget(made)
            for part in (made, made.text):
                part.ensurePolished()  # a border or another font changes where a line ends
        self._flow.invalidate()
        self.badges.setVisible(bool(badges))
        self.badges.updateGeometry()
