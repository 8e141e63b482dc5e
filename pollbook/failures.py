"""Every failure a person can meet: its code, what kind it is, and the two families of exceptions.

A refusal is an answer ("already marked"); a fault is an exception, split by whose fault it is: the world's (the
register cannot be reached, the disk is full: try again or tell somebody) or ours (the ledger is broken: stop).
The texts people read (cause and instruction) stand in `resources/translations` under the failure's name, and in
`docs/failure-codes.md`; a test holds the three together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final


class Exit(IntEnum):
    """What a command's exit status tells a script (DESIGN §9)."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    REFUSED = 3
    AWAY = 4


class Failure(Enum):
    """One failure each: `code` is for the support line, `exit` for scripts, the lower-case name for JSON."""

    # B is for the book and its lines.
    ALREADY_MARKED = ("B01", Exit.REFUSED)
    LINE_NOT_HELD = ("B02", Exit.REFUSED)
    UNKNOWN_VOTER = ("B03", Exit.REFUSED)
    SEVERAL_VOTERS = ("B04", Exit.REFUSED)
    NOT_MARKED = ("B05", Exit.REFUSED)
    NOT_OLD_ENOUGH = ("B06", Exit.REFUSED)
    REASON_MISSING = ("B07", Exit.REFUSED)
    REASON_TOO_LONG = ("B08", Exit.REFUSED)
    LINE_RELEASED = ("B09", Exit.REFUSED)
    LINE_UNPROVEN = ("B10", Exit.REFUSED)
    LINE_ARRIVING = ("B11", Exit.REFUSED)
    LINE_OPEN = ("B12", Exit.REFUSED)
    LINE_WITH_TEAM = ("B13", Exit.REFUSED)
    ON_PAPER = ("B14", Exit.REFUSED)
    VOID_WAITS = ("B15", Exit.REFUSED)
    NOT_SAFE_YET = ("B16", Exit.REFUSED)
    RELEASE_INVALID = ("B17", Exit.REFUSED)
    RELEASE_OTHER_BOOK = ("B18", Exit.REFUSED)
    RELEASE_USED = ("B19", Exit.REFUSED)
    RELEASE_TO_ITSELF = ("B20", Exit.REFUSED)
    BOOK_CLOSED = ("B21", Exit.REFUSED)
    ALREADY_PROVISIONAL = ("B22", Exit.REFUSED)
    ENVELOPE_MISSING = ("B23", Exit.REFUSED)
    NOT_ADJUDICATED = ("B24", Exit.REFUSED)
    INTAKE_UNKNOWN = ("B25", Exit.REFUSED)
    CLAIM_WAITS = ("B26", Exit.REFUSED)
    CLAIM_REFUSED = ("B27", Exit.REFUSED)
    LINE_NOT_ARRIVED = ("B28", Exit.REFUSED)
    DOCUMENT_DATA_INVALID = ("B29", Exit.REFUSED)
    LINE_HELD_HERE = ("B30", Exit.REFUSED)
    CLAIM_UNKNOWN = ("B31", Exit.REFUSED)
    RELEASE_NOT_FOR_PAPER = ("B32", Exit.REFUSED)
    # P is for people and their PINs.
    NOT_SIGNED_IN = ("P01", Exit.REFUSED)
    DAY_NOT_OPEN = ("P02", Exit.REFUSED)
    WRONG_PIN = ("P03", Exit.REFUSED)
    TOO_MANY_TRIES = ("P04", Exit.REFUSED)
    UNKNOWN_PERSON = ("P05", Exit.REFUSED)
    NOT_AN_OFFICER = ("P06", Exit.REFUSED)
    SAME_OFFICER_TWICE = ("P07", Exit.REFUSED)
    PIN_TOO_SIMPLE = ("P08", Exit.REFUSED)
    PIN_NOT_SET = ("P09", Exit.REFUSED)
    # E is for enrolment and slices.
    CODE_WRONG = ("E01", Exit.REFUSED)
    CODE_EXPIRED = ("E02", Exit.REFUSED)
    CODE_USED = ("E03", Exit.REFUSED)
    ALREADY_ENROLLED = ("E04", Exit.REFUSED)
    ENROL_FILE_INVALID = ("E05", Exit.REFUSED)
    SLICE_INVALID = ("E06", Exit.REFUSED)
    SLICE_OTHER_ELECTION = ("E07", Exit.REFUSED)
    SLICE_OTHER_BOOK = ("E08", Exit.REFUSED)
    SLICE_OTHER_VERSION = ("E09", Exit.REFUSED)
    SLICE_TOO_LARGE = ("E10", Exit.REFUSED)
    TOTALS_DIFFER = ("E11", Exit.REFUSED)
    UNKNOWN_PRECINCT = ("E12", Exit.REFUSED)
    BOOK_REVOKED = ("E13", Exit.REFUSED)
    BOOK_SUPERSEDED = ("E14", Exit.REFUSED)
    # L is for the link and the register's answers.
    REGISTER_UNREACHABLE = ("L01", Exit.AWAY)
    REGISTER_SLOW = ("L02", Exit.AWAY)
    REGISTER_NOT_TRUSTED = ("L03", Exit.AWAY)
    ANSWER_NOT_UNDERSTOOD = ("L04", Exit.AWAY)
    REGISTER_IN_TROUBLE = ("L05", Exit.AWAY)
    ANSWER_NOT_SIGNED = ("L06", Exit.AWAY)
    REGISTER_BUSY = ("L07", Exit.AWAY)
    REQUEST_NOT_ACCEPTED = ("L08", Exit.REFUSED)
    REGISTER_BEHIND = ("L09", Exit.REFUSED)
    DIGEST_DIFFERS = ("L10", Exit.FAULT)
    # N is for the neighbours: the other desks of the station.
    NEIGHBOUR_AWAY = ("N01", Exit.AWAY)
    NEIGHBOUR_SLOW = ("N02", Exit.AWAY)
    NEIGHBOUR_NOT_TRUSTED = ("N03", Exit.AWAY)
    NEIGHBOUR_OTHER_ELECTION = ("N04", Exit.REFUSED)
    NEIGHBOUR_OTHER_PRECINCT = ("N05", Exit.REFUSED)
    NEIGHBOUR_NOT_UNDERSTOOD = ("N06", Exit.AWAY)
    NEIGHBOUR_BUSY = ("N07", Exit.AWAY)
    LINE_OPEN_ELSEWHERE = ("N08", Exit.REFUSED)
    # S is for the store on the disk.
    NOT_ENROLLED = ("S01", Exit.REFUSED)
    BOOK_IN_USE = ("S02", Exit.REFUSED)
    BOOK_NEWER = ("S03", Exit.REFUSED)
    BOOK_DAMAGED = ("S04", Exit.FAULT)
    BOOK_KEY_MISSING = ("S05", Exit.FAULT)
    DISK_FULL = ("S06", Exit.FAULT)
    DISK_FAILED = ("S07", Exit.FAULT)
    LEDGER_BROKEN = ("S08", Exit.FAULT)
    BOOK_ROLLED_BACK = ("S09", Exit.REFUSED)
    # M is for the mirror.
    MIRROR_OFF = ("M01", Exit.REFUSED)
    MIRROR_GONE = ("M02", Exit.AWAY)
    MIRROR_FULL = ("M03", Exit.AWAY)
    MIRROR_FAILED = ("M04", Exit.AWAY)
    MIRROR_SLOW = ("M05", Exit.AWAY)
    MIRROR_BEHIND = ("M06", Exit.AWAY)
    MIRROR_OTHER_BOOK = ("M07", Exit.REFUSED)
    MIRROR_CODE_WRONG = ("M08", Exit.REFUSED)
    MIRROR_DAMAGED = ("M09", Exit.REFUSED)
    MIRROR_NOT_THERE = ("M10", Exit.REFUSED)
    MIRROR_TAKEN_OVER = ("M11", Exit.REFUSED)
    MIRROR_OTHER_ELECTION = ("M12", Exit.REFUSED)
    NOT_A_SPARE = ("M13", Exit.REFUSED)
    # R is for the register.
    REGISTER_NOT_THERE = ("R01", Exit.REFUSED)
    REGISTER_EXISTS = ("R02", Exit.REFUSED)
    ELECTION_INVALID = ("R03", Exit.REFUSED)
    LIST_UNREADABLE = ("R04", Exit.REFUSED)
    LIST_COLUMNS_MISSING = ("R05", Exit.REFUSED)
    LIST_NOT_SYNTHETIC = ("R06", Exit.REFUSED)
    LIST_SYNTHETIC = ("R07", Exit.REFUSED)
    LIST_ALREADY_IMPORTED = ("R08", Exit.REFUSED)
    TOTALS_UNREADABLE = ("R09", Exit.REFUSED)
    OFFICERS_UNREADABLE = ("R10", Exit.REFUSED)
    PORT_TAKEN = ("R11", Exit.AWAY)
    NOTHING_TO_DECIDE = ("R12", Exit.REFUSED)
    REGISTER_NEWER = ("R13", Exit.REFUSED)
    REGISTER_IN_USE = ("R14", Exit.REFUSED)
    NOTHING_IMPORTED = ("R15", Exit.REFUSED)
    DATABASE_AWAY = ("R16", Exit.AWAY)
    DATABASE_UNFIT = ("R17", Exit.REFUSED)
    PARCEL_UNKNOWN = ("R18", Exit.REFUSED)
    STILLS_NONE = ("R19", Exit.REFUSED)
    # G is for the register's log of accepted entries.
    LOG_ENTRY_UNKNOWN = ("G01", Exit.REFUSED)
    LOG_NOT_PUBLISHED = ("G02", Exit.REFUSED)
    LOG_SIZE_UNKNOWN = ("G03", Exit.REFUSED)
    # K is for sealed bundles, carried by hand.
    BUNDLE_UNREADABLE = ("K01", Exit.REFUSED)
    BUNDLE_OTHER_VERSION = ("K02", Exit.REFUSED)
    BUNDLE_OTHER_ELECTION = ("K03", Exit.REFUSED)
    BUNDLE_OTHER_REGISTER = ("K04", Exit.REFUSED)
    BUNDLE_OTHER_BOOK = ("K05", Exit.REFUSED)
    BUNDLE_NOT_SIGNED = ("K06", Exit.REFUSED)
    BUNDLE_OTHER_WAY = ("K07", Exit.REFUSED)
    # T is for the authorities behind passports and ID cards, and what IT staff bring in about them.
    TRUST_FILE_UNFIT = ("T01", Exit.REFUSED)
    TRUST_NOT_SIGNED = ("T02", Exit.REFUSED)
    TRUST_SIGNER_UNFIT = ("T03", Exit.REFUSED)
    TRUST_AUTHORITY_UNKNOWN = ("T04", Exit.REFUSED)
    TRUST_NOT_AN_AUTHORITY = ("T05", Exit.REFUSED)
    TRUST_ALGORITHM_UNKNOWN = ("T06", Exit.REFUSED)
    TRUST_LIST_OLDER = ("T07", Exit.REFUSED)
    TRUST_DAMAGED = ("T08", Exit.REFUSED)
    # D is for documents with a chip and their readers.
    READER_SERVICE_AWAY = ("D01", Exit.AWAY)
    READER_AWAY = ("D02", Exit.AWAY)
    DOCUMENT_NOT_THERE = ("D03", Exit.AWAY)
    DOCUMENT_REMOVED = ("D04", Exit.AWAY)
    DOCUMENT_MUTE = ("D05", Exit.AWAY)
    READER_IN_USE = ("D06", Exit.AWAY)
    DOCUMENT_KEY_WRONG = ("D07", Exit.REFUSED)
    DOCUMENT_KEY_INVALID = ("D08", Exit.REFUSED)
    DOCUMENT_KEY_UNFIT = ("D09", Exit.REFUSED)
    DOCUMENT_DOWNGRADE = ("D10", Exit.REFUSED)
    NOT_A_TRAVEL_DOCUMENT = ("D11", Exit.REFUSED)
    DOCUMENT_BROKE_OFF = ("D12", Exit.REFUSED)
    DOCUMENT_ENDLESS = ("D13", Exit.REFUSED)
    SEVERAL_DOCUMENTS = ("D14", Exit.REFUSED)
    DOCUMENT_KEY_TRIES = ("D15", Exit.REFUSED)
    # U is for everything else.
    WRONG_USAGE = ("U01", Exit.USAGE)
    FILE_UNREADABLE = ("U02", Exit.REFUSED)
    OUT_EXISTS = ("U03", Exit.REFUSED)
    FAULT = ("U99", Exit.FAULT)
    # V is for video: the cameras, their recording and its proof.
    CAMERA_ADDRESS_INVALID = ("V01", Exit.REFUSED)
    CAMERA_UNREACHABLE = ("V02", Exit.AWAY)
    CAMERA_SILENT = ("V03", Exit.AWAY)
    CAMERA_DENIED = ("V04", Exit.AWAY)
    CAMERA_NOT_THERE = ("V05", Exit.AWAY)
    CAMERA_NO_VIDEO = ("V06", Exit.AWAY)
    CAMERA_UNPLUGGED = ("V07", Exit.AWAY)
    CAMERA_STUCK = ("V08", Exit.AWAY)
    RECORDING_DISK_FULL = ("V09", Exit.FAULT)
    RECORDING_FOLDER_GONE = ("V10", Exit.AWAY)
    RECORDING_DISK_FAILED = ("V11", Exit.FAULT)
    CAMERA_UNKNOWN = ("V12", Exit.REFUSED)
    CAMERA_EXISTS = ("V13", Exit.REFUSED)
    NO_CAMERAS = ("V14", Exit.REFUSED)
    CAMERAS_IN_USE = ("V15", Exit.REFUSED)
    NOTHING_RECORDED = ("V16", Exit.REFUSED)
    RECORDING_SHORT = ("V17", Exit.REFUSED)
    RECORDING_QUOTA_USED = ("V18", Exit.FAULT)
    CAMERA_RECONNECTING = ("V19", Exit.AWAY)
    CAMERA_LOST = ("V20", Exit.AWAY)
    CAMERA_BLACK = ("V21", Exit.AWAY)
    CAMERA_COVERED = ("V22", Exit.AWAY)
    CAMERA_FROZEN = ("V23", Exit.AWAY)
    CAMERA_MOVED = ("V24", Exit.AWAY)
    CAMERA_LOOPED = ("V25", Exit.AWAY)
    CAMERA_BLURRED = ("V26", Exit.AWAY)
    CAMERA_WRONG_RESOLUTION = ("V27", Exit.AWAY)
    CAMERA_WRONG_RATE = ("V28", Exit.AWAY)
    CAMERA_DROPPED = ("V29", Exit.AWAY)
    CAMERA_CLOCK_OFF = ("V30", Exit.AWAY)
    CLOCK_WAS_SET = ("V31", Exit.AWAY)
    CAMERA_STILL = ("V32", Exit.AWAY)
    SEGMENT_MISSING = ("V40", Exit.FAULT)
    SEGMENT_CHANGED = ("V41", Exit.FAULT)
    SEGMENT_SWAPPED = ("V42", Exit.FAULT)
    SEGMENT_UNKNOWN = ("V43", Exit.FAULT)
    GAP_UNEXPLAINED = ("V44", Exit.FAULT)
    CAMERA_LEDGER_BROKEN = ("V45", Exit.FAULT)
    # W is for what is shown of cameras to others, and for setting them up.
    MASKS_MISSING = ("W01", Exit.REFUSED)
    NO_PICTURE = ("W02", Exit.AWAY)
    CHAIR_SIGNS = ("W03", Exit.REFUSED)
    PAGE_NOT_OPENED = ("W04", Exit.AWAY)
    OBSERVER_CODE_UNFIT = ("W05", Exit.REFUSED)
    OBSERVER_TRIES = ("W06", Exit.REFUSED)
    OBSERVERS_FULL = ("W07", Exit.REFUSED)
    CAMERA_NAME_UNFIT = ("W08", Exit.REFUSED)
    CAMERAS_TOO_MANY = ("W09", Exit.REFUSED)
    QUOTA_UNFIT = ("W10", Exit.REFUSED)
    KEEPING_UNFIT = ("W11", Exit.REFUSED)

    @property
    def code(self) -> str:
        """What a person reads out to the support line, for example `B01`."""
        return self.value[0]

    @property
    def exit(self) -> Exit:
        """The exit status of a command that ends with this failure."""
        return self.value[1]

    @property
    def key(self) -> str:
        """The name in JSON and in the translations, for example `already_marked`."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Refused:
    """An action that was refused; `facts` fill the failure's texts (`wait_s`, `limit`, …) and are never names."""

    failure: Failure
    facts: Mapping[str, object] = field(default_factory=dict)


class UchastkaError(Exception):
    """A failure that ends what was asked; `facts` fill the texts and hold ids and numbers only, never a name."""

    def __init__(self, failure: Failure, detail: str = "", **facts: object) -> None:
        super().__init__(f"{failure.code} {failure.key}{': ' if detail else ''}{detail}")
        self.failure: Final = failure
        self.detail: Final = detail
        self.facts: Final[Mapping[str, object]] = facts


class WorldFailed(UchastkaError):
    """The world is not as it must be: a link, a disk, a file, a person's input. Nothing of ours is broken."""


class WeFailed(UchastkaError):
    """Something that two honest programs cannot produce: stop and tell the support line."""


class InputInvalid(ValueError):
    """Outside bytes that are not what they must be; the seam that read them turns it into a `Failure`."""
