"""Memory that a run leaves behind: found and given back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys


def settle() -> None:
    """Leave what is loaded so far out of all later searches for garbage: it stays for good."""
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Free what runs have left in reference cycles, and return it to the system.

    A run frees tens of megabytes in blocks of many sizes, which glibc keeps unless asked:
    a process that opens and closes runs would grow with each. Other systems need no such call.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
