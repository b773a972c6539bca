"""Is a stored file still what was stored? The name of a photo is the digest of its main picture."""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO, Final

from grid_report.media.sniff import is_bare_jpeg
from grid_report.media.store.stores import Size

_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"
# What a lost page of a disk reads as. A block of a thumbnail takes two bits at least and there are
# 6144 at most, so no thumbnail holds that many zeros; a main picture has its digest.
_LOST_PAGE: Final = bytes(4096)


def is_whole(
    file: BinaryIO, name: str, size: Size, *, byte_count: int | None, thorough: bool
) -> bool:
    """Tell whether a file is undamaged, as far as that is looked at; leaves it at its beginning.

    Always: its size, where it is known, and its first and last bytes. `thorough`: all of it, a main
    picture against the digest in its name, a thumbnail by its structure.
    """
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size is Size.MAIN and byte_count not in (None, length):
        return False
    if length < len(_BEGIN + _END) or file.read(len(_BEGIN)) != _BEGIN:
        return False
    file.seek(-len(_END), os.SEEK_END)
    if file.read() != _END:
        return False
    file.seek(0)
    if not thorough:
        return True
    content = file.read()
    file.seek(0)
    if size is Size.MAIN:
        return hashlib.sha256(content).hexdigest() == name
    return is_bare_jpeg(content) and _LOST_PAGE not in content
