-- The first schema: runs, their logs, their searchable attributes, workers and manifests.
-- Times are whole microseconds since 1970-01-01T00:00Z.

-- One row a run. All that can be derived from the log is derived in the transaction that writes
-- the log. The number is the order of creation.
CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    status TEXT NOT NULL,
    version TEXT NOT NULL,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    attributes TEXT NOT NULL,           -- a JSON object
    due_at INTEGER,                     -- the one scheduling column; of a held run: its lease's end
    epoch INTEGER NOT NULL,
    worker TEXT,
    nudged INTEGER NOT NULL DEFAULT 0,  -- the worker that holds it does not know of all events
    position INTEGER NOT NULL,          -- how many events the log has
    last_at INTEGER NOT NULL,           -- the time of the last event
    recoveries INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    parent_id TEXT,
    parent_ref TEXT,
    parent_detached INTEGER,
    idempotency_key TEXT UNIQUE,
    waiting TEXT NOT NULL DEFAULT '[]', -- a JSON array
    problem TEXT,
    blocked_digest TEXT
);

-- What is to be claimed: of a queue and priority, in the order of time. Terminal runs and those
-- that wait for the outside are not in it, so it is as small as the work at hand.
CREATE INDEX runs_due ON runs (queue, priority DESC, due_at, workflow) WHERE due_at IS NOT NULL;

-- What a worker holds, and which of it has news.
CREATE INDEX runs_held ON runs (worker) WHERE worker IS NOT NULL;
CREATE INDEX runs_nudged ON runs (worker) WHERE nudged = 1;

-- Lists, newest first: of all runs, of one status, of one parent.
CREATE INDEX runs_listed ON runs (created_at, id);
CREATE INDEX runs_by_status ON runs (status, created_at, id);
CREATE INDEX runs_by_parent ON runs (parent_id, created_at, id) WHERE parent_id IS NOT NULL;

-- The logs. A table in the order of writing with an index beside it, not one clustered by run: a
-- commit for 500 runs then writes a few full pages and not 500 different ones.
CREATE TABLE events (
    run INTEGER NOT NULL,               -- its number: a quarter of the space that its id would take
    position INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE UNIQUE INDEX events_place ON events (run, position);

-- The attributes of runs, for searching. The value is JSON, so that 1, true and "1" are apart.
CREATE TABLE run_attributes (
    run_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
CREATE INDEX run_attributes_found ON run_attributes (name, value, run_id);

CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    version TEXT NOT NULL,
    queues TEXT NOT NULL,               -- a JSON array
    started_at INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE manifests (
    version TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    data BLOB NOT NULL
) WITHOUT ROWID;

PRAGMA application_id = 0x4f75746c;     -- "Outl": this is a database of Outlast
PRAGMA user_version = 1;
