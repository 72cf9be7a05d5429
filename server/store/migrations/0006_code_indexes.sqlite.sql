-- One-time codes are looked up by their copy in the user's row (token_by_code): never by reading all
-- users. Those of a change of address have had an index since step 3.

CREATE INDEX users_confirmation_token_idx ON users (confirmation_token) WHERE confirmation_token <> '';
CREATE INDEX users_recovery_token_idx ON users (recovery_token) WHERE recovery_token <> '';
CREATE INDEX users_phone_change_token_idx ON users (phone_change_token) WHERE phone_change_token <> '';
CREATE INDEX users_reauthentication_token_idx ON users (reauthentication_token)
    WHERE reauthentication_token <> '';
