"""The one stylesheet, made from the tokens. Widgets say what they are by object name and the property `kind`."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QPalette

from station_app.ui.theme import FAMILIES, RADIUS, TONES, Step, Theme


def stylesheet(theme: Theme) -> str:
    """The application's stylesheet."""
    return _texts(theme) + _frames(theme) + _buttons(theme) + _fields(theme) + _lists(theme)


def palette(theme: Theme) -> QPalette:
    """The same colours for what the stylesheet does not reach: placeholders, selections, disabled text."""
    colours = theme.colours
    made = QPalette()
    group = QPalette.ColorRole
    for role, colour in {
        group.Window: colours.ground,
        group.Base: colours.panel,
        group.AlternateBase: colours.ground,
        group.Button: colours.panel,
        group.ToolTipBase: colours.panel,
        group.WindowText: colours.text,
        group.Text: colours.text,
        group.ButtonText: colours.text,
        group.ToolTipText: colours.text,
        group.BrightText: colours.text,
        group.PlaceholderText: colours.secondary,
        group.Highlight: colours.accent,
        group.HighlightedText: colours.on_accent,
        group.Accent: colours.accent,
        group.Link: colours.accent,
    }.items():
        made.setColor(role, QColor(colour))
    for role in (group.WindowText, group.Text, group.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.secondary))
    return made


def font(theme: Theme) -> QFont:
    """The one family at the base size, with figures of one width."""
    made = QFont(list(FAMILIES))
    made.setPixelSize(theme.px(Step.BASE))
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _texts(theme: Theme) -> str:
    colours = theme.colours
    sizes = "".join(f'QLabel[step="{step.name}"] {{ font-size: {theme.px(step)}px; }}\n' for step in Step)
    return f"""
QWidget {{ color: {colours.text}; }}
QLabel {{ background: transparent; border: 0; }}
{sizes}
QLabel[kind="secondary"] {{ color: {colours.secondary}; }}
QLabel[kind="strong"] {{ font-weight: 700; }}
QLabel[kind="title"] {{ font-weight: 700; }}
QLabel[kind="current"] {{ color: {colours.on_accent}; background: {colours.accent}; font-weight: 700;
    border-radius: {RADIUS}px; }}
QToolTip {{ color: {colours.text}; background: {colours.panel}; border: 1px solid {colours.field_border};
    padding: 6px; font-size: {theme.px(Step.SMALL)}px; }}
"""


def _frames(theme: Theme) -> str:
    colours = theme.colours
    tones = "".join(
        f"""
QFrame[tone="{name}"] {{ background: {colours.tone(name).fill}; border: 1px solid {colours.tone(name).fill};
    border-radius: {RADIUS}px; }}
QFrame[tone="{name}"] QLabel {{ color: {colours.tone(name).text}; }}
"""
        for name in TONES
    )
    return f"""
#window, #screen {{ background: {colours.ground}; }}
#panel, #sheet {{ background: {colours.panel}; border: 1px solid {colours.line}; border-radius: {RADIUS}px; }}
#header, #status_line {{ background: {colours.panel}; border: 0; }}
#header {{ border-bottom: 1px solid {colours.line}; }}
#status_line {{ border-top: 1px solid {colours.line}; }}
#status_line QLabel, #status_line QPushButton {{ font-size: {theme.px(Step.SMALL)}px; }}
#status_line QPushButton {{ min-height: {theme.foot - 4}px; }}
QScrollArea, #body {{ background: transparent; border: 0; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {colours.field_border}; border-radius: 4px; min-height: 40px;
    margin: 2px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
#plain_strip {{ border-radius: {RADIUS}px; }}
{tones}
QFrame#state_band {{ border-radius: 0; }}
QProgressBar {{ background: {colours.line}; border: 0; border-radius: 3px; }}
QProgressBar::chunk {{ background: {colours.accent}; border-radius: 3px; }}
#toast {{ border: 1px solid {colours.field_border}; }}
"""


def _buttons(theme: Theme) -> str:
    colours = theme.colours
    inner, main_inner = theme.hit - 4, theme.main_button - 4
    return f"""
QPushButton {{ background: {colours.panel}; color: {colours.text}; border: 1px solid {colours.field_border};
    border-radius: {RADIUS}px; padding: 1px 13px; min-height: {inner}px; }}
QPushButton:hover {{ background: {colours.chosen}; }}
QPushButton:focus {{ border: 2px solid {colours.accent}; padding: 0 12px; }}
QPushButton:pressed {{ background: {colours.line}; }}
QPushButton:checked {{ background: {colours.chosen}; border: 2px solid {colours.accent};
    padding: 0 12px; }}
QPushButton:disabled {{ color: {colours.secondary}; background: {colours.ground}; border-color: {colours.line}; }}
QPushButton[kind="quiet"] {{ background: transparent; border: 1px solid transparent; }}
QPushButton[kind="quiet"]:hover {{ background: {colours.chosen}; }}
QPushButton[kind="quiet"]:focus {{ border: 2px solid {colours.accent}; }}
QPushButton[kind="unread"] {{ background: {colours.closer.fill}; color: {colours.closer.text}; font-weight: 700;
    border: 1px solid {colours.closer.text}; }}
QPushButton[kind="unread"]:focus {{ border: 2px solid {colours.accent}; }}
QPushButton[kind="row"] {{ background: transparent; border: 1px solid transparent; text-align: left; }}
QPushButton[kind="row"]:hover {{ background: {colours.chosen}; }}
QPushButton[kind="row"]:focus {{ border: 2px solid {colours.accent}; }}
QPushButton[kind="main"] {{ background: {colours.accent}; color: {colours.on_accent}; font-weight: 700;
    border: 2px solid {colours.accent}; min-height: {main_inner}px; padding: 0 24px;
    font-size: {theme.px(Step.LARGE)}px; }}
QPushButton[kind="main"]:focus {{ border: 2px solid {colours.text}; }}
QPushButton[kind="main"]:disabled {{ background: {colours.ground}; color: {colours.secondary};
    border-color: {colours.line}; }}
"""


def _fields(theme: Theme) -> str:
    colours = theme.colours
    return f"""
QLineEdit, QComboBox {{ background: {colours.panel}; color: {colours.text}; border: 1px solid {colours.field_border};
    border-radius: {RADIUS}px; padding: 1px 11px; min-height: {theme.hit - 4}px;
    selection-background-color: {colours.accent}; selection-color: {colours.on_accent}; }}
QLineEdit:focus, QComboBox:focus {{ border: 2px solid {colours.accent}; padding: 0 10px; }}
#search {{ font-size: {theme.px(Step.LARGE)}px; min-height: {theme.main_button - 4}px;
    padding-left: {theme.icon(20) + 20}px; }}
#search:focus {{ padding-left: {theme.icon(20) + 19}px; }}
QComboBox::drop-down {{ border: 0; width: {theme.hit - 8}px; }}
QComboBox::down-arrow {{ width: 0; height: 0; }}
QComboBox QAbstractItemView {{ background: {colours.panel}; color: {colours.text};
    border: 1px solid {colours.field_border}; outline: 0; selection-background-color: {colours.chosen};
    selection-color: {colours.text}; }}
"""


def _lists(theme: Theme) -> str:
    colours = theme.colours
    return f"""
QListView {{ background: transparent; border: 2px solid transparent; border-radius: {RADIUS}px; outline: 0; }}
QListView:focus {{ border: 2px solid {colours.accent}; }}
"""
