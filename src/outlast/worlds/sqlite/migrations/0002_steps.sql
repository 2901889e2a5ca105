-- Dispatched steps, the load of workers, and finding what is over or of one workflow.

-- The queue of steps: one row for each that waits for a worker or has one. The number is the order
-- of dispatching.
CREATE TABLE steps (
    number INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    ref TEXT NOT NULL,                  -- the id of the command in the run
    name TEXT NOT NULL,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    due_at INTEGER NOT NULL,            -- of a step that is held: its lease's end
    epoch INTEGER NOT NULL DEFAULT 0,   -- how often it was claimed
    worker TEXT,
    recoveries INTEGER NOT NULL DEFAULT 0,
    data TEXT NOT NULL,
    UNIQUE (run_id, ref)
);

-- What is to be claimed: of a queue and priority, in the order of time.
CREATE INDEX steps_due ON steps (queue, priority DESC, due_at, name);

-- What a worker holds.
CREATE INDEX steps_held ON steps (worker) WHERE worker IS NOT NULL;

-- What workers said of themselves at their last heartbeats.
ALTER TABLE workers ADD COLUMN live_runs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workers ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;

-- What is over, in the order in which it may be deleted.
CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL;

-- Lists of one workflow, newest first.
CREATE INDEX runs_by_workflow ON runs (workflow, created_at, id);

PRAGMA user_version = 2;
