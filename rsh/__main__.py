"""`python -m rsh` is `rsh`."""

import sys

from rsh.entry import main

sys.exit(main())
