-- a copy of a database must not export beside the original: it is disconnected, and forgets the secrets
UPDATE kontobro_connection SET status = 'disconnected';
DELETE FROM kontobro_secret;
