"""What this domain tells higher ones; `create_app` connects them.

`codes_used_up` is sent inside the transaction that makes the last code of a day, with `session`,
`county` (its code), `most` (codes a day) and `now`.

`person_proved` is sent inside the transaction in which it is known whose a number is, with
`session`, `member_id` (whose it is now), `was_id` (the account the same person had until then: the
same one, or one that is left for it) and `now`.

`number_taken` is sent inside the transaction in which an account loses the number it had or
claimed, with `session`, `member_id` (the account without a number now) and `now`. Its person may
have gone on with another account in the same transaction.
"""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

codes_used_up = _signals.signal("codes-used-up")
person_proved = _signals.signal("person-proved")
number_taken = _signals.signal("number-taken")
