"""The marks by which synthetic data are told from a real list (DOMAIN §9)."""

from typing import Final

DOCUMENT_SERIES: Final = "ZZ"
AREA_CODE_MIN: Final = 900
"""RRR of a PINFL `C DDMMYY RRR SSS K`, which real numbers do not reach."""
AREA_CODE_MAX: Final = 999

_AREA: Final = slice(7, 10)


def is_synthetic(pinfl: str, document: str) -> bool:
    """Tell whether a person's numbers carry the marks of synthetic data.

    Both must: a real person with one odd number is not synthetic. An empty number says nothing, the other one
    decides; with neither, the answer is no.
    """
    is_marked_pinfl = not pinfl or (
        len(pinfl) == 14 and pinfl.isdecimal() and AREA_CODE_MIN <= int(pinfl[_AREA]) <= AREA_CODE_MAX
    )
    is_marked_document = not document or document.startswith(DOCUMENT_SERIES)
    return bool(pinfl or document) and is_marked_pinfl and is_marked_document
