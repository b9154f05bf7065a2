"""`python -m clawpipe_tui` is the command `clawpipe-tui`."""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # Until the command line can catch it, an interrupt ends the process without a word, not with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from clawpipe_tui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
