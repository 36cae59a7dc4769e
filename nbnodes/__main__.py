"""`python -m nbnodes`."""

import sys

from nbnodes.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
