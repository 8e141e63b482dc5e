"""The authorities behind documents, kept in the station's folder.

They are public data of States, so the file is no secret; that nobody puts an authority of his own into it is up to who
may write in the folder, as with the book beside it.
"""

from __future__ import annotations

from devices.emrtd.tlv import ContentInvalid
from devices.emrtd.trust import EMPTY, TrustStore, read_trust, write_trust
from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from pollbook.store.home import StationHome


def load_trust(home: StationHome) -> TrustStore:
    """Return the authorities that this station trusts; none where nothing was imported.

    Raises:
        WorldFailed: `TRUST_DAMAGED`: the file is none of ours, or a newer version's; `FILE_UNREADABLE`.
    """
    try:
        content = home.trust.read_bytes()
    except FileNotFoundError:
        return EMPTY
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=home.trust) from error
    try:
        return read_trust(content)
    except ContentInvalid as error:
        raise WorldFailed(Failure.TRUST_DAMAGED, error.reason, path=home.trust) from error


def save_trust(home: StationHome, store: TrustStore) -> None:
    """The station trusts these authorities, on the disk; or those of before where the disk fails.

    Raises:
        WorldFailed: `FILE_UNREADABLE`.
    """
    try:
        home.make()
        write_secret(home.trust, write_trust(store))
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=home.trust) from error
