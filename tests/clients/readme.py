#!/usr/bin/env python3
"""Run the README's fenced ```python blocks against a live server: readme.py --url URL --anon-key KEY --service-key KEY [--file README.md]

The blocks run in order in one namespace, word for word, except for what a reader fills in himself: create_client is given this server's
address and the anon key, or the service_role key where the text in its place says "service"; input() and a literal six-digit
"code" give the code that an authenticator would show for the factor enrolled last. Ends with 'N passed, N failed'.
"""
import argparse, base64, hashlib, hmac, os, re, struct, sys, time, traceback
import supabase
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--url", required=True); p.add_argument("--anon-key", required=True); p.add_argument("--service-key", required=True)
p.add_argument("--file", default=os.path.join(ROOT, "README.md"))
a = p.parse_args()
space = {"__name__": "__readme__"}
last_step = [0]
real_create_client = supabase.create_client


def create_client(url, key, *more, **named):
    assert url.startswith("http"), "the README's address is %r" % url
    return real_create_client(a.url, a.service_key if "service" in key.lower() else a.anon_key, *more, **named)


def authenticator(prompt=""):
    """The code of the factor enrolled last, of a step not used before (the next step's is taken early by the server)."""
    found = [v for v in space.values() if hasattr(getattr(v, "totp", None), "secret")]
    assert found, "the README asks for a code before anything is enrolled: %s" % prompt
    while int(time.time() // 30) + 1 <= last_step[0] or time.time() % 30 > 27:
        time.sleep(0.5)
    last_step[0] = max(int(time.time() // 30), last_step[0] + 1)
    secret = found[-1].totp.secret
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", last_step[0]), hashlib.sha1).digest()
    start = mac[-1] & 15
    return "%06d" % ((struct.unpack(">I", mac[start:start + 4])[0] & 0x7FFFFFFF) % 1000000)


supabase.create_client = create_client
space["input"] = authenticator
with open(a.file, encoding="utf8") as f:
    blocks = re.findall(r"^```python\n(.*?)^```", f.read(), re.M | re.S)
passed = failed = 0
for n, block in enumerate(blocks, 1):
    code = re.sub(r"""(["']code["']\s*:\s*)["']\d{6}["']""", r"\1input()", block)
    try:
        exec(compile(code, "README.md, python block %d" % n, "exec"), space)
        passed += 1
        print("ok    README.md, python block %d (%d lines)" % (n, block.count("\n")), flush=True)
    except Exception:
        failed += 1
        print("FAIL  README.md, python block %d" % n, flush=True)
        traceback.print_exc(file=sys.stdout)
if not blocks:
    failed = 1
    print("FAIL  README.md has no ```python block")
print("%d passed, %d failed" % (passed, failed))
sys.exit(bool(failed))
