"""The search box and the result list: type or scan, choose with the arrows, without leaving the box."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListView, QVBoxLayout

from pollbook.texts import Texts
from pollbook.types import LineId
from station_app.desk import FoundVoters, Hit
from station_app.ui.choice_list import ENTER, ChoiceList
from station_app.ui.formats import number
from station_app.ui.held_keys import HeldKeys
from station_app.ui.hits import HitModel
from station_app.ui.icons import show_icon
from station_app.ui.labels import label
from station_app.ui.rows import RowDelegate
from station_app.ui.scanning import TYPED_MAX, ends_a_line, parts_read
from station_app.ui.theme import ICON_SMALL, Step, Theme

_MOVES = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 5, Qt.Key.Key_PageUp: -5}


class SearchBox(QLineEdit):
    """A line that tells Enter, Esc and the arrows instead of acting on them; a held key counts once."""

    entered = Signal(bool)
    escaped = Signal()
    moved = Signal(int)
    scrolled = Signal(int)
    line_ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("search")
        self.setMaxLength(TYPED_MAX)
        self._held = HeldKeys()
        self.icon = QLabel(self)
        self.icon.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in ENTER:
            if not self._held.is_repeat(event):
                self._enter(with_control=bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif key == Qt.Key.Key_Escape:
            if not self._held.is_repeat(event):
                self.escaped.emit()
        elif key in _MOVES:
            has_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            (self.scrolled if has_control else self.moved).emit(_MOVES[key])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._held.note_release(event)
        super().keyReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.icon.move(14, (self.height() - self.icon.height()) // 2)

    def _enter(self, *, with_control: bool) -> None:
        text = self.text()
        if ends_a_line(text):
            if not text.endswith(" "):
                self.setText(text + " ")
            self.line_ended.emit()
            return
        self.entered.emit(with_control)


class FoundList(ChoiceList):
    """Takes the height that is left, and wants no more than its least."""

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.minimumHeight())


class FindPanel(QFrame):
    """Box, count and list; `turned` tells that the arrows went to another hit."""

    typed = Signal(str)
    entered = Signal(bool)
    escaped = Signal()
    chosen = Signal(object)
    turned = Signal()

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._texts = texts
        self._found: FoundVoters | None = None
        self._is_busy = False
        self._is_card_open = False
        self._hint = ""
        self.box = SearchBox()
        self.count = label(Step.SMALL, "secondary", wraps=True)
        self.model = HitModel(texts, self)
        self.list = FoundList()
        self.list.setModel(self.model)
        self.delegate = RowDelegate(theme, self.list)
        self.list.setItemDelegate(self.delegate)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 8)
        column.setSpacing(4)
        for widget in (self.box, self.count, self.list):
            column.addWidget(widget)
        column.setStretch(2, 1)
        self.box.textEdited.connect(self.typed)
        self.box.entered.connect(self.entered)
        self.box.line_ended.connect(self._say)
        self.box.escaped.connect(self.escaped)
        self.box.moved.connect(self.move_highlight)
        self.list.chosen.connect(self._choose)
        self.list.clicked.connect(self._choose)
        self.list.escaped.connect(self.escaped)
        self.retranslate(texts)
        self.restyle(theme)

    @property
    def text(self) -> str:
        """What stands in the box."""
        return self.box.text()

    @property
    def chosen_hit(self) -> Hit | None:
        """The only hit, or the highlighted one; never one of several by itself."""
        hits = self.model.hits
        if len(hits) == 1:
            return hits[0]
        index = self.list.currentIndex()
        return hits[index.row()] if index.isValid() else None

    def clear(self) -> None:
        """Empty box and list."""
        self.box.setText("")
        self.show_found(None)

    def show_busy(self, *, is_busy: bool) -> None:
        """Say that a search is on its way."""
        self._is_busy = is_busy
        self._say()

    def show_found(self, found: FoundVoters | None) -> None:
        """Show the answer, or nothing at all."""
        self._found = found
        self._hint = ""
        self._is_busy = False
        self.model.show(found.hits if found else ())
        self.list.scrollToTop()
        self._say()

    def ask_to_choose(self) -> None:
        """Several voters were found and none is highlighted: highlight the first and say so."""
        self.list.setCurrentIndex(self.model.index(0))
        self._hint = "choose_one"
        self._say()

    def move_highlight(self, rows: int) -> None:
        """Move the highlight by so many rows; from none, to the first."""
        count = self.model.rowCount()
        if not count:
            return
        index = self.list.currentIndex()
        row = min(max(index.row() + rows, 0), count - 1) if index.isValid() else 0
        if row != index.row():
            self.list.setCurrentIndex(self.model.index(row))
            self.turned.emit()

    def highlight(self, line: LineId) -> None:
        """Highlight the row of this line, if it is in the list."""
        for row, hit in enumerate(self.model.hits):
            if hit.line == line:
                self.list.setCurrentIndex(self.model.index(row))

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self.model.retranslate(texts)
        self.box.setPlaceholderText(texts("search_placeholder"))
        self.box.setAccessibleName(texts("search_name"))
        self.box.setAccessibleDescription(texts("search_description"))
        self.box.setToolTip(texts("search_description"))
        self.list.setAccessibleName(texts("results_name"))
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self.delegate.theme = theme
        show_icon(self.box.icon, "search", theme.icon(ICON_SMALL), theme.colours.secondary)
        self.list.setMinimumHeight(theme.hit + 4)  # one row: a document on the reader may need the rest
        self.list.doItemsLayout()

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self.model.hits[index.row()].line)

    def show_card_open(self, *, is_open: bool) -> None:
        """While a card is open Enter belongs to it, and the line says how to come back."""
        if is_open != self._is_card_open:
            self._is_card_open = is_open
            self._say()

    def _say(self) -> None:
        self.count.setText(self._count_text())

    def _count_text(self) -> str:
        texts = self._texts
        if self._is_busy:
            return texts("searching")
        if self._is_card_open:
            return texts("found_open" if len(self.model.hits) > 1 else "found_open_alone")
        if self._found is None:
            parts = parts_read(self.text)
            return texts("codes_read", number=parts[0], count=parts[1]) if parts else texts("search_hint")
        count = len(self._found.hits)
        if count == 0:
            return texts("found_none")
        if count == 1:
            return texts("found_one")
        if self._hint:
            return texts(self._hint)
        key = "found_more" if self._found.more else "found_several"
        return texts(key, count=number(count, texts.language))
