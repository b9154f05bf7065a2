"""`python -m clawpipe_tui` is the command `clawpipe-tui`."""

from clawpipe_tui.cli import main

raise SystemExit(main())
