"""Adding or changing a camera: its name, where it is, and what it asks for; it is tried before it is kept."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from pollbook.texts import Texts
from station_app.background import BookThread
from station_app.live.room import NewCamera
from station_app.ui.form_sheet import Field, FormSheet
from station_app.ui.theme import Theme

_NAME_MAX, _ADDRESS_MAX, _WORD_MAX = 31, 300, 100


class AddCameraSheet(FormSheet):
    """Five fields; what becomes of the try is told to `refuse`, or the sheet is closed."""

    wanted = Signal(object)

    def __init__(self, window: QWidget, book: BookThread, known: NewCamera | None, texts: Texts, theme: Theme) -> None:
        """`known` is the camera that is changed; None adds one."""
        super().__init__(window, book, texts, theme)
        self._known = known
        shown = known or NewCamera("", "")
        self.name = Field("camera_name", _NAME_MAX, shown.name)
        self.name.setVisible(known is None)
        self.address = Field("camera_address", _ADDRESS_MAX, shown.address)
        self.view = Field("camera_view_address", _ADDRESS_MAX, shown.view)
        self.user = Field("camera_user", _WORD_MAX, shown.user)
        self.password = Field("camera_password" if known is None else "camera_password_kept", _WORD_MAX)
        self.password.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.use_fields(self.name, self.address, self.view, self.user, self.password)
        self.body.addWidget(self.failure)
        self.body.addStretch(1)
        self.retranslate(texts)

    def submit(self) -> None:
        """Try the camera; a second press while it is tried does nothing."""
        if self.is_busy:
            return
        for field in (self.name, self.address):
            if not field.text:
                field.line.setFocus()
                return
        self.set_busy(is_busy=True)
        self.failure.show_refusal(None)
        # The password is taken as it was typed: blanks may belong to it.
        camera = NewCamera(self.name.text, self.address.text, self.view.text, self.user.text, self.password.line.text())
        self.wanted.emit(camera)

    def main_text(self) -> str:
        """Trying comes first."""
        return self._texts("button_camera_try" if self._known is None else "button_camera_try_changed")

    def busy_text(self) -> str:
        """A camera may take some seconds to say no."""
        return self._texts("camera_trying")

    def focus_after_refusal(self) -> None:
        """Where it was, most of the time, that something was typed wrong."""
        self.address.line.setFocus()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language; what was typed stays."""
        super().retranslate(texts)
        known = self._known
        self.title.setText(
            texts("add_camera_title") if known is None else texts("change_camera_title", camera=known.name)
        )
        self.address.line.setPlaceholderText(texts("camera_address_example"))
