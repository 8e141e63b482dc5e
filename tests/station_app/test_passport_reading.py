"""What readings tell the screens: over a real reader, over the training reader, and in which words of proof."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from devices.emrtd.certificates import read_certificate
from devices.emrtd.emulator.authorities import Scheme, make_authority, make_signer
from devices.emrtd.emulator.behaviour import Behaviour
from devices.emrtd.emulator.chip import Chip
from devices.emrtd.emulator.issuing import NO_KEYS, Features, IssuedDocument, issue
from devices.emrtd.files import File
from devices.emrtd.mrz import parse
from devices.emrtd.trust import EMPTY, TrustStore
from pollbook.documents import Remark
from pollbook.failures import Failure, WorldFailed
from pollbook.voters import Voter
from station_app.document_sources import decode
from station_app.passport_reading import PcscPassports
from station_app.passports import (
    CanKey,
    DataRead,
    Holds,
    PassportRead,
    Phase,
    PhotoRead,
    Progress,
    Proof,
    ProofShown,
    Readers,
    TrainingKind,
    TypedKey,
    Why,
    ZoneKey,
)
from station_app.training_passports import READER, TrainingPassports
from tests.devices.chips import CAN, GM, chip_of, rsa_key
from tests.devices.issued import HOLDER, NOW, authority, keys, signer
from tests.devices.virtual_reader import FIRST, SECOND, VirtualReaders, until
from tests.station_app.ui.demo_desk import make_voters
from tests.station_app.ui.fake_passports import FakePassports

VOTER = make_voters(3)[1]


def passport(*, pace: bool = True) -> IssuedDocument:
    return issue(HOLDER, signer(), replace(keys(), chip_mapping=None), Features(pace=(GM,) if pace else ()))


def trusting() -> TrustStore:
    return EMPTY.with_certificates([read_certificate(authority().certificate)])


def passports(trust: TrustStore | None = None, *, is_training: bool = True) -> PcscPassports:
    store = trusting() if trust is None else trust
    return PcscPassports(lambda: store, decode, lambda: NOW, UTC, is_training=is_training)


def proof(result: PassportRead, wanted: Proof) -> tuple[Holds, Why | None]:
    return next((each.holds, each.why) for each in result.proofs if each.proof is wanted)


def read(card: Chip, readers: VirtualReaders, document: IssuedDocument, **changes: object) -> PassportRead:
    """Read over the virtual reader; `told` in `changes` gathers what was told."""
    told = changes.get("told")
    tell: Callable[[object], object] = told.append if isinstance(told, list) else lambda _: None
    trust = changes.get("trust")
    with readers.card(card):
        source = passports(trust if isinstance(trust, TrustStore) else None)
        return source.read(FIRST, ZoneKey(parse(document.mrz)), tell, threading.Event())


# Over a real reader


def test_the_data_come_before_the_photograph_and_phases_never_go_back(virtual_readers: VirtualReaders) -> None:
    document = passport()
    told: list[object] = []
    result = read(chip_of(document), virtual_readers, document, told=told)
    kinds = [type(each) for each in told if not isinstance(each, Progress)]
    assert kinds[0] is DataRead
    assert kinds[-1] is PhotoRead
    phases = [each.phase for each in told if isinstance(each, Progress)]
    assert list(dict.fromkeys(phases)) == list(Phase)
    first_data = next(place for place, each in enumerate(told) if isinstance(each, DataRead))
    assert all(each.phase is not Phase.PHOTO for each in told[:first_data] if isinstance(each, Progress))
    shares = [each.share for each in told if isinstance(each, Progress) and each.phase is Phase.PHOTO]
    assert shares == sorted(shares)
    assert (result.says.pinfl, result.says.number) == (HOLDER.personal_number, HOLDER.document_number)
    assert result.says.birth_dates[0] == f"{HOLDER.birth_date:%Y%m%d}"
    assert result.photo is not None
    assert {each.holds for each in result.proofs if each.proof is not Proof.NOT_REVOKED} == {Holds.HOLDS}
    assert proof(result, Proof.NOT_REVOKED) == (Holds.NOT_CHECKED, Why.NO_REVOCATION_LIST)
    assert proof(result, Proof.CONNECTION) == (Holds.HOLDS, Why.PACE)


def test_an_older_chip_and_an_unknown_state_are_no_failures(virtual_readers: VirtualReaders) -> None:
    document = issue(HOLDER, signer(), NO_KEYS, Features())
    result = read(chip_of(document), virtual_readers, document, trust=EMPTY)
    assert result.failing == ()
    assert proof(result, Proof.ISSUER) == (Holds.NOT_CHECKED, Why.NO_ISSUER)
    assert proof(result, Proof.CHIP) == (Holds.NOT_OFFERED, Why.OLD_DOCUMENT)
    assert proof(result, Proof.CONNECTION) == (Holds.HOLDS, Why.BAC)


def test_a_copied_chip_fails_in_its_own_proof_alone(virtual_readers: VirtualReaders) -> None:
    document = passport()
    honest = chip_of(document)
    copy = Chip(replace(honest.personalisation, signing_key=rsa_key(2048), chip_keys=()))
    result = read(copy, virtual_readers, document)
    assert result.failing == (Proof.CHIP,)
    assert result.doubts == (Remark.COPIED,)


def test_a_document_signed_by_nobody_s_authority_is_false(virtual_readers: VirtualReaders) -> None:
    forged = issue(HOLDER, make_signer(make_authority("UZ"), Scheme.ECDSA), NO_KEYS, Features())
    result = read(chip_of(forged), virtual_readers, forged)
    assert result.failing == (Proof.ISSUER,)


def test_an_altered_file_fails_and_a_missing_signature_is_not_offered(virtual_readers: VirtualReaders) -> None:
    document = passport()
    photograph = bytearray(document.files[File.DG2])
    photograph[-40] ^= 1
    honest = chip_of(document).personalisation
    altered = Chip(replace(honest, files={**honest.files, File.DG2: bytes(photograph)}))
    assert read(altered, virtual_readers, document).failing == (Proof.SIGNED,)
    unsigned = Chip(replace(honest, files={file: raw for file, raw in honest.files.items() if file is not File.SOD}))
    result = read(unsigned, virtual_readers, document)
    assert proof(result, Proof.SIGNED)[0] is Holds.NOT_OFFERED
    assert proof(result, Proof.ISSUER) == (Holds.NOT_CHECKED, Why.NOT_SIGNED)


def test_a_downgrade_is_read_and_shown(virtual_readers: VirtualReaders) -> None:
    document = passport()
    result = read(chip_of(document, Behaviour(pace_fails=True)), virtual_readers, document)
    assert proof(result, Proof.CONNECTION) == (Holds.WEAKER, Why.DOWNGRADE)
    assert result.failing == ()


@pytest.mark.parametrize(
    ("key", "failure"),
    [
        (TypedKey("ZZ7654321", "870325", "330501"), Failure.DOCUMENT_KEY_WRONG),
        (CanKey("111111"), Failure.DOCUMENT_KEY_WRONG),
        (TypedKey("", "870325", "330501"), Failure.DOCUMENT_KEY_INVALID),
    ],
)
def test_a_key_that_is_wrong_has_its_failure(
    virtual_readers: VirtualReaders, key: TypedKey | CanKey, failure: Failure
) -> None:
    with virtual_readers.card(chip_of(passport())), pytest.raises(WorldFailed) as raised:
        passports().read(FIRST, key, lambda _: None, threading.Event())
    assert raised.value.failure is failure


def test_the_six_digits_of_a_card_and_typed_values_open_it(virtual_readers: VirtualReaders) -> None:
    document = passport()
    typed = TypedKey(HOLDER.document_number, f"{HOLDER.birth_date:%y%m%d}", f"{HOLDER.expiry_date:%y%m%d}")
    for key in (CanKey(CAN), typed):
        with virtual_readers.card(chip_of(document)):
            result = passports().read(FIRST, key, lambda _: None, threading.Event())
        assert result.says.pinfl == HOLDER.personal_number


def test_a_pulled_card_and_an_empty_reader_have_their_failures(virtual_readers: VirtualReaders) -> None:
    document = passport()
    with pytest.raises(WorldFailed) as raised:
        read(chip_of(document, Behaviour(pulled_at_byte=3_000)), virtual_readers, document)
    assert raised.value.failure is Failure.DOCUMENT_REMOVED
    with pytest.raises(WorldFailed) as raised:
        passports().read(SECOND, ZoneKey(parse(document.mrz)), lambda _: None, threading.Event())
    assert raised.value.failure is Failure.DOCUMENT_NOT_THERE


def test_readers_and_cards_are_told_as_they_come_and_go(virtual_readers: VirtualReaders) -> None:
    told: list[object] = []
    stop = threading.Event()
    thread = threading.Thread(target=passports().watch, args=(told.append, stop))
    thread.start()
    both = (FIRST, SECOND)
    until(lambda: bool(told) and told[-1] == Readers(both))
    with virtual_readers.card(chip_of(passport())):
        until(lambda: told[-1] == Readers(both, (FIRST,)))
    until(lambda: told[-1] == Readers(both))
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert len(told) == 3  # a change is told once


def test_a_service_that_is_stopped_is_told_and_waited_for(virtual_readers: VirtualReaders) -> None:
    told: list[object] = []
    stop = threading.Event()
    thread = threading.Thread(target=passports().watch, args=(told.append, stop))
    thread.start()
    until(lambda: bool(told) and told[-1] == Readers((FIRST, SECOND)))
    virtual_readers.stop()
    until(lambda: told[-1] == Readers(failure=Failure.READER_SERVICE_AWAY))
    virtual_readers.start()
    until(lambda: told[-1] == Readers((FIRST, SECOND)))
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_two_documents_on_two_readers_are_read_each_from_its_own(virtual_readers: VirtualReaders) -> None:
    first = passport()
    other = issue(replace(HOLDER, document_number="ZZ7654321"), signer(), NO_KEYS, Features())
    with virtual_readers.card(chip_of(first), FIRST), virtual_readers.card(chip_of(other), SECOND):
        for reader, document in ((FIRST, first), (SECOND, other)):
            key = ZoneKey(parse(document.mrz))
            result = passports().read(reader, key, lambda _: None, threading.Event())
            assert result.says.number == parse(document.mrz).document_number


def test_a_real_election_takes_no_training_document_for_genuine(virtual_readers: VirtualReaders) -> None:
    document = passport()
    with virtual_readers.card(chip_of(document)):
        key = ZoneKey(parse(document.mrz))
        result = passports(is_training=False).read(FIRST, key, lambda _: None, threading.Event())
    assert proof(result, Proof.ISSUER) == (Holds.FAILS, Why.MADE_UP_STATE)
    assert result.doubts == (Remark.ISSUER_FALSE,)


# The training reader


def training() -> tuple[TrainingPassports, list[object]]:
    told: list[object] = []
    made = TrainingPassports(FakePassports(), decode, lambda: datetime(2026, 12, 20, 5, tzinfo=UTC), UTC)
    stop = threading.Event()
    stop.set()
    made.watch(told.append, stop)
    return made, told


def put_and_read(voter: Voter, kind: TrainingKind) -> PassportRead:
    made, told = training()
    zone = made.put(voter, kind)
    assert isinstance(told[-1], Readers)
    assert told[-1].with_card == (READER,)
    return made.read(READER, ZoneKey(zone), lambda _: None, threading.Event())


@pytest.mark.parametrize(
    ("kind", "failing"),
    [
        (TrainingKind.GENUINE, ()),
        (TrainingKind.CARD, ()),
        (TrainingKind.DIFFERING, ()),
        (TrainingKind.EXPIRED, ()),
        (TrainingKind.DOWNGRADE, ()),
        (TrainingKind.COPY, (Proof.CHIP,)),
        (TrainingKind.ALTERED, (Proof.SIGNED,)),
    ],
)
def test_each_training_document_is_what_its_name_says(kind: TrainingKind, failing: tuple[Proof, ...]) -> None:
    result = put_and_read(VOTER, kind)
    assert result.failing == failing
    assert (result.says.pinfl, result.says.number) == (VOTER.pinfl, VOTER.document)
    assert result.photo is not None
    is_weaker = ProofShown(Proof.CONNECTION, Holds.WEAKER, Why.DOWNGRADE) in result.proofs
    assert is_weaker == (kind is TrainingKind.DOWNGRADE)
    expired = result.says.expires_on is not None and result.says.expires_on.year == 2026
    assert expired == (kind is TrainingKind.EXPIRED)


def test_every_made_up_voter_has_a_document_that_can_be_read() -> None:
    for voter in make_voters(9):
        assert put_and_read(voter, TrainingKind.GENUINE).says.pinfl == voter.pinfl


def test_a_training_document_that_is_taken_away_ends_the_reading() -> None:
    made, told = training()
    zone = made.put(VOTER, TrainingKind.GENUINE)

    def tell(step: object) -> None:
        if isinstance(step, DataRead):
            made.take_away()

    with pytest.raises(WorldFailed) as raised:
        made.read(READER, ZoneKey(zone), tell, threading.Event())
    assert raised.value.failure is Failure.DOCUMENT_REMOVED
    assert isinstance(told[-1], Readers)
    assert told[-1].with_card == ()
    with pytest.raises(WorldFailed) as raised:
        made.read(READER, ZoneKey(zone), tell, threading.Event())
    assert raised.value.failure is Failure.DOCUMENT_NOT_THERE
