-- Nothing here: the official server's schema has its own indexes.

SELECT 1;
