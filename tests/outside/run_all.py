#!/usr/bin/env python3
"""Run every suite of this folder, two at a time, and add up what they say: run_all.py [--binary FILE] [--only NAME,..]

Ends with 'N passed, N failed'.
"""
import os, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from suites import run_suites  # noqa: E402

SUITES = ["hook_answers", "mail", "five_processes", "sms_providers", "hook_calls", "captcha", "breach", "notices", "phone_factors", "factor_transfer", "settings", "codes", "hook_rules", "audit", "limits", "changes"]
run_suites(__doc__, HERE, SUITES)
