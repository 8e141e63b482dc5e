# Only what the project uses.
SCARD_SCOPE_USER: int
SCARD_SHARE_EXCLUSIVE: int
SCARD_PROTOCOL_T0: int
SCARD_PROTOCOL_T1: int
SCARD_PCI_T0: int
SCARD_PCI_T1: int
SCARD_LEAVE_CARD: int
SCARD_RESET_CARD: int
SCARD_UNPOWER_CARD: int
SCARD_STATE_UNAWARE: int
SCARD_STATE_CHANGED: int
SCARD_STATE_UNKNOWN: int
SCARD_STATE_UNAVAILABLE: int
SCARD_STATE_EMPTY: int
SCARD_STATE_PRESENT: int
SCARD_STATE_MUTE: int
SCARD_STATE_EXCLUSIVE: int
SCARD_STATE_INUSE: int
SCARD_S_SUCCESS: int
SCARD_E_CANCELLED: int
SCARD_E_COMM_DATA_LOST: int
SCARD_E_INVALID_HANDLE: int
SCARD_E_NOT_READY: int
SCARD_E_NOT_TRANSACTED: int
SCARD_E_NO_READERS_AVAILABLE: int
SCARD_E_NO_SERVICE: int
SCARD_E_NO_SMARTCARD: int
SCARD_E_PROTO_MISMATCH: int
SCARD_E_READER_UNAVAILABLE: int
SCARD_E_SERVICE_STOPPED: int
SCARD_E_SHARING_VIOLATION: int
SCARD_E_TIMEOUT: int
SCARD_E_UNKNOWN_READER: int
SCARD_E_SYSTEM_CANCELLED: int
SCARD_F_COMM_ERROR: int
SCARD_F_INTERNAL_ERROR: int
SCARD_W_REMOVED_CARD: int
SCARD_W_RESET_CARD: int
SCARD_W_UNPOWERED_CARD: int
SCARD_W_UNRESPONSIVE_CARD: int
SCARD_W_UNSUPPORTED_CARD: int

_ReaderState = tuple[str, int]

def SCARD_CTL_CODE(code: int) -> int: ...
def SCardEstablishContext(scope: int) -> tuple[int, int]: ...
def SCardReleaseContext(context: int) -> int: ...
def SCardIsValidContext(context: int) -> int: ...
def SCardListReaders(context: int, groups: list[str]) -> tuple[int, list[str]]: ...
def SCardGetStatusChange(
    context: int, timeout_ms: int, states: list[_ReaderState]
) -> tuple[int, list[tuple[str, int, list[int]]]]: ...
def SCardCancel(context: int) -> int: ...
def SCardConnect(context: int, reader: str, share: int, protocols: int) -> tuple[int, int, int]: ...
def SCardReconnect(card: int, share: int, protocols: int, initialization: int) -> tuple[int, int]: ...
def SCardDisconnect(card: int, disposition: int) -> int: ...
def SCardBeginTransaction(card: int) -> int: ...
def SCardEndTransaction(card: int, disposition: int) -> int: ...
def SCardTransmit(card: int, protocol: int, command: list[int]) -> tuple[int, list[int]]: ...
def SCardControl(card: int, code: int, data: list[int]) -> tuple[int, list[int]]: ...
def SCardGetErrorMessage(result: int) -> str: ...
