-- Hooks: where the outside hands payloads to runs.

-- One row for each that is live. The token is a secret.
CREATE TABLE hooks (
    token TEXT PRIMARY KEY,
    run_id TEXT NOT NULL,
    ref TEXT NOT NULL,                  -- the id of the command in the run; '': the token is only reserved
    kind TEXT NOT NULL,                 -- 'hook' or 'webhook'
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    data TEXT NOT NULL
) WITHOUT ROWID;

-- What a run has, also to free it when the run ends.
CREATE INDEX hooks_of_run ON hooks (run_id, ref);

-- Lists, newest first.
CREATE INDEX hooks_listed ON hooks (created_at, token);

-- The keys of what was delivered to live hooks, so that it is not delivered again.
CREATE TABLE hook_keys (
    token TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (token, key)
) WITHOUT ROWID;

CREATE TRIGGER hook_gone AFTER DELETE ON hooks
BEGIN
    DELETE FROM hook_keys WHERE token = OLD.token;
END;

PRAGMA user_version = 4;
