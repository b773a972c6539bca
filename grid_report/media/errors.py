"""Why a photo is refused. `number` is its place among the photos sent, counted from 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grid_report.errors import Busy, GridReportError, TooLarge


@dataclass(eq=False)
class PhotoRefused(GridReportError):
    """The photo itself is at fault; sending it again will not help."""

    status: ClassVar[int] = 422
    at_field: ClassVar[str] = "photos"
    number: int


@dataclass(eq=False)
class NotAPicture(PhotoRefused):
    """The content is none of the accepted kinds, whatever its name says."""

    code: ClassVar[str] = "not-a-picture"
    status: ClassVar[int] = 415
    heic: bool = False  # whether HEIC would have been welcome


@dataclass(eq=False)
class HeicNotReadable(NotAPicture):
    """A HEIC photo, on a server without the extra `heic`."""

    code: ClassVar[str] = "heic-not-readable"


@dataclass(eq=False)
class PictureBroken(PhotoRefused):
    """Truncated or damaged, or it killed or hung its decoder."""

    code: ClassVar[str] = "picture-broken"


@dataclass(eq=False)
class PictureTooManyPixels(PhotoRefused):
    """More pixels, or more memory to decode them, than a photo may have."""

    code: ClassVar[str] = "picture-too-many-pixels"
    limit_megapixels: int


@dataclass(eq=False)
class PictureTooLarge(TooLarge):
    """The file has more bytes than a photo may have. Becomes 413."""

    code: ClassVar[str] = "picture-too-large"
    at_field: ClassVar[str] = "photos"
    number: int


@dataclass(eq=False)
class TooManyPhotos(GridReportError):
    """More photos than a report takes at once."""

    code: ClassVar[str] = "too-many-photos"
    status: ClassVar[int] = 422
    at_field: ClassVar[str] = "photos"
    limit: int


@dataclass(eq=False)
class PicturesBusy(Busy):
    """No decoder came free in time, or none could be started."""

    code: ClassVar[str] = "pictures-busy"


class PhotoDamaged(GridReportError):
    """What the store holds under this name is not what was stored. Never cached."""

    code: ClassVar[str] = "photo-damaged"
    status: ClassVar[int] = 500
    no_store: ClassVar[bool] = True


@dataclass(eq=False)
class PhotoStoreUnavailable(Busy):
    """The photos could not be written or read: disk full, store unreachable."""

    code: ClassVar[str] = "photo-store-unavailable"
    retry_after_s: int = 10
