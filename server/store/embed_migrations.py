#!/usr/bin/env python3
"""Writes the schema steps into a C file: embed_migrations.py OUT.c FILE.sql ...

The files are named NNNN_name.sqlite.sql or NNNN_name.postgres.sql; the numbers must run from 1
without a gap. auth.postgres.sql is no step: it makes the official server's schema. The output defines the list of store/migrations.h. Called by the build.
"""
import os
import re
import sys

ENGINES = ("sqlite", "postgres")
AUTH = "auth.postgres.sql"


def read_steps(paths):
    steps = {}
    for path in sorted(paths):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.(sqlite|postgres)\.sql", os.path.basename(path))
        if not match:
            sys.exit(f"{path}: the name must be NNNN_name.sqlite.sql or NNNN_name.postgres.sql")
        version, name, engine = int(match[1]), match[2], match[3]
        step = steps.setdefault(version, {"name": name})
        if step["name"] != name:
            sys.exit(f"{path}: step {version} is also called {step['name']}")
        if engine in step:
            sys.exit(f"{path}: step {version} has two scripts for {engine}")
        with open(path, encoding="utf-8") as file:
            step[engine] = file.read()
    if sorted(steps) != list(range(1, len(steps) + 1)):
        sys.exit(f"the steps must be numbered from 1 without a gap: {sorted(steps)}")
    return steps


def quoted(text):
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("??", "?\\?")
    return "\n".join(f'        "{line}\\n"' for line in text.split("\n")) if text else '        ""'


def main():
    out, paths = sys.argv[1], sys.argv[2:]
    steps = read_steps([path for path in paths if os.path.basename(path) != AUTH])
    auth = "".join(open(path, encoding="utf-8").read() for path in paths if os.path.basename(path) == AUTH)
    with open(out, "w", encoding="utf-8") as file:
        file.write("/* Written by embed_migrations.py: do not edit. */\n")
        file.write('#include "store/migrations.h"\n\n')
        file.write('#pragma GCC diagnostic ignored "-Woverlength-strings"\n\n')
        file.write(f"const char *const migrations_auth_postgres =\n{quoted(auth)};\n\n")
        file.write(f"const int migrations_count = {len(steps)};\n")
        file.write("const struct migration migrations[] = {\n")
        for version, step in sorted(steps.items()):
            file.write(f'    {{ .version = {version},\n      .name = "{step["name"]}",\n')
            for engine in ENGINES:
                if engine in step:
                    file.write(f"      .{engine} =\n{quoted(step[engine])},\n")
            file.write("    },\n")
        if not steps:
            file.write("    { .version = 0 },\n")
        file.write("};\n")


main()
