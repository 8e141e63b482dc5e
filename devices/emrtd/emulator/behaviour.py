"""How an emulated chip behaves: as the standard says, or in one of the ways real chips were seen to differ.

`ROWS` names each way by its row in the table of what real chips do; those that lie in what a document holds, not in
how its chip answers (rows 10, 11, 12, 14 and 15), are made when the document is issued.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class EndOfFile(Enum):
    """What a read beyond the end of a file gives."""

    SHORT = "the rest and 9000"
    WARNING = "the rest and 6282"
    EXACT_LENGTH = "6Cxx with the exact number"
    REFUSED = "6700"


class SignatureForm(Enum):
    """How an active authentication signature over a curve is written."""

    PLAIN = "plain"
    DER = "DER"
    PLAIN_LONGER = "plain with a leading zero byte in each number"


class Hostility(Enum):
    """What no honest chip does."""

    DRIPPING = "one byte a read"
    ENDLESS = "an answer that always has more"
    HUGE = "files that claim to be of megabytes"
    GENEROUS = "more data than was asked for"
    SAME_KEY = "our own public key sent back"


SAYS_NOTHING: Final = -1


@dataclass(frozen=True, slots=True)
class Behaviour:
    """All that may differ.

    Attributes:
        extended_bytes_max: Data bytes of an extended command; 0: short commands only, and none announced.
        select_mf_status: Of SELECT MF.
        missing_status: Of SELECT for a file that isn't there.
        bac_status: Of GET CHALLENGE, where BAC isn't offered.
        pace_fails: PACE ends with `denied_status` whatever the password.
        wants_parameter_id: MSE:Set AT without tag 84 gives 6A87.
        denied_status: Of the last step with a wrong password.
        read_bytes_max: More expected bytes than this are refused.
        read_status: With this status; 0 answers nothing but 9000, `SAYS_NOTHING` not even that.
        read_status_is_plain: The refusal comes outside secure messaging.
        end_of_file: What a read beyond the end gives.
        part_bytes: Answers come in parts of so many bytes, with 61xx; 0: whole.
        signature_form: Of active authentication over a curve.
        signature_extended_only: Active authentication answers extended commands only.
        channel_breaks_at_read: The number of the read that gets a plain 6982.
        pulled_at_byte: The card leaves the field when so many bytes have gone to and fro.
        ignores_key_id: Chip authentication takes any key id.
        hostility: What no honest chip does.
    """

    extended_bytes_max: int = 0
    select_mf_status: int = 0x9000
    missing_status: int = 0x6A82
    bac_status: int = 0x9000
    pace_fails: bool = False
    wants_parameter_id: bool = False
    denied_status: int = 0x6300
    read_bytes_max: int = 65_536
    read_status: int = 0x6700
    read_status_is_plain: bool = True
    end_of_file: EndOfFile = EndOfFile.WARNING
    part_bytes: int = 0
    signature_form: SignatureForm = SignatureForm.PLAIN
    signature_extended_only: bool = False
    channel_breaks_at_read: int = 0
    pulled_at_byte: int | None = None
    ignores_key_id: bool = False
    hostility: Hostility | None = None


HONEST: Final = Behaviour()

ROWS: Final[dict[str, Behaviour]] = {
    "1-pace-fails": Behaviour(pace_fails=True),
    "2-pace-only-6a88": Behaviour(bac_status=0x6A88),
    "2-pace-only-6985": Behaviour(bac_status=0x6985),
    **{
        f"3-missing-{status:04x}": Behaviour(missing_status=status, select_mf_status=status)
        for status in (0x6A82, 0x6982, 0x6985, 0x6986, 0x6283)
    },
    "4-wants-parameter-id": Behaviour(wants_parameter_id=True),
    "5-denied-6300": Behaviour(denied_status=0x6300),
    "5-denied-6982": Behaviour(denied_status=0x6982),
    "5-denied-63c2": Behaviour(denied_status=0x63C2),
    **{
        f"6-too-large-{status:04x}": Behaviour(read_bytes_max=160, read_status=status, read_status_is_plain=is_plain)
        for status, is_plain in ((0x6700, True), (0x6B00, False), (0x6282, False), (0x6988, True), (0, False))
    },
    "6-too-large-silence": Behaviour(read_bytes_max=160, read_status=SAYS_NOTHING),
    "7-end-6282": Behaviour(end_of_file=EndOfFile.WARNING),
    "7-end-6cxx": Behaviour(end_of_file=EndOfFile.EXACT_LENGTH),
    "7-end-6700": Behaviour(end_of_file=EndOfFile.REFUSED),
    "7-parts-61xx": Behaviour(part_bytes=100),
    "8-long-signature": Behaviour(signature_extended_only=True),
    "9-plain-status": Behaviour(channel_breaks_at_read=5),
    "13-der": Behaviour(signature_form=SignatureForm.DER),
    "13-leading-zeros": Behaviour(signature_form=SignatureForm.PLAIN_LONGER),
    "16-pulled": Behaviour(pulled_at_byte=2_000),
    "17-key-ids": Behaviour(ignores_key_id=True),
}
"""The rows that lie in the chip, by number and name."""
