-- Our own: mails and SMS that wait to be sent. The id sorts by time. The payload holds one-time
-- codes, so it is sealed with the id as owner. A row that was given up keeps neither payload nor
-- next_try_at, and stays to be seen until it is swept.
CREATE TABLE countersign.outbox (
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('mail', 'sms')),
    topic text NOT NULL,
    payload text,
    created_at timestamptz NOT NULL,
    next_try_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    last_error text
);
CREATE INDEX outbox_next_try_at_idx ON countersign.outbox (next_try_at)
    WHERE next_try_at IS NOT NULL;
