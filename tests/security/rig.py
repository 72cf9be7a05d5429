"""What the suites of this folder share: everything of tests/outside's rig, with both engines, mails and SMS in folders."""
import os, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", name) for name in ("outside", "support", "conformance")]
from hook_rig import *  # noqa: E402,F401,F403
from settings import CONFIRM, OFTEN, person, place, texts_to  # noqa: E402,F401

binary = sys.argv[sys.argv.index("--binary") + 1] if "--binary" in sys.argv else default_binary()  # noqa: F405
