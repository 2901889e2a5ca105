-- One statement writes a whole plan: an insert into this view, whose trigger does the rest.
--
-- Why: each statement's step gives up the interpreter's lock and takes it back, and beside a busy
-- event loop taking it back costs up to 5 ms. So the number of statements in a commit, not the number of
-- rows, sets the pace: 500 rows by executemany take a second there, by this 12 ms. As a single
-- statement it is also its own transaction, all of it or none.
--
-- View and trigger are temporary, so they belong to the code that uses them and not to the schema.
-- Each column is a JSON array with one array a row, or NULL for nothing; `data` has the bytes of all events.

-- fragment: grow
    -- Logs that have grown. Each row must be what the plan was made on, or all is off.
    UPDATE runs SET
        position = change.value ->> 4,
        last_at = iif(change.value ->> 4 > position, change.value ->> 5, last_at),
        recoveries = iif(change.value ->> 6, 0, recoveries),
        nudged = ifnull(change.value ->> 7, nudged)
    FROM json_each(NEW.grown) AS change
    WHERE runs.id = change.value ->> 0
        AND runs.status = change.value ->> 1
        AND runs.epoch = change.value ->> 2
        AND runs.position = change.value ->> 3
        AND (runs.last_at <= change.value ->> 5 OR change.value ->> 4 = runs.position);
    SELECT RAISE(ABORT, 'stale plan')
    WHERE NEW.grown IS NOT NULL AND changes() <> json_array_length(NEW.grown);

-- fragment: record
    -- The events, in the order of writing.
    INSERT INTO events (run, position, at, kind, data)
    SELECT
        (SELECT number FROM runs WHERE runs.id = value ->> 0), value ->> 1, value ->> 2, value ->> 3,
        CAST(substr(NEW.data, value ->> 4, value ->> 5) AS TEXT)
    FROM json_each(NEW.events);

-- fragment: wake
    -- Runs that nobody holds and somebody wrote to.
    UPDATE runs SET due_at = min(ifnull(due_at, NEW.woken_at), NEW.woken_at)
    FROM json_each(NEW.woken) AS change
    WHERE runs.id = change.value;

-- Most commits are those of steps: logs grow, and nothing else happens. They have a view of their own,
-- as an empty column costs nearly as much as a row does.

-- name: growths
CREATE TEMP VIEW growths (grown, events, data) AS SELECT NULL, NULL, NULL;

-- name: write_growth
CREATE TEMP TRIGGER write_growth INSTEAD OF INSERT ON growths
BEGIN
    {grow}

    {record}
END;

-- Payloads of hooks come next: runs wake up, and keys are kept.

-- name: deliveries
CREATE TEMP VIEW deliveries (grown, woken, woken_at, events, data, used, keys)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL;

-- name: write_deliveries
CREATE TEMP TRIGGER write_deliveries INSTEAD OF INSERT ON deliveries
BEGIN
    {grow}

    {wake}

    {record}

    -- The hooks that something is delivered to: each must be there.
    SELECT RAISE(ABORT, 'stale plan')
    WHERE json_array_length(NEW.used) <> (
        SELECT count(*) FROM json_each(NEW.used) AS change
        CROSS JOIN hooks ON hooks.token = change.value ->> 0
            AND hooks.run_id = change.value ->> 1 AND hooks.ref = change.value ->> 2);

    INSERT INTO hook_keys (token, key)
    SELECT value ->> 0, value ->> 1 FROM json_each(NEW.keys);
END;

-- name: commits
CREATE TEMP VIEW commits (
    created, grown, turned, woken, woken_at, merged, attributes, events, data, steps, hooks)
AS SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL;

-- name: write_commit
CREATE TEMP TRIGGER write_commit INSTEAD OF INSERT ON commits
BEGIN
    -- New runs. An id or key that exists aborts the statement: the plan did not know of it.
    INSERT INTO runs (
        id, workflow, status, version, queue, priority, attributes, due_at, epoch, worker,
        position, last_at, recoveries, created_at, started_at,
        parent_id, parent_ref, parent_detached, idempotency_key)
    SELECT
        value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
        value ->> 6, value ->> 7, value ->> 8, value ->> 9,
        1, value ->> 10, 0, value ->> 10, value ->> 11,
        value ->> 12, value ->> 13, value ->> 14, value ->> 15
    FROM json_each(NEW.created);

    {grow}

    -- Runs that their owners let go of.
    UPDATE runs SET
        worker = NULL,
        status = change.value ->> 1,
        due_at = change.value ->> 2,
        waiting = change.value ->> 3,
        problem = change.value ->> 4,
        blocked_digest = change.value ->> 5,
        ended_at = change.value ->> 6
    FROM json_each(NEW.turned) AS change
    WHERE runs.id = change.value ->> 0;

    {wake}

    -- Attributes: the row's object, and the rows for searching.
    UPDATE runs SET attributes = change.value ->> 1
    FROM json_each(NEW.merged) AS change
    WHERE runs.id = change.value ->> 0;
    INSERT INTO run_attributes (run_id, name, value)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(NEW.attributes) WHERE true
    ON CONFLICT (run_id, name) DO UPDATE SET value = excluded.value;

    {record}
END;

-- More triggers, for the queue of steps and for hooks, which cost nothing where there is nothing to do. They fire
-- before or after the first one, as SQLite likes: neither looks at what the others write.

-- name: write_steps
CREATE TEMP TRIGGER write_steps INSTEAD OF INSERT ON commits WHEN NEW.steps IS NOT NULL
BEGIN
    -- Steps that are done or withdrawn.
    DELETE FROM steps WHERE number IN (
        SELECT steps.number FROM json_each(NEW.steps, '$.removed') AS change
        CROSS JOIN steps ON steps.run_id = change.value ->> 0 AND steps.ref = change.value ->> 1);

    -- Steps that their workers put back.
    UPDATE steps SET
        worker = NULL,
        recoveries = 0,
        attempt = change.value ->> 2,
        due_at = change.value ->> 3
    FROM json_each(NEW.steps, '$.requeued') AS change
    WHERE steps.run_id = change.value ->> 0 AND steps.ref = change.value ->> 1;

    -- New steps. One that is in the queue already stays as it is.
    INSERT INTO steps (run_id, ref, name, queue, priority, attempt, due_at, data)
    SELECT
        value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
        value ->> 7
    FROM json_each(NEW.steps, '$.dispatched') WHERE true
    ON CONFLICT (run_id, ref) DO NOTHING;
END;

-- name: empty_queue
-- Runs that have ended have nothing in the queue.
CREATE TEMP TRIGGER empty_queue INSTEAD OF INSERT ON commits
WHEN NEW.turned IS NOT NULL AND EXISTS (SELECT 1 FROM steps)
BEGIN
    DELETE FROM steps WHERE run_id IN (
        SELECT value ->> 0 FROM json_each(NEW.turned) WHERE value ->> 6 IS NOT NULL);
END;

-- name: write_hooks
-- The token of a run that ends in the same plan is freed by name, if somebody else gets it in this plan.
CREATE TEMP TRIGGER write_hooks INSTEAD OF INSERT ON commits WHEN NEW.hooks IS NOT NULL
BEGIN
    -- Those that something is delivered to: each must be there.
    SELECT RAISE(ABORT, 'stale plan')
    WHERE json_array_length(NEW.hooks, '$.used') <> (
        SELECT count(*) FROM json_each(NEW.hooks, '$.used') AS change
        CROSS JOIN hooks ON hooks.token = change.value ->> 0
            AND hooks.run_id = change.value ->> 1 AND hooks.ref = change.value ->> 2);

    DELETE FROM hooks WHERE token IN (
        SELECT hooks.token FROM json_each(NEW.hooks, '$.disposed') AS change
        CROSS JOIN hooks ON hooks.run_id = change.value ->> 0 AND hooks.ref = change.value ->> 1);
    DELETE FROM hooks WHERE token IN (SELECT value FROM json_each(NEW.hooks, '$.freed'));

    -- Of those that are left with such a token, the rows are reservations of the same runs.
    INSERT INTO hooks (token, run_id, ref, kind, created_at, expires_at, data)
    SELECT
        value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(NEW.hooks, '$.put') WHERE true
    ON CONFLICT (token) DO UPDATE SET
        ref = excluded.ref, kind = excluded.kind, created_at = excluded.created_at,
        expires_at = excluded.expires_at, data = excluded.data;

    INSERT INTO hook_keys (token, key)
    SELECT value ->> 0, value ->> 1 FROM json_each(NEW.hooks, '$.keys');
END;

-- name: free_tokens
-- Runs that have ended have no hooks.
CREATE TEMP TRIGGER free_tokens INSTEAD OF INSERT ON commits
WHEN NEW.turned IS NOT NULL AND EXISTS (SELECT 1 FROM hooks)
BEGIN
    DELETE FROM hooks WHERE run_id IN (
        SELECT value ->> 0 FROM json_each(NEW.turned) WHERE value ->> 6 IS NOT NULL);
END;
