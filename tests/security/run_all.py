#!/usr/bin/env python3
"""Run every suite of this folder (the rules of docs/protocol/security.md), two at a time: run_all.py [--binary FILE] [--only NAME,..]

Every file here is a suite, this one and rig.py excepted. Ends with 'N passed, N failed'.
"""
import glob, os, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from suites import run_suites  # noqa: E402

SUITES = sorted(os.path.basename(path)[:-3] for path in glob.glob(os.path.join(HERE, "*.py")))
run_suites(__doc__, HERE, [name for name in SUITES if name not in ("run_all", "rig")], clients=False)
