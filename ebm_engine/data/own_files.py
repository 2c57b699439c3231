"""Files of one's own that a target names by path: what may be read, and how much of it.

On the command line that is any file. A process of the server reads kept uploads only: a spec may
have come from a stranger, and a path in it could be that of any file of the server. A kept upload
is named by the hash of its content, so nobody can name one whose content they do not have.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

DIGITS = 32  # of the hash in a name: 128 bits
KEPT = re.compile(rf"[0-9a-f]{{{DIGITS}}}\.(csv|zip)")
NETWORK = ("\\\\", "//")  # begins a path to another machine on Windows

VARIABLE = "EBM_ONLY_UPLOADS"  # of the environment, which every process that is started inherits


def digest(content: bytes) -> str:
    """The name of a kept upload with this content, without its suffix."""
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def read_only_uploads() -> None:
    """From now on this process, and those that it starts, read none but kept uploads."""
    os.environ[VARIABLE] = "1"


def read_own_file(path: str | Path, what: str, most_bytes: int) -> bytes:
    """The bytes of the file with one's own `what`.

    Raises ValueError, in one sentence, for a file that is missing, too large, or not to be read.
    """
    path = Path(path)
    foreign = ValueError(f"The file with the {what} is not one that was uploaded here.")
    only_uploads = VARIABLE in os.environ
    if only_uploads and (str(path).startswith(NETWORK) or not KEPT.fullmatch(path.name)):
        raise foreign
    if not path.is_file():
        raise ValueError(f"There is no file {path.name}.")
    check_size(path.stat().st_size, what, most_bytes)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"The file {path.name} cannot be read: {error.strerror}.") from error
    if only_uploads and digest(content) != path.stem:
        raise foreign
    return content


def check_size(size: int, what: str, most_bytes: int) -> None:
    """Raises ValueError when `size` is more than `most_bytes`."""
    if size > most_bytes:
        raise ValueError(
            f"The {what} take {size / 1e6:.1f} MB, and at most {most_bytes / 1e6:g} MB are allowed."
        )
