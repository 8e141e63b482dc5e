from __future__ import annotations

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.failures import InputInvalid
from station_app.papers.release_text import (
    PARCEL_BYTES_MAX,
    PART_CHARACTERS_MAX,
    PARTS_MAX,
    PartsSeen,
    is_release_text,
    look_at_parts,
    read_release_text,
    write_release_text,
)

parcels = st.binary(min_size=1, max_size=PARCEL_BYTES_MAX)
small_parcels = st.binary(min_size=1, max_size=40)
ALPHABET = string.ascii_uppercase + string.digits
US = "QWERTYUIOPASDFGHJKLZXCVBNM"
RUSSIAN = "ЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ"
UZBEK = "ЙЦУКЕНГШЎЗФҚВАПРОЛДЯЧСМИТЬ"
PARCEL = bytes(range(256)) * 5


@given(parcels)
def test_what_is_written_reads_again(parcel: bytes) -> None:
    parts = write_release_text(parcel)
    assert 1 <= len(parts) <= PARTS_MAX
    assert all(len(part) <= PART_CHARACTERS_MAX and set(part) <= set(ALPHABET) for part in parts)
    assert read_release_text("\n".join(parts)) == parcel
    assert read_release_text("".join(reversed(parts))) == parcel


@given(small_parcels, st.data())
def test_any_changed_character_is_noticed(parcel: bytes, data: st.DataObject) -> None:
    (text,) = write_release_text(parcel)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([letter for letter in ALPHABET if letter != text[place]]))
    with pytest.raises(InputInvalid):
        read_release_text(text[:place] + other + text[place + 1 :])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 30])
def test_every_single_changed_character_of_a_whole_text_is_noticed(size: int) -> None:
    (text,) = write_release_text(PARCEL[:size])
    for place in range(len(text)):
        for other in ALPHABET:
            if other != text[place]:
                with pytest.raises(InputInvalid):
                    read_release_text(text[:place] + other + text[place + 1 :])


@given(small_parcels, st.data())
def test_a_character_of_any_script_changes_nothing_or_is_noticed(parcel: bytes, data: st.DataObject) -> None:
    (text,) = write_release_text(parcel)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters()) + text[place + 1 :]
    with contextlib.suppress(InputInvalid):
        assert read_release_text(changed) == parcel


@given(small_parcels, st.data())
def test_lost_and_swapped_characters_are_noticed(parcel: bytes, data: st.DataObject) -> None:
    (text,) = write_release_text(parcel)
    place = data.draw(st.integers(0, len(text) - 2))
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    for wrong in (text[:place] + text[place + 1 :], swapped):
        if wrong != text:
            with pytest.raises(InputInvalid):
                read_release_text(wrong)


@given(small_parcels, st.data())
def test_a_doubled_character_is_noticed(parcel: bytes, data: st.DataObject) -> None:
    (text,) = write_release_text(parcel)
    place = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(InputInvalid):
        read_release_text(text[:place] + text[place] + text[place:])


@given(st.text(max_size=300))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid):
        read_release_text(text)
    assert look_at_parts(text).is_whole is False


@given(st.text(ALPHABET, max_size=80))
def test_any_other_text_that_begins_like_a_release_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid):
        read_release_text("UCH1" + text)


@pytest.mark.parametrize(("keys", "layout"), [(RUSSIAN, "ru"), (UZBEK, "uz")])
@pytest.mark.parametrize("in_lower_case", [False, True])
@given(parcel=small_parcels)
def test_a_scan_through_another_keyboard_layout_reads_the_same(
    keys: str, layout: str, in_lower_case: bool, parcel: bytes
) -> None:
    (text,) = write_release_text(parcel)
    typed = text.translate(str.maketrans(US, keys))
    typed = typed.lower() if in_lower_case else typed
    assert read_release_text(typed) == parcel, layout
    assert is_release_text(typed)


def test_what_scanners_add_around_a_code_means_nothing() -> None:
    parts = write_release_text(PARCEL)
    assert len(parts) == 3
    assert read_release_text("\ufeff\x02" + "\x03\r\n\x02".join(parts) + "\x1d\r\n") == PARCEL
    assert read_release_text("  ".join("-".join(part[i : i + 5] for i in range(0, len(part), 5)) for part in parts))


def test_a_missing_part_is_named() -> None:
    first, _, third = write_release_text(PARCEL)
    with pytest.raises(InputInvalid, match=r"^part 2 of 3 is missing$"):
        read_release_text(f"{third}\n{first}")
    assert look_at_parts(third).missing == (1, 2)


def test_a_changed_part_is_named_and_a_good_copy_beside_it_counts() -> None:
    first, second, third = write_release_text(PARCEL)
    wrong = second[:100] + ("A" if second[100] != "A" else "B") + second[101:]
    with pytest.raises(InputInvalid, match=r"^part 2 of 3 is changed$"):
        read_release_text(f"{first}\n{wrong}\n{third}")
    assert look_at_parts(f"{first}{wrong}") == PartsSeen(3, frozenset({1}), frozenset({2}), mixed=False)
    assert read_release_text(f"{first}\n{wrong}\n{third}\n{second}") == PARCEL


def test_a_part_whose_beginning_is_lost_is_told_of() -> None:
    first, second, third = write_release_text(PARCEL)
    with pytest.raises(InputInvalid, match="part 1 of 3 is missing; a part is changed"):
        read_release_text(first[3:] + second + third)


def test_parts_of_two_releases_make_none() -> None:
    ours, theirs = write_release_text(PARCEL), write_release_text(PARCEL[::-1])
    with pytest.raises(InputInvalid, match="different releases"):
        read_release_text("\n".join([ours[0], theirs[1], ours[2]]))
    assert look_at_parts(ours[0] + theirs[1]).mixed


def test_the_same_bytes_give_the_same_text() -> None:
    assert write_release_text(b"release") == ("UCH111UTKFD3BDOJSWYZLBONSQASFDRIY",)


@pytest.mark.parametrize("text", ["", "Karimov 1979", "31210632040244", "IUUZBAA12345671", "UCH", "UCH2"])
def test_what_else_is_typed_at_a_table_is_no_release(text: str) -> None:
    assert not is_release_text(text)


@pytest.mark.parametrize("size", [0, PARCEL_BYTES_MAX + 1])
def test_a_parcel_beyond_its_size_is_not_written(size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} bytes"):
        write_release_text(bytes(size))
