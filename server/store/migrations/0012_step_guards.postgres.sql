-- Our own: wrong codes are counted apart by where they come from, and never lock for good. A
-- factor's guard counts what comes from anywhere, a step guard what comes from the owner's sessions
-- and networks; one of the nil subject is a network that the user verified a factor from.

ALTER TABLE countersign.factor_guards
    ADD COLUMN spent bigint NOT NULL DEFAULT 0,
    ADD COLUMN spent_at timestamptz,
    ADD COLUMN session_id uuid,
    ADD COLUMN session_wrong bigint NOT NULL DEFAULT 0,
    ADD COLUMN enrolled_in uuid; -- the session; while it is unverified

UPDATE countersign.factor_guards
SET spent = least(failures, 100), spent_at = updated_at, locked_until = NULL
WHERE locked_until >= '9999-12-31';
UPDATE countersign.recovery_sets SET locked_until = NULL WHERE locked_until >= '9999-12-31';

CREATE TABLE countersign.step_guards (
    user_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    origin text NOT NULL,
    failures bigint NOT NULL DEFAULT 0,
    locked_until timestamptz,
    spent bigint NOT NULL DEFAULT 0,
    spent_at timestamptz,
    session_id uuid,
    session_wrong bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, subject_id, origin)
);
CREATE INDEX step_guards_updated_at_idx ON countersign.step_guards (updated_at);
