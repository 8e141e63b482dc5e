"""Nothing of what a mask covers is left in a picture that others see."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from station_app.live.masks import MASK_SCALE, MaskFields, between, contains, covered, moved, resized

SIZES = st.tuples(st.integers(8, 200), st.integers(8, 200))


@st.composite
def masks(draw: st.DrawFn) -> MaskFields:
    left, top = draw(st.integers(0, 980)), draw(st.integers(0, 980))
    return left, top, draw(st.integers(20, MASK_SCALE - left)), draw(st.integers(20, MASK_SCALE - top))


@given(SIZES, st.lists(masks(), max_size=4), st.integers(0, 2**32 - 1))
def test_two_pictures_that_differ_only_under_masks_look_the_same_to_others(
    size: tuple[int, int], drawn: list[MaskFields], seed: int
) -> None:
    height, width = size
    random = np.random.default_rng(seed)
    one = random.integers(0, 256, (height, width, 3), np.uint8)
    other = one.copy()
    for left, top, wide, high in drawn:
        # Every pixel that the mask touches at all.
        rows = slice(top * height // MASK_SCALE, -(-(top + high) * height // MASK_SCALE))
        columns = slice(left * width // MASK_SCALE, -(-(left + wide) * width // MASK_SCALE))
        other[rows, columns] = random.integers(0, 256, other[rows, columns].shape, np.uint8)
    assert np.array_equal(covered(one, tuple(drawn)), covered(other, tuple(drawn)))


def test_the_recording_s_own_picture_is_left_as_it_is() -> None:
    picture = np.full((100, 100, 3), 200, np.uint8)
    shown = covered(picture, ((0, 0, 500, 500),))
    assert (picture == 200).all()
    assert (shown[60:, 60:] == 200).all()
    assert (shown[:50, :50] != 200).all()


@given(masks(), st.integers(-2000, 2000), st.integers(-2000, 2000))
def test_a_mask_that_is_moved_or_resized_stays_in_the_picture(mask: MaskFields, right: int, down: int) -> None:
    for left, top, width, height in (moved(mask, right, down), resized(mask, right, down)):
        assert left >= 0
        assert top >= 0
        assert width >= 20
        assert height >= 20
        assert left + width <= MASK_SCALE
        assert top + height <= MASK_SCALE


@given(
    st.tuples(st.integers(-500, 1500), st.integers(-500, 1500)), st.tuples(st.integers(-9, 1500), st.integers(-9, 1500))
)
def test_a_mask_drawn_in_any_direction_is_in_the_picture_or_too_small(
    start: tuple[int, int], end: tuple[int, int]
) -> None:
    drawn = between(start, end)
    assert drawn == between(end, start)
    if drawn is not None:
        assert contains(drawn, drawn[0], drawn[1])
        assert drawn[0] + drawn[2] <= MASK_SCALE
    assert between((100, 100), (110, 500)) is None
