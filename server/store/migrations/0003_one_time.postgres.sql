-- Our own: wrong tries of one-time codes (row OT6), and how many messages were sent of late. What
-- belongs to a user who is gone stays until the sweep.
CREATE TABLE countersign.token_guards (
    user_id uuid NOT NULL,
    token_type text NOT NULL,
    failures bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, token_type)
);

CREATE TABLE countersign.send_limits (
    name text NOT NULL PRIMARY KEY,
    left_millionths bigint NOT NULL,
    filled_at timestamptz NOT NULL
);
