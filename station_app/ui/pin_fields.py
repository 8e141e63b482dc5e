"""Who and their PIN: a person chosen from the commission, a masked field that takes digits only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QRegularExpression, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QRegularExpressionValidator
from PySide6.QtWidgets import QComboBox, QGridLayout, QLineEdit, QWidget

from pollbook.texts import Texts
from pollbook.types import Person, PersonNumber
from station_app.desk import Refused
from station_app.ui.formats import person
from station_app.ui.held_keys import HeldKeys
from station_app.ui.icons import pixmap
from station_app.ui.labels import label
from station_app.ui.theme import ICON_SMALL, Step, Theme

PIN_DIGITS_MAX = 12
_PIN_WIDTH = 144
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}


class PersonChoice(QComboBox):
    """The commission's people by name and office."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._people: tuple[Person, ...] = ()
        self._theme = theme
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)

    @property
    def person(self) -> Person | None:
        """Who is chosen."""
        return self._people[self.currentIndex()] if 0 <= self.currentIndex() < len(self._people) else None

    def offer(self, people: Iterable[Person], texts: Texts) -> None:
        """Offer these people; who was chosen stays chosen."""
        before = self.person
        self._people = tuple(people)
        self.blockSignals(True)
        self.clear()
        for who in self._people:
            self.addItem(person(who, texts))
            self.setItemData(self.count() - 1, person(who, texts), Qt.ItemDataRole.ToolTipRole)
        self.blockSignals(False)
        if before is not None:
            self.choose(before.number)

    def choose(self, number: PersonNumber) -> None:
        """Choose this person, if offered."""
        for place, who in enumerate(self._people):
            if who.number == number:
                self.setCurrentIndex(place)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        size = self._theme.icon(ICON_SMALL - 4)
        arrow = pixmap("down", size, self._theme.colours.secondary, self.devicePixelRatioF())
        QPainter(self).drawPixmap(self.width() - size - 12, (self.height() - size) // 2, arrow)


class PinField(QLineEdit):
    """Digits, never shown; a held Enter counts once."""

    entered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setMaxLength(PIN_DIGITS_MAX)
        self.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]*"), self))
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhSensitiveData)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._held = HeldKeys()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._held.note_release(event)
        super().keyReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            if not self._held.is_repeat(event):
                self.entered.emit()
        else:
            super().keyPressEvent(event)


def rows_to_mend(refused: Refused, rows: Sequence[PersonAndPin]) -> Sequence[PersonAndPin]:
    """The row of whom the refusal names, else all of them."""
    named = refused.facts.get("person")
    return [row for row in rows if row.choice.person is not None and row.choice.person.number == named] or rows


def names_of(rows: Sequence[PersonAndPin]) -> str:
    """Whom one row is about; nobody where there are several."""
    return rows[0].choice.currentText() if len(rows) == 1 else ""


def type_again(rows: Sequence[PersonAndPin]) -> None:
    """The PINs of these rows are empty, and the first of them has the focus."""
    for row in rows:
        row.pin.clear()
    rows[0].pin.setFocus()


class PersonAndPin(QWidget):
    """One person's row: a heading, who, and the PIN; Enter in the PIN goes on."""

    entered = Signal()

    def __init__(self, heading: str, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self._heading = heading
        self.heading = label(Step.BASE, "strong", wraps=True)
        self.pin_heading = label(Step.BASE, "strong")
        self.choice = PersonChoice(theme)
        self.pin = PinField()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.addWidget(self.heading, 0, 0)
        grid.addWidget(self.pin_heading, 0, 1)
        grid.addWidget(self.choice, 1, 0)
        grid.addWidget(self.pin, 1, 1)
        grid.setColumnStretch(0, 1)
        self.heading.setBuddy(self.choice)
        self.pin_heading.setBuddy(self.pin)
        self.pin.entered.connect(self.entered)
        self.retranslate(texts)
        self.restyle(theme)

    @property
    def is_filled(self) -> bool:
        """Whether there is a person and a PIN."""
        return self.choice.person is not None and bool(self.pin.text())

    def offer(self, people: Iterable[Person], texts: Texts) -> None:
        """Offer these people."""
        self.choice.offer(people, texts)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.heading.setText(texts(self._heading))
        self.pin_heading.setText(texts("pin"))
        self.choice.setAccessibleName(texts(self._heading))
        self.pin.setAccessibleName(texts("pin_of", who=texts(self._heading)))

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.choice.restyle(theme)
        self.pin.setFixedWidth(round(_PIN_WIDTH * theme.scale / 100))
