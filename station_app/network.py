"""How this desk is on the station's own network: `network.toml` in its home, empty or with what differs.

Without that file the desktop doesn't listen: the laptop of a station with one desk has nobody to talk to.

address = "192.168.7.12"          # listen here only; every interface otherwise
port = 41708                      # announcements, the same at every desk
tcp_port = 0                      # where lines are exchanged; any free port otherwise
multicast = true
others = ["192.168.7.13", "192.168.7.14:41709"]   # where announcements don't get through by themselves
"""

from __future__ import annotations

import ipaddress
import tomllib

from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome
from sync.lan.sockets import Network

OTHERS_MAX = 32
_FILE_BYTES_MAX = 16 * 1024
_KEYS = frozenset({"address", "port", "tcp_port", "multicast", "others"})


def has_network(home: StationHome) -> bool:
    """Whether IT staff said that there are other desks here."""
    return home.network.exists()


def read_network(home: StationHome) -> Network:
    """The network as the home's file has it; the usual one where there is no file.

    Raises:
        WorldFailed: `FILE_UNREADABLE`: the file is not what it must be.
    """
    try:
        with home.network.open("rb") as file:
            untrusted = file.read(_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return Network()
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, path=home.network) from error
    try:
        return _network(untrusted)
    except (ValueError, TypeError) as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(error), path=home.network) from error


def _network(untrusted: bytes) -> Network:
    if len(untrusted) > _FILE_BYTES_MAX:
        raise ValueError("larger than any such file")
    fields = tomllib.loads(untrusted.decode("utf-8"))
    if unknown := set(fields) - _KEYS:
        raise ValueError(f"no such settings: {sorted(unknown)}")
    usual = Network()
    port = _port(fields.get("port", usual.udp_port))
    multicast, others = fields.get("multicast", usual.multicast), fields.get("others", [])
    if type(multicast) is not bool or not isinstance(others, list) or len(others) > OTHERS_MAX:
        raise ValueError("multicast is true or false, others a short list of addresses")
    return Network(
        address=_address(fields.get("address", usual.address)),
        tcp_port=_port(fields.get("tcp_port", usual.tcp_port)),
        udp_port=port,
        multicast=multicast,
        others=tuple(_other(text, port) for text in others),
    )


def _other(untrusted: object, port: int) -> tuple[str, int]:
    address, separator, own_port = str(untrusted).partition(":")
    return _address(address), _port(int(own_port)) if separator else port


def _address(untrusted: object) -> str:
    return str(ipaddress.IPv4Address(str(untrusted)))


def _port(untrusted: object) -> int:
    if type(untrusted) is not int or not 0 <= untrusted <= 65535:
        raise ValueError("a port is 0 to 65535")
    return untrusted
