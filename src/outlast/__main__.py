"""`python -m outlast`: the command line."""

import sys

from outlast.cli import main

sys.exit(main())
