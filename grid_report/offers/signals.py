"""What higher floors may hear about: sent inside the transaction, with its session."""

from __future__ import annotations

from blinker import Signal

# Sent by `steps.move` before anything of the row is changed: session, redemption.
taken = Signal("a redemption is about to move")
# Sent by `steps.move` after the row and its history are written: session, redemption, entry.
moved = Signal("a redemption moved")
# Sent by `usecases.redeem`: session, redemption.
reserved = Signal("an offer was reserved")
