-- Nothing here: row-level policies are PostgreSQL's.

SELECT 1;
