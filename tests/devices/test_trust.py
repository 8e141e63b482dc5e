from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.emrtd import der
from devices.emrtd.certificates import is_signed_by, read_certificate
from devices.emrtd.countries import two_letters
from devices.emrtd.emulator.authorities import (
    Authority,
    Scheme,
    Style,
    Validity,
    make_authority,
    make_crl,
    make_link,
    make_master_list,
    make_signer,
    sign_data,
)
from devices.emrtd.tlv import ContentInvalid, encode
from devices.emrtd.trust import EMPTY, TrustStore, is_root, path_to_root, read_trust, write_trust
from devices.emrtd.trust_import import (
    BLOCKS_MAX,
    FILE_BYTES_MAX,
    Kind,
    NotTaken,
    Taken,
    TrustRefusal,
    contents_of,
    take,
)
from tests.devices.issued import NOW, authority, signer

# beside the checkout, or beside the folder of its work trees
BESIDE = [folder / "shared" / "data" / "master_lists" for folder in Path(__file__).resolve().parents[3:5]]
STATES_LISTS = sorted((path for folder in BESIDE for path in folder.glob("*.ml")), reverse=True)
needs_lists = pytest.mark.skipif(not STATES_LISTS, reason="the master lists of States are not beside the checkout")


@cache
def germany() -> Authority:
    return make_authority("DE", Scheme.ECDSA)


@cache
def list_signer() -> Authority:
    return make_signer(germany(), serial=9, signs_lists=True)


def german_list(*certificates: bytes, style: Style | None = None) -> bytes:
    return make_master_list(
        list_signer(),
        germany(),
        [germany().certificate, authority().certificate, *certificates],
        style or Style(signing_time=NOW),
    )


def taken(store: TrustStore, untrusted: bytes, **options: str) -> tuple[TrustStore, Taken]:
    answer = take(store, untrusted, NOW, **options)  # type: ignore[arg-type]
    assert not isinstance(answer, NotTaken), answer
    return answer


def refused(store: TrustStore, untrusted: bytes, **options: str) -> TrustRefusal:
    answer = take(store, untrusted, NOW, **options)  # type: ignore[arg-type]
    assert isinstance(answer, NotTaken)
    return answer.refusal


def test_the_first_master_list_is_taken_and_names_the_authority_to_compare() -> None:
    store, what = taken(EMPTY, german_list())
    fingerprint = read_certificate(germany().certificate).fingerprint
    assert what == Taken(Kind.MASTER_LIST, "DE", fingerprint, is_anchored=False, certificates=2, new=2)
    assert store.countries == ("DE", "UZ")
    assert [one.raw for one in store.authorities_of("UZ")] == [authority().certificate]
    assert (store.lists[0].country, store.lists[0].signed_at) == ("DE", NOW)


def test_a_second_list_is_proven_by_an_authority_of_the_first_and_merged() -> None:
    store, _ = taken(EMPTY, german_list())
    other = make_authority("UZ", serial=5)
    store, what = taken(store, german_list(other.certificate))
    assert (what.is_anchored, what.certificates, what.new) == (True, 3, 1)
    assert len(store.authorities_of("UZ")) == 2
    assert len(store.lists) == 2


def test_a_second_list_of_an_unknown_authority_is_refused_until_its_fingerprint_is_named() -> None:
    store, _ = taken(EMPTY, german_list())
    france = make_authority("FR", Scheme.ECDSA)
    theirs = make_master_list(make_signer(france, signs_lists=True), france, [france.certificate])
    answer = take(store, theirs, NOW)
    assert answer == NotTaken(TrustRefusal.AUTHORITY_UNKNOWN, read_certificate(france.certificate).fingerprint)
    _, what = taken(store, theirs, authority=answer.authority.upper())
    assert (what.country, what.is_anchored) == ("FR", False)
    assert refused(EMPTY, theirs, authority="00" * 32) is TrustRefusal.AUTHORITY_UNKNOWN


def test_a_master_list_with_a_bad_signature_is_refused_wherever_it_was_altered() -> None:
    whole = german_list()
    at = whole.index(authority().certificate) + len(authority().certificate) - 5
    altered = bytearray(whole)
    altered[at] ^= 1
    assert refused(EMPTY, bytes(altered)) is TrustRefusal.SIGNATURE_WRONG
    altered = bytearray(whole)
    altered[-1] ^= 1
    assert refused(EMPTY, bytes(altered)) in {TrustRefusal.SIGNATURE_WRONG, TrustRefusal.ALGORITHM_UNKNOWN}


def test_a_master_list_by_somebody_who_may_not_sign_lists_is_refused() -> None:
    by_document_signer = make_master_list(make_signer(germany()), germany(), [germany().certificate])
    assert refused(EMPTY, by_document_signer) is TrustRefusal.SIGNER_NOT_FOR_LISTS


def test_a_master_list_whose_signer_no_authority_certified_is_refused() -> None:
    impostor = make_authority("DE", Scheme.ECDSA)
    own = make_signer(impostor, signs_lists=True)
    assert (
        refused(EMPTY, make_master_list(own, germany(), [germany().certificate])) is TrustRefusal.SIGNER_NOT_CERTIFIED
    )
    store, _ = taken(EMPTY, german_list())
    assert refused(store, make_master_list(own, impostor, [impostor.certificate])) is TrustRefusal.AUTHORITY_UNKNOWN


def test_a_master_list_signed_out_of_its_signers_dates_is_refused() -> None:
    brief = Validity(NOW - timedelta(days=9), NOW - timedelta(days=5))
    own = make_signer(germany(), signs_lists=True, validity=brief)
    late = make_master_list(own, germany(), [germany().certificate])
    assert refused(EMPTY, late) is TrustRefusal.SIGNER_EXPIRED
    in_time = make_master_list(own, germany(), [germany().certificate], Style(signing_time=NOW - timedelta(days=7)))
    assert taken(EMPTY, in_time)[1].certificates == 1


def test_a_master_list_without_its_signers_certificate_is_refused() -> None:
    content = der.write_sequence(der.write_integer(0), der.write_set(germany().certificate))
    nameless = Authority(
        "DE", list_signer().name, Scheme.ECDSA, list_signer().key, germany().certificate, list_signer().serial + 5
    )
    assert refused(EMPTY, sign_data("2.23.136.1.1.2", content, nameless)) is TrustRefusal.SIGNER_ABSENT


def test_signed_data_of_another_kind_is_no_master_list() -> None:
    other = sign_data("2.23.136.1.1.1", b"\x30\x00", list_signer())
    assert refused(EMPTY, other) is TrustRefusal.SIGNATURE_WRONG


def test_a_root_given_by_itself_is_taken_and_a_link_only_under_a_known_authority() -> None:
    new = make_authority("UZ", serial=7)
    link = make_link(authority(), new)
    assert refused(EMPTY, link) is TrustRefusal.AUTHORITY_UNKNOWN
    store, what = taken(EMPTY, authority().certificate)
    assert (what.kind, what.is_anchored, what.new) == (Kind.AUTHORITY, False, 1)
    store, what = taken(store, link)
    assert (what.kind, what.is_anchored) == (Kind.LINK, True)
    path = path_to_root(store, read_certificate(make_signer(new).certificate), NOW)
    assert [one.raw for one in path] == [link, authority().certificate]
    assert taken(store, link)[1].new == 0


def test_an_authority_cannot_link_to_another_countrys() -> None:
    store, _ = taken(EMPTY, authority().certificate)
    link = make_link(authority(), germany())
    assert read_certificate(link).subject.country == "DE"
    assert refused(store, link) is TrustRefusal.AUTHORITY_UNKNOWN


def test_a_root_that_was_altered_or_a_document_signer_is_refused() -> None:
    altered = authority().certificate.replace(b"CSCA TRAINING", b"CSCA TRAININK")
    assert refused(EMPTY, altered) is TrustRefusal.SIGNATURE_WRONG
    assert refused(EMPTY, signer().certificate) is TrustRefusal.NOT_AN_AUTHORITY


def as_text(content: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\r\n" + base64.encodebytes(content) + b"-----END CERTIFICATE-----\n"


def test_a_file_as_text_holds_all_of_its_blocks() -> None:
    both = [authority().certificate, germany().certificate]
    assert contents_of(b"issued by nobody\n" + as_text(both[0]) + as_text(both[1])) == tuple(both)
    assert contents_of(both[0]) == (both[0],)
    (broken,) = contents_of(b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n")
    assert refused(EMPTY, broken) is TrustRefusal.UNREADABLE
    assert len(contents_of(as_text(b"x") * (BLOCKS_MAX + 5))) == BLOCKS_MAX


def test_a_list_of_revoked_ones_is_taken_under_its_authority_and_never_replaced_by_an_older_one() -> None:
    store, _ = taken(EMPTY, authority().certificate)
    newer = make_crl(authority(), [2], this_update=NOW)
    older = make_crl(authority(), [], this_update=NOW - timedelta(days=1))
    assert refused(EMPTY, newer) is TrustRefusal.AUTHORITY_UNKNOWN
    store, what = taken(store, older)
    store, what = taken(store, newer)
    assert (what.kind, what.certificates, what.new) == (Kind.REVOCATION_LIST, 1, 1)
    assert [one.revoked for one in store.crls_of("UZ")] == [frozenset({2})]
    assert refused(store, older) is TrustRefusal.REVOCATION_LIST_OLDER
    assert taken(store, newer)[1].new == 0


def test_an_altered_list_of_revoked_ones_is_refused() -> None:
    store, _ = taken(EMPTY, authority().certificate)
    crl = make_crl(authority(), [0x1234567], this_update=NOW)
    altered = crl.replace(bytes.fromhex("01234567"), bytes.fromhex("01234568"))
    assert altered != crl
    assert refused(store, altered) is TrustRefusal.SIGNATURE_WRONG


def test_a_list_says_how_far_it_has_been_looked_at() -> None:
    told: list[tuple[int, int]] = []
    take(EMPTY, german_list(), NOW, report=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    "untrusted", [b"", b"hello", b"\x30\x00", encode(0x30, b"\x06\x01\x2a", b"\xa0\x00"), b"<html>"]
)
def test_what_is_none_of_them_is_refused(untrusted: bytes) -> None:
    assert refused(EMPTY, untrusted) is TrustRefusal.UNREADABLE


def test_a_file_over_the_limit_is_refused_before_it_is_looked_at() -> None:
    assert refused(EMPTY, bytes(FILE_BYTES_MAX + 1)) is TrustRefusal.TOO_LARGE


@cache
def genuine() -> dict[str, bytes]:
    return {
        "list": german_list(),
        "root": make_authority("UZ", serial=8).certificate,
        "revoked": make_crl(authority(), [2]),
    }


def all_signed(store: TrustStore) -> set[bytes]:
    return {one.signed.to_be_signed for country in store.countries for one in store.authorities_of(country)}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_changed_byte_brings_in_what_nobody_signed(data: st.DataObject) -> None:
    whole = genuine()[data.draw(st.sampled_from(sorted(genuine())))]
    at = data.draw(st.integers(0, len(whole) - 1))
    altered = bytearray(whole)
    altered[at] ^= data.draw(st.integers(1, 255))
    store = EMPTY.with_certificates(map(read_certificate, (germany().certificate, authority().certificate)))
    answer = take(store, bytes(altered), NOW)
    if not isinstance(answer, NotTaken):
        root = read_certificate(genuine()["root"]).signed.to_be_signed
        assert all_signed(answer[0]) <= all_signed(store) | {root}
        assert all(one.revoked == {2} for one in answer[0].crls_of("UZ"))


def test_a_store_comes_back_as_it_was_written() -> None:
    store, _ = taken(EMPTY, german_list())
    store, _ = taken(store, make_crl(authority(), [2], this_update=NOW))
    assert read_trust(write_trust(store)) == store
    assert read_trust(write_trust(EMPTY)) == EMPTY
    assert (store.count, EMPTY.count) == (2, 0)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_store_or_refused(content: bytes) -> None:
    for one in (content, encode(0x30, content), write_trust(EMPTY)[:-2] + content):
        try:
            read_trust(one)
        except ContentInvalid:
            continue


def test_a_store_of_another_version_is_refused() -> None:
    with pytest.raises(ContentInvalid):
        read_trust(write_trust(EMPTY).replace(b"\x02\x01\x01", b"\x02\x01\x02"))


@pytest.mark.parametrize(
    ("code", "two"),
    [
        ("UZB", "UZ"),
        ("D", "DE"),
        ("deu", "DE"),
        ("GBR", "GB"),
        ("RKS", "KS"),
        ("UTO", "UT"),
        ("uz", "UZ"),
        ("XXX", None),
    ],
)
def test_issuers_have_two_letters_in_certificates(code: str, two: str | None) -> None:
    assert two_letters(code) == two


@needs_lists
def test_the_master_lists_of_states_are_taken_in_either_order_and_give_the_same_store() -> None:
    contents = [path.read_bytes() for path in STATES_LISTS]
    both = []
    for order in (contents, contents[::-1]):
        store = EMPTY
        for number, content in enumerate(order):
            store, what = take(store, content, datetime(2026, 11, 26, tzinfo=UTC))  # type: ignore[misc]
            assert what.is_anchored is (number > 0)
            assert what.unusable == 0
        both.append(store)
    assert both[0].certificates == both[1].certificates
    assert both[0].count == 627


@needs_lists
def test_every_authority_of_uzbekistan_is_a_root_or_a_link_to_one() -> None:
    store = EMPTY
    for path in STATES_LISTS:
        store, _ = take(store, path.read_bytes(), datetime(2026, 11, 26, tzinfo=UTC))  # type: ignore[misc]
    found = store.authorities_of("UZ")
    assert len(found) == 7
    links = [one for one in found if not is_root(one)]
    assert len(links) == 2
    for link in links:
        (root,) = path_to_root(store, link, NOW)
        assert is_signed_by(link, root)
        assert is_root(root)
