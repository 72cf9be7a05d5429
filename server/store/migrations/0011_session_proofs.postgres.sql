-- Our own: to which number the code went that a session began with; NULL: it came by mail. Of a
-- session that is gone it stays until the sweep.

CREATE TABLE countersign.session_proofs (
    session_id uuid NOT NULL PRIMARY KEY,
    phone text
);
