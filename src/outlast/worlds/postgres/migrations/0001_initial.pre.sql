-- The first schema: runs, their logs, their searchable attributes, dispatched steps, workers and
-- manifests. Times are whole microseconds since 1970-01-01T00:00Z.
--
-- Texts are compared by code point (COLLATE "C"), as Python does: the same order on every server.
-- JSON is kept as `json`, not `jsonb`: as it was written, so that 1 and 1.0 stay apart and \u0000 may
-- stand in a string.

-- One row a run. All that can be derived from the log is derived in the transaction that writes
-- the log. The number is the order of creation. Pages are left with room, so that an advance, which
-- touches no index, finds a place for the new version of the row beside the old one.
CREATE TABLE {schema}.runs (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    workflow text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    version text NOT NULL,
    queue text COLLATE "C" NOT NULL,
    priority bigint NOT NULL,
    attributes json NOT NULL,
    due_at bigint,                           -- the one scheduling column; of a held run: its lease's end
    epoch integer NOT NULL,
    worker text COLLATE "C",
    nudged boolean NOT NULL,                 -- the worker that holds it does not know of all events
    position integer NOT NULL,               -- how many events the log has
    last_at bigint NOT NULL,                 -- the time of the last event
    recoveries integer NOT NULL,
    created_at bigint NOT NULL,
    started_at bigint,
    ended_at bigint,
    parent_id text COLLATE "C",
    parent_ref text,
    parent_detached boolean,
    idempotency_key text COLLATE "C" UNIQUE,
    waiting json NOT NULL,
    problem text,
    blocked_digest text COLLATE "C"
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- What is to be claimed: of a queue and priority, in the order of time. Terminal runs and those
-- that wait for the outside are not in it, so it is as small as the work at hand. The workflow is there so
-- that runs of unknown workflows are passed over without a look at their rows.
CREATE INDEX runs_due ON {schema}.runs (queue, priority, due_at, number, workflow)
    WHERE due_at IS NOT NULL;

-- What a worker holds, and which of it has news.
CREATE INDEX runs_held ON {schema}.runs (worker) WHERE worker IS NOT NULL;
CREATE INDEX runs_nudged ON {schema}.runs (worker) WHERE nudged;

-- Lists, newest first: of all runs, of one status, of one parent. And the ended ones in the order of
-- their end, for retention.
CREATE INDEX runs_listed ON {schema}.runs (created_at, id);
CREATE INDEX runs_by_status ON {schema}.runs (status, created_at, id);
CREATE INDEX runs_by_parent ON {schema}.runs (parent_id, created_at, id)
    WHERE parent_id IS NOT NULL;
CREATE INDEX runs_ended ON {schema}.runs (ended_at, number) WHERE ended_at IS NOT NULL;

-- The logs.
CREATE TABLE {schema}.events (
    run bigint NOT NULL,                     -- its number: a quarter of the space that its id would take
    position integer NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    data bytea NOT NULL,                     -- UTF-8 JSON
    PRIMARY KEY (run, position)
);

-- The attributes of runs, for searching. Names and values are JSON, so that 1, true and "1" are apart. Values
-- may be longer than an index takes, so they are found by their digest.
CREATE TABLE {schema}.run_attributes (
    run bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (run, name)
);
CREATE INDEX run_attributes_found ON {schema}.run_attributes (md5(name || '=' || value), run);

-- The steps that were dispatched and have no outcome yet.
CREATE TABLE {schema}.steps (
    run bigint NOT NULL,
    ref text COLLATE "C" NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    name text COLLATE "C" NOT NULL,
    queue text COLLATE "C" NOT NULL,
    priority bigint NOT NULL,
    attempt integer NOT NULL,
    due_at bigint NOT NULL,
    epoch integer NOT NULL,
    worker text COLLATE "C",
    recoveries integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (run, ref)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX steps_due ON {schema}.steps (queue, priority, due_at, number, name);
CREATE INDEX steps_held ON {schema}.steps (worker) WHERE worker IS NOT NULL;

CREATE TABLE {schema}.workers (
    id text COLLATE "C" PRIMARY KEY,
    host text NOT NULL,
    pid integer NOT NULL,
    version text NOT NULL,
    queues json NOT NULL,
    started_at bigint NOT NULL,
    heartbeat_at bigint NOT NULL,
    live_runs integer NOT NULL,
    attempts integer NOT NULL,
    lock bigint,                             -- the advisory lock that it holds while it lives
    knows integer NOT NULL                   -- the last migration that its library has
);

CREATE TABLE {schema}.manifests (
    version text COLLATE "C" PRIMARY KEY,
    created_at bigint NOT NULL,
    data bytea NOT NULL
);
