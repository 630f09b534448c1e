"""``python -m formula2dgm``."""

import sys

from formula2dgm.cli import main

sys.exit(main())
