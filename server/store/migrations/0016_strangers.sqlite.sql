-- Our own, rules S4 and S14. When a message was last asked for, by keyed hash of kind and address,
-- known or not; where writes go that stand for those about nobody; from which networks a user has
-- signed in of late; and whose guards of passwords are whose, so that an admin can clear them.

CREATE TABLE send_pauses (
    key TEXT NOT NULL PRIMARY KEY,
    taken_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX send_pauses_taken_at_idx ON send_pauses (taken_at);

CREATE TABLE ghosts (
    place INTEGER NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE sign_in_networks (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    network TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, network)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_networks_seen_at_idx ON sign_in_networks (seen_at);

ALTER TABLE password_guards ADD COLUMN account TEXT;
CREATE INDEX password_guards_account_idx ON password_guards (account) WHERE account IS NOT NULL;
