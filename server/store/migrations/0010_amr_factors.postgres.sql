-- Our own: which factor (or set of recovery codes) earned a session's amr entry, and when last. An
-- entry that another server made or renewed has none here. Of a session that is gone it stays until
-- the sweep.

CREATE TABLE countersign.amr_factors (
    session_id uuid NOT NULL,
    factor_id uuid NOT NULL,
    authentication_method text NOT NULL,
    verified_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, factor_id)
);
