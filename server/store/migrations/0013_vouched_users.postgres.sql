-- Our own: accounts that an admin made, invited or changed before their first address was confirmed.
-- What stands here was not put there by a stranger (security.md S12). Most accounts have no row. Of
-- an account that is gone it stays until the sweep.

CREATE TABLE countersign.vouched_users (
    user_id uuid NOT NULL PRIMARY KEY,
    password boolean NOT NULL DEFAULT false, -- the password is the admin's
    metadata boolean NOT NULL DEFAULT false  -- the user's metadata are
);

-- Of accounts from before: what never had a mail or SMS of a sign-up was made by an admin.
INSERT INTO countersign.vouched_users (user_id, password, metadata)
SELECT id, coalesce(encrypted_password, '') <> '', true FROM auth.users u
WHERE ((email IS NOT NULL AND email_confirmed_at IS NULL)
       OR (phone IS NOT NULL AND phone_confirmed_at IS NULL))
  AND confirmation_sent_at IS NULL AND NOT is_anonymous AND deleted_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM auth.identities i
                  WHERE i.user_id = u.id AND i.provider NOT IN ('email', 'phone'));
