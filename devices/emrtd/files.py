"""The files of a chip by their names, identifiers and tags.

Source: ICAO Doc 9303-10 §3.11 (EF.ATR/INFO, EF.DIR, EF.CardAccess, EF.CardSecurity under the master file) and §4.6,
§4.7 (the LDS1 application).
"""

from enum import Enum
from typing import Final

LDS_APPLICATION: Final = bytes.fromhex("A0000002471001")


class File(Enum):
    """An elementary file: its name, file identifier, short identifier, and the tag that its content opens with.

    EF.ATR/INFO, EF.DIR, EF.CardAccess and EF.CardSecurity lie under the master file, all others in the application.
    EF.ATR/INFO and EF.DIR are runs of objects and have no tag of their own (0).
    """

    ATR_INFO = ("EF.ATR/INFO", 0x2F01, 0x01, 0x00)
    DIR = ("EF.DIR", 0x2F00, 0x1E, 0x00)
    CARD_ACCESS = ("EF.CardAccess", 0x011C, 0x1C, 0x31)
    # Under the master file it has the identifier that EF.SOD has in the application.
    CARD_SECURITY = ("EF.CardSecurity", 0x011D, 0x1D, 0x30)
    COM = ("EF.COM", 0x011E, 0x1E, 0x60)
    SOD = ("EF.SOD", 0x011D, 0x1D, 0x77)
    DG1 = ("EF.DG1", 0x0101, 0x01, 0x61)
    DG2 = ("EF.DG2", 0x0102, 0x02, 0x75)
    DG3 = ("EF.DG3", 0x0103, 0x03, 0x63)
    DG4 = ("EF.DG4", 0x0104, 0x04, 0x76)
    DG5 = ("EF.DG5", 0x0105, 0x05, 0x65)
    DG6 = ("EF.DG6", 0x0106, 0x06, 0x66)
    DG7 = ("EF.DG7", 0x0107, 0x07, 0x67)
    DG8 = ("EF.DG8", 0x0108, 0x08, 0x68)
    DG9 = ("EF.DG9", 0x0109, 0x09, 0x69)
    DG10 = ("EF.DG10", 0x010A, 0x0A, 0x6A)
    DG11 = ("EF.DG11", 0x010B, 0x0B, 0x6B)
    DG12 = ("EF.DG12", 0x010C, 0x0C, 0x6C)
    DG13 = ("EF.DG13", 0x010D, 0x0D, 0x6D)
    DG14 = ("EF.DG14", 0x010E, 0x0E, 0x6E)
    DG15 = ("EF.DG15", 0x010F, 0x0F, 0x6F)
    DG16 = ("EF.DG16", 0x0110, 0x10, 0x70)

    @property
    def label(self) -> str:
        """The standard's name, for example EF.DG1."""
        return self.value[0]

    @property
    def file_id(self) -> int:
        return self.value[1]

    @property
    def short_id(self) -> int:
        return self.value[2]

    @property
    def tag(self) -> int:
        return self.value[3]

    @property
    def is_under_master_file(self) -> bool:
        return self in _UNDER_MASTER_FILE

    @property
    def data_group(self) -> int | None:
        """Its number from 1 to 16, or None."""
        return self.short_id if self.label.startswith("EF.DG") else None


_UNDER_MASTER_FILE: Final = frozenset({File.ATR_INFO, File.DIR, File.CARD_ACCESS, File.CARD_SECURITY})
DATA_GROUPS: Final = {file.data_group: file for file in File if file.data_group is not None}
"""By number."""
BY_TAG: Final = {file.tag: file for file in DATA_GROUPS.values()}
"""The data groups by the tag that EF.COM lists them under."""
