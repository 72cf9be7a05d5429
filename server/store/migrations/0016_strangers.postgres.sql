-- Our own, rules S4 and S14. When a message was last asked for, by keyed hash of kind and address,
-- known or not; where writes go that stand for those about nobody; from which networks a user has
-- signed in of late; and whose guards of passwords are whose, so that an admin can clear them.

CREATE TABLE countersign.send_pauses (
    key text NOT NULL PRIMARY KEY,
    taken_at timestamptz NOT NULL
);
CREATE INDEX send_pauses_taken_at_idx ON countersign.send_pauses (taken_at);

CREATE TABLE countersign.ghosts (
    place bigint NOT NULL PRIMARY KEY,
    body text NOT NULL
);

CREATE TABLE countersign.sign_in_networks (
    user_id uuid NOT NULL,
    network text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, network)
);
CREATE INDEX sign_in_networks_seen_at_idx ON countersign.sign_in_networks (seen_at);

ALTER TABLE countersign.password_guards ADD COLUMN account text;
CREATE INDEX password_guards_account_idx ON countersign.password_guards (account) WHERE account IS NOT NULL;
