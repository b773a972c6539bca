"""Why an upload in parts is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grid_report.errors import Conflict, GridReportError, TooMany


class WrongVersion(GridReportError):
    """The request speaks another version of the protocol, or says none. Becomes 412."""

    code: ClassVar[str] = "upload-version-wrong"
    status: ClassVar[int] = 412


class UnknownKind(GridReportError):
    """Nothing of that kind is taken in parts. Becomes 415."""

    code: ClassVar[str] = "upload-kind-unknown"
    status: ClassVar[int] = 415


@dataclass(eq=False)
class WrongOffset(Conflict):
    """The bytes do not go on where those that are kept end. Becomes 409."""

    code: ClassVar[str] = "upload-offset-wrong"
    kept: int


class MoreThanSaid(GridReportError):
    """More bytes than the upload was said to have. Becomes 413."""

    code: ClassVar[str] = "upload-longer-than-said"
    status: ClassVar[int] = 413


@dataclass(eq=False)
class PieceTooLarge(GridReportError):
    """With a checksum the bytes come in one piece, so that none is kept unchecked. Becomes 413."""

    code: ClassVar[str] = "upload-piece-too-large"
    status: ClassVar[int] = 413
    limit_kb: int


class UnknownChecksum(GridReportError):
    """A checksum that cannot be read, or of an algorithm that is not spoken. Becomes 400."""

    code: ClassVar[str] = "upload-checksum-unknown"
    status: ClassVar[int] = 400


class WrongChecksum(GridReportError):
    """The bytes are not those that were sent; none of them is kept. Becomes 460."""

    code: ClassVar[str] = "upload-checksum-wrong"
    status: ClassVar[int] = 460


@dataclass(eq=False)
class TooManyUploads(TooMany):
    """So much waits already without belonging to anything. Becomes 429."""

    code: ClassVar[str] = "too-many-uploads"
    limit: int
    limit_mb: int
