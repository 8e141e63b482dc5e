"""What Schemathesis puts into bodies of the project's own type: any bytes, and sealed ones with any content in them.

Named by SCHEMATHESIS_HOOKS. A body that nobody sealed is refused at its first byte; these go as far as a laptop's that
nobody knows yet can.
"""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

from pollbook import cbor, compression
from pollbook.enrolment_messages import ENROL_SCHEMA
from pollbook.signing import SigningKey, seal
from pollbook.wire import CONTENT_TYPE, WIRE_SCHEMA, Purpose

KEY = SigningKey.from_seed(bytes(range(32)))
_VALUES = st.recursive(
    st.integers(-(1 << 63), (1 << 64) - 1) | st.binary(max_size=64) | st.text(max_size=64) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)
_ENROLMENTS = st.one_of(
    st.lists(_VALUES, max_size=8),
    st.tuples(
        st.just(ENROL_SCHEMA) | _VALUES,
        st.text(max_size=70) | _VALUES,
        st.just(KEY.public) | _VALUES,
        st.binary(min_size=32, max_size=32) | _VALUES,
        st.text(max_size=70) | _VALUES,
    ).map(list),
)


def sealed(body: list[object]) -> bytes:
    """An enrolment with this content, signed by a key of its own."""
    return compression.compress(seal(Purpose.ENROL, cbor.encode(body), KEY))


BODIES = st.one_of(
    st.binary(max_size=4096),
    st.binary(max_size=256).map(lambda content: bytes([WIRE_SCHEMA]) + content),
    _ENROLMENTS.map(sealed),
)

schemathesis.openapi.media_type(CONTENT_TYPE, BODIES)
