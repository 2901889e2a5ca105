-- Writing a commit in one round trip; see docs/adr/0013.
--
-- Functions have a version in their names: a worker of an older library goes on to call those that it
-- knows, until a post step drops them.

-- Where runs, idempotency keys and settled steps stand, and the events that owners have not seen, in one
-- snapshot. `seen` goes with `ids`; where it is NULL no events are asked for.
CREATE FUNCTION {schema}.known_v1(
    ids text[], seen integer[], keys text[], step_runs text[], step_refs text[],
    OUT now bigint, OUT states text, OUT taken text, OUT steps text, OUT places text, OUT data bytea
)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH run AS MATERIALIZED (
        SELECT wish.seen, run.*
        FROM unnest(ids, known_v1.seen) AS wish (id, seen)
        JOIN {schema}.runs AS run ON run.id = wish.id
    ), tail AS MATERIALIZED (
        SELECT run.id AS run_id, event.*
        FROM run JOIN {schema}.events AS event
            ON event.run = run.number AND event.position >= run.seen
        WHERE run.seen < run.position
    )
    SELECT
        (SELECT coalesce(json_agg(json_build_array(
            run.id, run.status, run.epoch, run.position, run.last_at, run.attributes)), '[]')
            FROM run),
        (SELECT coalesce(json_object_agg(run.idempotency_key, run.id), '{}')
            FROM {schema}.runs AS run WHERE run.idempotency_key = ANY (keys)),
        (SELECT coalesce(json_agg(json_build_array(
            wish.run_id, wish.ref, step.epoch, step.worker IS NOT NULL)), '[]')
            FROM unnest(step_runs, step_refs) AS wish (run_id, ref)
            JOIN {schema}.runs AS run ON run.id = wish.run_id
            JOIN {schema}.steps AS step ON step.run = run.number AND step.ref = wish.ref),
        (SELECT coalesce(json_agg(json_build_array(
            tail.run_id, tail.position, tail.at, tail.kind, length(tail.data))
            ORDER BY tail.run_id, tail.position), '[]') FROM tail),
        (SELECT string_agg(tail.data, '' ORDER BY tail.run_id, tail.position) FROM tail)
    INTO states, taken, steps, places, data;
    now := date_part('epoch', clock_timestamp()) * '1e6'::float8;
END
$$;

-- Write a plan, all of it or nothing, and answer with the time. If a row is not what the plan was made on,
-- nothing is written, and the answer has what known_v1 tells of the wishes instead.
--
-- Rows of runs are locked in the order in which `ids` come (that of their ids), then those of steps; so
-- commits never wait for one another in a circle. Indexes into runs count from 1: first the created ones, then those of
-- `ids`. Arrays that go together have the same length, or are NULL where they tell of nothing.
CREATE FUNCTION {schema}.write_plan_v1(
    planned_at bigint,
    -- New runs, and the attributes by which runs are searched: [{"run": index, "name", "value"}]. JSON
    -- within them is text: json_to_recordset would stumble over its \u0000.
    created json, searched json,
    -- Runs that grow: what their rows must be, and what they become.
    ids text[], statuses text[], epochs integer[], bases integer[],
    positions integer[], lasts bigint[], progress boolean[], nudges boolean[],
    -- Of these: who is to be due by now, whose attributes change.
    wakes boolean[], merges text[],
    -- Of these: who is let go of (NULL in `turns`: is not).
    turns text[], dues bigint[], waits text[], problems text[], digests text[], ends bigint[],
    -- Events.
    event_runs integer[], event_positions integer[], event_times bigint[], kinds text[],
    datas bytea[],
    -- Dispatched steps: those that must be held at an epoch, and what becomes of the queue.
    settled_runs integer[], settled_refs text[], settled_epochs integer[], queue_changes json,
    -- What to tell if the plan does not fit.
    wish_ids text[], wish_seen integer[], wish_keys text[],
    wish_step_runs text[], wish_step_refs text[],
    OUT now bigint, OUT states text, OUT taken text, OUT steps text, OUT places text, OUT data bytea
)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    numbers bigint[];
    grown bigint[];
    fits boolean := true;
BEGIN
    IF ids IS NOT NULL THEN
        SELECT array_agg(locked.number) INTO grown FROM (
            SELECT run.number
            FROM unnest(ids, statuses, epochs, bases, positions, lasts) WITH ORDINALITY
                AS change (id, status, epoch, base, position, last, place)
            JOIN {schema}.runs AS run ON run.id = change.id
            WHERE run.status = change.status AND run.epoch = change.epoch
                AND run.position = change.base
                AND (run.last_at <= change.last OR change.position = change.base)
            ORDER BY change.place
            FOR UPDATE OF run) AS locked;
        fits := coalesce(cardinality(grown), 0) = cardinality(ids);
    END IF;
    IF fits AND settled_refs IS NOT NULL THEN
        fits := cardinality(settled_refs) = (SELECT count(*) FROM (
            SELECT FROM unnest(settled_runs, settled_refs, settled_epochs) WITH ORDINALITY
                AS settled (run, ref, epoch, place)
            JOIN {schema}.steps AS step
                ON step.run = grown[settled.run] AND step.ref = settled.ref
            WHERE step.epoch = settled.epoch AND step.worker IS NOT NULL
            ORDER BY settled.place
            FOR UPDATE OF step) AS locked);
    END IF;
    IF fits AND created IS NOT NULL THEN
        fits := NOT EXISTS (
            SELECT FROM json_to_recordset(created) AS draft (id text)
            JOIN {schema}.runs AS run ON run.id = draft.id
        ) AND NOT EXISTS (
            SELECT FROM json_to_recordset(created) AS draft (idempotency_key text)
            JOIN {schema}.runs AS run ON run.idempotency_key = draft.idempotency_key);
    END IF;
    IF NOT fits THEN
        SELECT known.* INTO now, states, taken, steps, places, data
        FROM {schema}.known_v1(wish_ids, wish_seen, wish_keys, wish_step_runs, wish_step_refs)
            AS known;
        RETURN;
    END IF;

    -- If another commit creates the same id or key at this very moment, this raises unique_violation
    -- when that one is done.
    IF created IS NOT NULL THEN
        WITH made AS (
            INSERT INTO {schema}.runs (
                id, workflow, status, version, queue, priority, attributes, due_at, epoch, worker,
                nudged, position, last_at, recoveries, created_at, started_at, ended_at,
                parent_id, parent_ref, parent_detached, idempotency_key, waiting, problem,
                blocked_digest)
            SELECT
                id, workflow, status, version, queue, priority, attributes::json, due_at, epoch, worker,
                nudged, position, last_at, 0, created_at, started_at, ended_at,
                parent_id, parent_ref, parent_detached, idempotency_key, waiting::json, problem,
                blocked_digest
            FROM json_to_recordset(created) AS draft (
                id text, workflow text, status text, version text, queue text, priority bigint,
                attributes text, due_at bigint, epoch integer, worker text, nudged boolean,
                position integer, last_at bigint, created_at bigint, started_at bigint,
                ended_at bigint, parent_id text, parent_ref text, parent_detached boolean,
                idempotency_key text, waiting text, problem text, blocked_digest text)
            RETURNING number)
        SELECT array_agg(number ORDER BY number) INTO numbers FROM made;
    END IF;
    IF ids IS NOT NULL THEN
        UPDATE {schema}.runs AS run SET
            position = change.position,
            last_at = CASE WHEN change.position > run.position THEN change.last ELSE run.last_at END,
            recoveries = CASE WHEN change.progress THEN 0 ELSE run.recoveries END,
            nudged = coalesce(change.nudged, run.nudged),
            attributes = coalesce(change.attributes::json, run.attributes),
            status = coalesce(change.turn, run.status),
            worker = CASE WHEN change.turn IS NULL THEN run.worker END,
            due_at = CASE
                WHEN change.wakes THEN least(
                    CASE WHEN change.turn IS NULL THEN run.due_at ELSE change.due END, planned_at)
                WHEN change.turn IS NULL THEN run.due_at
                ELSE change.due END,
            waiting = CASE WHEN change.turn IS NULL THEN run.waiting ELSE change.waits::json END,
            problem = CASE WHEN change.turn IS NULL THEN run.problem ELSE change.problem END,
            blocked_digest =
                CASE WHEN change.turn IS NULL THEN run.blocked_digest ELSE change.digest END,
            ended_at = CASE WHEN change.turn IS NULL THEN run.ended_at ELSE change.ended END
        FROM unnest(
            grown, positions, lasts, progress, nudges, wakes, merges,
            turns, dues, waits, problems, digests, ends)
            AS change (number, position, last, progress, nudged, wakes, attributes,
                turn, due, waits, problem, digest, ended)
        WHERE run.number = change.number;
        numbers := numbers || grown;
    END IF;
    INSERT INTO {schema}.events (run, position, at, kind, data)
    SELECT numbers[event.run], event.position, event.at, event.kind, event.data
    FROM unnest(event_runs, event_positions, event_times, kinds, datas)
        AS event (run, position, at, kind, data);
    IF searched IS NOT NULL THEN
        INSERT INTO {schema}.run_attributes AS has (run, name, value)
        SELECT numbers[attribute.run], attribute.name, attribute.value
        FROM json_to_recordset(searched) AS attribute (run integer, name text, value text)
        ON CONFLICT (run, name) DO UPDATE SET value = excluded.value
            WHERE has.value <> excluded.value;
    END IF;
    IF queue_changes IS NOT NULL THEN
        PERFORM {schema}.write_steps_v1(numbers, queue_changes);
    END IF;
    now := date_part('epoch', clock_timestamp()) * '1e6'::float8;
END
$$;

-- What a plan does to the queue of steps, after its runs were written. `numbers` are those of the runs.
CREATE FUNCTION {schema}.write_steps_v1(numbers bigint[], changes json) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM {schema}.steps AS step
    USING json_array_elements_text(changes -> 'emptied') AS gone
    WHERE step.run = numbers[gone.value::integer];

    DELETE FROM {schema}.steps AS step
    USING json_to_recordset(changes -> 'removed') AS gone (run integer, ref text)
    WHERE step.run = numbers[gone.run] AND step.ref = gone.ref;

    UPDATE {schema}.steps AS step SET
        worker = NULL, recoveries = 0, attempt = again.attempt, due_at = again.due_at
    FROM json_to_recordset(changes -> 'requeued')
        AS again (run integer, ref text, attempt integer, due_at bigint)
    WHERE step.run = numbers[again.run] AND step.ref = again.ref;

    INSERT INTO {schema}.steps (
        run, ref, name, queue, priority, attempt, due_at, epoch, recoveries, data)
    SELECT
        numbers[fresh.run], fresh.ref, fresh.name, fresh.queue, fresh.priority, fresh.attempt,
        fresh.due_at, 0, 0, convert_to(fresh.data, 'UTF8')
    FROM json_to_recordset(changes -> 'dispatched') AS fresh (
        run integer, ref text, name text, queue text, priority bigint, attempt integer,
        due_at bigint, data text)
    ON CONFLICT (run, ref) DO NOTHING;
END
$$;
