-- What is ours alone, in a schema of its own. Nothing here refers to a table of the schema auth:
-- that stays as the official server made it, and either can be dropped without the other.

-- What a factor remembers so that a code counts once and guessing is stopped (rows B1 to B3). A
-- row exists from the first code on. Of a factor that is gone it stays until the sweep.
CREATE TABLE countersign.factor_guards (
    factor_id uuid NOT NULL PRIMARY KEY,
    last_step bigint NOT NULL DEFAULT 0,
    failures bigint NOT NULL DEFAULT 0,
    locked_until timestamptz,
    updated_at timestamptz NOT NULL
);

-- Wrong passwords in a row of one account from one address (row RL3). The key is a keyed hash of
-- both, so that the table names nobody.
CREATE TABLE countersign.password_guards (
    key text NOT NULL PRIMARY KEY,
    failures bigint NOT NULL DEFAULT 0,
    locked_until timestamptz,
    updated_at timestamptz NOT NULL
);
CREATE INDEX password_guards_updated_at_idx ON countersign.password_guards (updated_at);

-- Facts about the database, such as which encryption key it was written with.
CREATE TABLE countersign.facts (
    name text NOT NULL PRIMARY KEY,
    value text NOT NULL
);
