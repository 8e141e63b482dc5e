"""How a row of a list is painted: a text that wraps rather than being cut, a mark at its right, perhaps an icon."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from station_app.ui.icons import pixmap
from station_app.ui.theme import ICON_SMALL, RADIUS, Step, Theme

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT_GAP, _GAP, _ABOVE_BELOW = 14, 12, 7


@dataclass(frozen=True, slots=True)
class Row:
    """What one row shows; `is_stopped` puts the sign of "do not give a ballot" before the right text."""

    text: str
    right: str
    is_stopped: bool = False
    is_muted: bool = False


class RowDelegate(QStyledItemDelegate):
    """Paints rows; `step` is the text's size. At large sizes the right text stands below the other."""

    def __init__(self, theme: Theme, view: QListView, step: Step = Step.BASE) -> None:
        super().__init__(view)
        self.theme = theme
        self._view = view
        self._step = step

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        row: Row = index.data(ROW)
        width = self._view.viewport().width()
        place = QRect(0, 0, self._text_rect(QRect(0, 0, width, 0), row).width(), 10_000)
        metrics = QFontMetrics(self._font())
        height = metrics.boundingRect(place, _WRAP, row.text).height()
        if self.theme.is_large:
            height += metrics.height()
        return QSize(width, max(self.theme.hit, height + 2 * _ABOVE_BELOW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: Row = index.data(ROW)
        colours = self.theme.colours
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.chosen))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), RADIUS, RADIUS)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(QRect(rect.left(), rect.top() + 5, 5, rect.height() - 10), 2, 2)
        painter.setFont(self._font())
        painter.setPen(QColor(colours.secondary if row.is_muted else colours.text))
        painter.drawText(self._text_rect(rect, row), _WRAP, row.text)
        painter.setPen(QColor(colours.secondary))
        right = self._right_rect(rect)
        painter.drawText(right, _WRAP if self.theme.is_large else _RIGHT, row.right)
        if row.is_stopped:
            size = self.theme.icon(ICON_SMALL)
            width = self._right_width(row)
            left = right.left() + width if self.theme.is_large else right.right() - width - size
            top = right.center().y() - size // 2
            painter.drawPixmap(left, top, pixmap("stop", size, colours.stop.text, self._view.devicePixelRatioF()))
        painter.restore()

    def _font(self) -> QFont:
        made = QFont(self._view.font())
        made.setPixelSize(self.theme.px(self._step))
        return made

    def _right_width(self, row: Row) -> int:
        return QFontMetrics(self._font()).horizontalAdvance(row.right) + _GAP

    def _right_rect(self, rect: QRect) -> QRect:
        if not self.theme.is_large:
            return rect.adjusted(0, 0, -_GAP, 0)
        height = QFontMetrics(self._font()).height()
        return QRect(rect.left() + _LEFT_GAP, rect.bottom() - _ABOVE_BELOW - height, rect.width() - _LEFT_GAP, height)

    def _text_rect(self, rect: QRect, row: Row) -> QRect:
        if self.theme.is_large:
            below = _ABOVE_BELOW + QFontMetrics(self._font()).height()
            return rect.adjusted(_LEFT_GAP, _ABOVE_BELOW, -_GAP, -below)
        icon = self.theme.icon(ICON_SMALL) + _GAP if row.is_stopped else 0
        return rect.adjusted(_LEFT_GAP, 0, -(_GAP + self._right_width(row) + icon), 0)
