"""Every error of the house, one tree.

    DobbyError                      text for a person; `mend` says what to do next
    ├── ConfigError                 config.toml, SOUL.md or a skill file is wrong (all mistakes at once)
    ├── StoreError                  the database cannot be opened or is not ours
    ├── DeviceError                 a device did not do it; `kind` is one of KINDS
    │   ├── Unreachable             no answer at all
    │   ├── Refused                 the device said no
    │   ├── Garbage                 the device answered rubbish (shown as "unknown")
    │   ├── OutOfRange              the value never left the house
    │   └── PairingError            pairing did not happen (button not pressed, wrong PIN)
    ├── BrainError                  the model's end failed; reflex goes on
    └── ChannelError                a message could not be handed over
"""

from __future__ import annotations

from typing import Literal

ErrorKind = Literal["unreachable", "refused", "mismatch", "timeout", "range", "policy", "unknown"]


class DobbyError(Exception):
    """Something a person should hear of: one sentence, and the next step when there is one."""

    def __init__(self, text: str, mend: str = "") -> None:
        super().__init__(f"{text} {mend}".strip())
        self.text = text
        self.mend = mend


class ConfigError(DobbyError):
    """Settings a person wrote are wrong; `problems` names file, place and mend of each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(DobbyError):
    """The database cannot serve."""


class DeviceError(DobbyError):
    """A device did not do what it was told; `kind` goes into the Outcome.

    hint: the key under `hint.` in dobby/languages of what the person can do about it, in their language; "" for none.
    """

    kind: ErrorKind = "unknown"

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


class Unreachable(DeviceError):
    """The device gave no answer."""

    kind: ErrorKind = "unreachable"


class Refused(DeviceError):
    """The device, or the hub in front of it, said no."""

    kind: ErrorKind = "refused"


class Garbage(DeviceError):
    """The device answered something that is not its protocol."""

    kind: ErrorKind = "unknown"


class OutOfRange(DeviceError):
    """The value is not one the trait can hold."""

    kind: ErrorKind = "range"


class PairingError(DeviceError):
    """The device has not let Dobby in; the text says what the person must do."""

    kind: ErrorKind = "refused"


class BrainError(DobbyError):
    """The model could not be asked, or answered nothing that can be used."""


class ChannelError(DobbyError):
    """A message could not be handed over. permanent: trying again is of no use; unsure: perhaps it was taken after all;
    code: the provider's own."""

    def __init__(self, text: str, mend: str = "", *, permanent: bool = False, unsure: bool = False,
                 code: int | None = None) -> None:
        super().__init__(text, mend)
        self.permanent, self.unsure, self.code = permanent, unsure, code
