"""What this domain tells higher ones; `create_app` connects them.

`codes_used_up` is sent inside the transaction that makes the last code of a day, with `session`,
`county` (its code), `most` (codes a day) and `now`.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

codes_used_up = _signals.signal("codes-used-up")
