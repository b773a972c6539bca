"""Entry point of ./run and ./test. Needs nothing but Python's standard library.

python3 tools/setup.py run              set up, then serve
python3 tools/setup.py test [--quick]   set up, then check; more words go to pytest
                    [--date …|--dates]  at another instant, or at five edges of the calendar
python3 tools/setup.py prepare [--test] set up only; --with postgres,s3,heic as for run
python3 tools/setup.py lock [--upgrade] write the Python locks anew from pyproject.toml
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file may be started by hand with any Python
    sys.exit(
        "需要 Python 3.11 或更新版本。 Python 3.11 or newer is needed; this is "
        + sys.version.split()[0]
    )

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Compiled files are kept whatever the shell says: without them every start takes five seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from tools import commands  # noqa: E402

if __name__ == "__main__":
    sys.exit(commands.main(sys.argv[1:]))
