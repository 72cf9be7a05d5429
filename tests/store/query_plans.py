#!/usr/bin/env python3
"""How SQLite finds the rows of every statement of the server: query_plans.py [--binary FILE] [-v]

The statements are read from the sources after the C preprocessor (each `struct sql` that DB_SQL or DB_SQL2 makes), and EXPLAIN QUERY PLAN
is asked of each on a database that the program made. None may scan a table that grows with the users, save those in ALLOWED, each with
the reason. It pins what is easily lost, as the index of e-mail addresses, which SQLite finds only where the condition of a statement
stands as in the index. Ends with 'N passed, N failed', a statement each."""
import argparse, ast, glob, os, re, sqlite3, subprocess, sys
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
from countersign import Countersign, default_binary  # noqa: E402

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("--binary", default=default_binary()); p.add_argument("-v", action="store_true")
args = p.parse_args()
GROWING = {"users", "sessions", "identities", "mfa_factors", "mfa_challenges", "mfa_amr_claims", "one_time_tokens", "refresh_tokens", "flow_state",
           "factor_guards", "password_guards", "code_guards", "change_links", "recovery_sets", "recovery_codes", "outbox", "audit_log_entries"}

# (file, a piece of the statement, why it may scan)
ALLOWED = [
    ("users.c", "instr(u.email, $2) > 0", "an administrator's list and its count, with or without a filter"),
    ("users.c", "from @users limit 1", "whether there is any, which the first row answers"),
    ("audit.c", "payload", "an administrator's search of the audit rows"),
    ("outbox.c", "", "what waits to be sent, which is not more with more users"),
    ("sweep.c", "@@outbox", "the same"),
    ("copy_checks.c", "is not null", "a copy, which reads all rows"),
    ("sweep.c", "order by id limit", "the first few of the primary key's order"),
]


def end_of_text(text, at):
    """Where an expression ends: at the comma or bracket outside of all texts and brackets."""
    depth = 0
    while at < len(text):
        c = text[at]
        if c == '"':
            at += 1
            while text[at] != '"':
                at += 2 if text[at] == "\\" else 1
        elif c in "([{":
            depth += 1
        elif c in ")]}" or (c == "," and not depth):
            if not depth:
                return at
            depth -= 1
        at += 1
    return at


def joined(expression):
    """The text that string literals beside each other make; None for NULL."""
    parts = re.findall(r'"(?:\\.|[^"\\])*"', expression)
    return "".join(ast.literal_eval(part) for part in parts) if parts else None


def statements(path):
    """(name, text for SQLite) of each statement of a source file."""
    out = subprocess.run([os.environ.get("CC", "cc"), "-E", "-P", "-std=c17", "-D_GNU_SOURCE", "-I" + os.path.join(ROOT, "server"),
                          "-I/usr/include/postgresql", path], capture_output=True, text=True)
    if out.returncode:
        raise SystemExit("%s: %s" % (path, out.stderr))
    for m in re.finditer(r"static struct sql (\w+) = \{ ?\.text =", out.stdout):
        text = joined(out.stdout[m.end():end_of_text(out.stdout, m.end())])
        if text:
            yield m.group(1), text


def plain(text):
    """Table names as SQLite has them; outside of quotes only, where no statement of ours has an @."""
    return re.sub(r"@@?(\w+)", r"\1", text)


def scans(db, text):
    """The lines of the plan that read a growing table from end to end."""
    names = {alias: name for name, alias in re.findall(r"\b(?:from|join|update|into) (\w+)(?: as)? (\w+)", text)}
    for row in db.execute("explain query plan " + text, [None] * len(set(re.findall(r"\$\d+", text)))):
        m = re.match(r"SCAN (\w+)", row[3])
        if m and names.get(m.group(1), m.group(1)) in GROWING:
            yield row[3]


def main():
    good, bad, used = 0, [], set()
    c = Countersign(args.binary)
    try:
        c.command("serve", "--once", timeout=60)
        db = sqlite3.connect("file:%s?mode=ro" % c.database, uri=True)
        for path in sorted(glob.glob(os.path.join(ROOT, "server", "**", "*.c"), recursive=True)):
            for name, text in statements(path) if "DB_SQL" in open(path, encoding="utf8").read() and "db_postgres" not in path else ():
                where, sql = os.path.basename(path), plain(text)
                if re.match(r"(select|with|insert|update|delete)\b", sql, re.I) is None or "pg_" in sql or "auth." in sql or "sqlite_master" in sql:
                    continue                                   # words such as BEGIN, and what PostgreSQL alone is asked
                try:
                    found = list(scans(db, sql))
                except sqlite3.Error as e:
                    if re.search(r"clock_timestamp|current_setting|to_reg|countersign\.", sql):
                        continue
                    bad.append("%s %s: %s: %s" % (where, name, e, sql[:200]))
                    continue
                reasons = [i for i, (f, piece, _) in enumerate(ALLOWED) if f == where and piece in text]
                used.update(reasons if found else [])
                if found and not reasons:
                    bad.append("%s %s: %s: %s" % (where, name, "; ".join(found), sql[:300]))
                else:
                    good += 1
                if args.v and found:
                    print("      %s %s: %s" % (where, name, "; ".join(found)))
        db.close()
    finally:
        c.discard()
    for i, (where, piece, why) in enumerate(ALLOWED):
        if i not in used:
            bad.append("nothing scans any more as allowed here: %s %s (%s)" % (where, piece, why))
    for line in bad:
        print("FAIL  " + line)
    print("%d passed, %d failed" % (good, len(bad)))
    return 1 if bad or good < 100 else 0


sys.exit(main())
