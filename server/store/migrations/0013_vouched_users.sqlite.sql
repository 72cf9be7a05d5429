-- Our own: accounts that an admin made, invited or changed before their first address was confirmed.
-- What stands here was not put there by a stranger (security.md S12). Most accounts have no row.

CREATE TABLE vouched_users (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    password INTEGER NOT NULL DEFAULT 0, -- the password is the admin's
    metadata INTEGER NOT NULL DEFAULT 0  -- the user's metadata are
) STRICT, WITHOUT ROWID;

-- Of accounts from before: what never had a mail or SMS of a sign-up was made by an admin.
INSERT INTO vouched_users (user_id, password, metadata)
SELECT id, encrypted_password <> '', 1 FROM users u
WHERE ((email IS NOT NULL AND email_confirmed_at IS NULL)
       OR (phone IS NOT NULL AND phone_confirmed_at IS NULL))
  AND confirmation_sent_at IS NULL AND is_anonymous = 0 AND deleted_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM identities i
                  WHERE i.user_id = u.id AND i.provider NOT IN ('email', 'phone'));
