-- Nothing here: the schema auth stays as the official server made it, so a credential's id has no
-- index. It is looked for at a registration alone, which is rare.

SELECT 1;
