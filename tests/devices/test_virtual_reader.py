"""The emulated chip in a real PC/SC reader: hot-plug, pulled cards, two readers, and a service that stops."""

from __future__ import annotations

import threading

import pytest

from devices.emrtd.emulator.behaviour import ROWS, Behaviour
from devices.emrtd.emulator.chip import Chip
from devices.emrtd.faults import AccessDenied
from devices.emrtd.files import File
from devices.emrtd.keys import AccessKey
from devices.emrtd.progress import FileRead, Progress
from devices.emrtd.reading import Reading, World, read_document
from devices.smartcard import pcsc
from devices.smartcard.faults import CardFault, CardInUse, CardRemoved, NoCard, ReaderGone, ServiceAway
from devices.smartcard.replay import RecordingLink, ReplayLink
from tests.devices.chips import CAM, GM, WRONG_KEY, chip_of, document, key_of, repeatable
from tests.devices.virtual_reader import FIRST, SECOND, VirtualReaders, has_card, until


def read_from(reader: str, key: AccessKey, world: World | None = None) -> Reading:
    with pcsc.connect(reader) as link:
        return read_document(link, key, world=world or World())


def test_readers_are_listed_with_what_lies_on_them(virtual_readers: VirtualReaders) -> None:
    assert [(reader.name, reader.has_card) for reader in pcsc.list_readers()] == [(FIRST, False), (SECOND, False)]
    with virtual_readers.card(chip_of(document())):
        assert [(reader.name, reader.has_card) for reader in pcsc.list_readers()] == [(FIRST, True), (SECOND, False)]


@pytest.mark.parametrize("pace", [(), (GM,), (CAM,)], ids=["BAC", "GM", "CAM"])
def test_a_passport_is_read_through_a_real_reader(virtual_readers: VirtualReaders, pace: tuple[object, ...]) -> None:
    issued = document(*pace)  # type: ignore[arg-type]
    chip = chip_of(issued)
    with virtual_readers.card(chip), pcsc.connect(FIRST) as link:
        assert link.atr == chip.atr
        assert link.name == FIRST
        reading = read_document(link, key_of(issued))
    assert reading.files[File.DG2] == issued.files[File.DG2]


def test_extended_length_goes_through_a_real_reader(virtual_readers: VirtualReaders) -> None:
    issued = document(GM, photograph_bytes=16_000, extended=True)
    with virtual_readers.card(chip_of(issued, Behaviour(extended_bytes_max=4_096))):
        reading = read_from(FIRST, key_of(issued))
    assert reading.files[File.DG2] == issued.files[File.DG2]
    assert reading.piece_bytes > 3_000


def test_a_chip_that_breaks_its_channel_is_reset_and_opened_again(virtual_readers: VirtualReaders) -> None:
    issued = document(GM)
    with virtual_readers.card(chip_of(issued, Behaviour(channel_breaks_at_read=6))):
        assert read_from(FIRST, key_of(issued)).files[File.DG2] == issued.files[File.DG2]


@pytest.mark.parametrize("row", ["6-too-large-6700", "7-end-6cxx", "7-parts-61xx"])
def test_sizes_are_found_out_over_a_real_reader(virtual_readers: VirtualReaders, row: str) -> None:
    issued = document(GM)
    with virtual_readers.card(chip_of(issued, ROWS[row])):
        assert read_from(FIRST, key_of(issued)).files[File.DG2] == issued.files[File.DG2]


def test_a_card_pulled_in_mid_reading_is_told_and_read_when_it_lies_there_again(
    virtual_readers: VirtualReaders,
) -> None:
    chip = chip_of(document(), Behaviour(pulled_at_byte=2_500))
    told: list[Progress | FileRead] = []
    with virtual_readers.card(chip), pytest.raises(CardRemoved):
        read_from(FIRST, key_of(document()), World(report=told.append))
    assert any(isinstance(one, FileRead) and one.file is File.DG1 for one in told)
    chip.put_back()
    with virtual_readers.card(chip):
        assert read_from(FIRST, key_of(document())).files[File.DG2] == document().files[File.DG2]


def test_an_empty_reader_and_one_that_is_not_there(virtual_readers: VirtualReaders) -> None:
    assert virtual_readers.process is not None
    with pytest.raises(NoCard), pcsc.connect(FIRST):
        pass
    with pytest.raises(ReaderGone), pcsc.connect("No such reader 00 00"):
        pass


def test_two_readers_are_read_one_after_the_other_and_at_once(virtual_readers: VirtualReaders) -> None:
    one, other = chip_of(document()), chip_of(document(GM))
    with virtual_readers.card(one), virtual_readers.card(other, SECOND):
        assert [reader.has_card for reader in pcsc.list_readers()] == [True, True]
        found: dict[str, Reading] = {}

        def read_second() -> None:
            found[SECOND] = read_from(SECOND, key_of(document(GM)))

        thread = threading.Thread(target=read_second)
        thread.start()
        found[FIRST] = read_from(FIRST, key_of(document()))
        thread.join(20)
    assert (found[FIRST].is_by_pace, found[SECOND].is_by_pace) == (False, True)


def test_a_card_that_another_program_has_is_told(virtual_readers: VirtualReaders) -> None:
    with virtual_readers.card(chip_of(document())), pcsc.connect(FIRST):
        with pytest.raises(CardInUse), pcsc.connect(FIRST):
            pass
        assert [reader.is_in_use for reader in pcsc.list_readers()] == [True, False]


def test_a_wrong_mrz_three_times_and_then_the_right_one(virtual_readers: VirtualReaders) -> None:
    with virtual_readers.card(chip_of(document(GM))):
        for _ in range(3):
            with pytest.raises(AccessDenied):
                read_from(FIRST, WRONG_KEY)
        assert read_from(FIRST, key_of(document(GM))).is_by_pace


def test_cards_that_come_and_go_are_seen(virtual_readers: VirtualReaders) -> None:
    watch = pcsc.watch_readers(interval_ms=50)
    assert [reader.has_card for reader in next(watch)] == [False, False]
    with virtual_readers.card(chip_of(document())):
        until(lambda: next(watch)[0].has_card)
    until(lambda: not next(watch)[0].has_card)
    watch.close()  # type: ignore[attr-defined]


def test_a_service_stopped_in_mid_reading_and_started_again(virtual_readers: VirtualReaders) -> None:
    chip = chip_of(document())
    watch = pcsc.watch_readers(interval_ms=50)
    next(watch)

    def stop(told: Progress | FileRead) -> None:
        if isinstance(told, FileRead) and told.file is File.DG1 and virtual_readers.process is not None:
            virtual_readers.stop()

    with virtual_readers.card(chip), pytest.raises(ServiceAway):
        read_from(FIRST, key_of(document()), World(report=stop))
    with pytest.raises(ServiceAway):
        pcsc.list_readers()
    with pytest.raises(ServiceAway):
        until(lambda: not next(watch))
    with pytest.raises(ServiceAway), pcsc.connect(FIRST):
        pass
    virtual_readers.start()
    assert not has_card(FIRST)
    with virtual_readers.card(chip_of(document())):
        assert read_from(FIRST, key_of(document())).files[File.DG2] == document().files[File.DG2]


def test_a_session_recorded_on_a_real_reader_is_played_back_without_one(virtual_readers: VirtualReaders) -> None:
    issued = document(CAM)
    with virtual_readers.card(chip_of(issued, Behaviour(channel_breaks_at_read=4))), pcsc.connect(FIRST) as link:
        recorder = RecordingLink(link)
        source = repeatable(b"reader")
        first = read_document(recorder, key_of(issued), world=World(random=recorder.random(source)))
    replay = ReplayLink(recorder.recording())
    again = read_document(replay, key_of(issued), world=World(random=replay.random))
    assert replay.is_over
    assert (again.files, again.active_transcript, again.commands) == (
        first.files,
        first.active_transcript,
        first.commands,
    )


@pytest.mark.parametrize(
    ("state", "result", "fault"),
    [
        ("SCARD_STATE_UNKNOWN", "SCARD_E_READER_UNAVAILABLE", ReaderGone),
        ("SCARD_STATE_UNAVAILABLE", "SCARD_E_NOT_TRANSACTED", ReaderGone),
        ("SCARD_STATE_EMPTY", "SCARD_E_NOT_TRANSACTED", CardRemoved),
        ("SCARD_STATE_EMPTY", "SCARD_E_COMM_DATA_LOST", CardRemoved),
        ("SCARD_STATE_PRESENT", "SCARD_E_NOT_TRANSACTED", CardFault),
        ("SCARD_STATE_PRESENT", "SCARD_W_RESET_CARD", CardRemoved),
    ],
)
def test_what_the_service_says_of_a_lost_card_or_reader_becomes_one_fault(
    state: str,
    result: str,
    fault: type[CardFault],
    virtual_readers: VirtualReaders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reader can't be unplugged here: the service's answers are put in place of its own."""
    with virtual_readers.card(chip_of(document())), pcsc.connect(FIRST) as link, monkeypatch.context() as patched:
        patched.setattr(pcsc.scard, "SCardTransmit", lambda *_: (getattr(pcsc.scard, result), []))
        states = [(FIRST, getattr(pcsc.scard, state), [])]
        patched.setattr(pcsc.scard, "SCardGetStatusChange", lambda *_: (pcsc.scard.SCARD_S_SUCCESS, states))
        with pytest.raises(fault):
            link.exchange(b"\x00\xa4\x04\x0c")


def test_what_a_readers_driver_says_about_lengths_is_understood(
    virtual_readers: VirtualReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def control(_card: int, code: int, _data: list[int]) -> tuple[int, list[int]]:
        if code == pcsc._GET_FEATURES:
            return 0, [0x06, 4, 1, 2, 3, 4, 0x12, 4, 0, 0, 0, 9]
        assert code == 9
        return 0, [0x0A, 4, 0x00, 0x10, 0, 0]

    monkeypatch.setattr(pcsc.scard, "SCardControl", control)
    with virtual_readers.card(chip_of(document())), pcsc.connect(FIRST) as link:
        assert link.data_bytes_max == 4_096


def test_a_removed_chip_object_stays_removed() -> None:
    chip: Chip = chip_of(document(), Behaviour(pulled_at_byte=0))
    with pytest.raises(CardRemoved):
        chip.exchange(b"\x00\xa4\x04\x0c")
    with pytest.raises(CardRemoved):
        chip.reset()
