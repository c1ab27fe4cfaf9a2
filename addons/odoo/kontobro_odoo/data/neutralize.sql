-- a copy of a database must not export beside the original: it is disconnected, and forgets the secrets
UPDATE kontobro_connection SET status = 'disconnected';
DELETE FROM kontobro_secret;
UPDATE kontobro_connect SET sealed = NULL, sealed_secret = NULL, leaving = NULL, state_hash = NULL;
