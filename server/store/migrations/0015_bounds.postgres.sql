-- Our own, rule S19: accounts that a stranger made here by signing up and that have not been seen
-- to belong to anybody, or that are anonymous; seen_at is when they were made, or last used as far as
-- the sweep knows. Of an account that is gone a row stays until the sweep.

CREATE TABLE countersign.sign_ups (
    user_id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('unconfirmed', 'anonymous')),
    seen_at timestamptz NOT NULL
);
CREATE INDEX sign_ups_seen_idx ON countersign.sign_ups (kind, seen_at);

-- The newest challenges of a factor that is challenged again and again from one address (of IPv6: one
-- /64), newest first: the official table has no index by which they could be found. Of a factor that
-- is gone it stays until the sweep.
CREATE TABLE countersign.challenge_rings (
    factor_id uuid NOT NULL,
    origin text NOT NULL,
    ids uuid[] NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (factor_id, origin)
);
