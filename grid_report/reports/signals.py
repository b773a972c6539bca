"""What higher floors may hear about: sent inside the transaction, with its session."""

from __future__ import annotations

from blinker import Signal

# Sent by `steps.lock` before anything is decided on the row: session, report.
taken = Signal("a report was taken for a decision")
# Sent by `steps.move` after the row and its history are written: session, report, entry.
moved = Signal("a report moved")
# Sent by `steps.end_round` when a closed report is reopened: session, report, over (the round).
round_ended = Signal("a round of a report is over")
# Sent by `usecases.submit_report`: session, report.
submitted = Signal("a report was submitted")
# Sent by `steps.keep_recall` with the row that says from whom and where: session, recall.
recalled = Signal("a case was taken back")
