-- Our own: how long ago the second factor was verified that the request's token speaks of, for
-- row-level policies. NULL: there is none in the token, or its time is not known (a hook may have
-- made amr a list of names alone). This server itself never calls it.

CREATE FUNCTION countersign.mfa_age() RETURNS interval
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN age < interval '0' THEN interval '0' ELSE age END
    FROM (
        SELECT now() - to_timestamp(max(at)::double precision) AS age
        FROM (
            SELECT CASE WHEN jsonb_typeof(entry -> 'timestamp') = 'number'
                   THEN (entry ->> 'timestamp')::numeric END AS at
            FROM (SELECT coalesce(
                    nullif(current_setting('request.jwt.claim', true), ''),
                    nullif(current_setting('request.jwt.claims', true), ''))::jsonb AS claims) t,
                jsonb_array_elements(CASE WHEN jsonb_typeof(claims -> 'amr') = 'array'
                    THEN claims -> 'amr' ELSE '[]' END) entry
            WHERE entry ->> 'method' IN
                ('totp', 'mfa/phone', 'mfa/webauthn', 'mfa/recovery_code')
        ) steps
        WHERE at BETWEEN 0 AND 253402300799
    ) newest
$$;
COMMENT ON FUNCTION countersign.mfa_age() IS
    'How long ago the second factor of the request''s token was verified; NULL without one.';

-- Who asks under a policy may call it, and see nothing else of this schema.
REVOKE ALL ON FUNCTION countersign.mfa_age() FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticated') THEN
        GRANT USAGE ON SCHEMA countersign TO authenticated;
        GRANT EXECUTE ON FUNCTION countersign.mfa_age() TO authenticated;
    END IF;
END $$;
