-- What the PostgreSQL world asks of streams, by name.

-- name: lock
-- Until the end of the transaction nobody else writes to the streams of these runs. In an order that is the same
-- for all, so that none wait for one another.
SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS wish (key) ORDER BY key;

-- name: known
-- Who holds the runs and the dispatched steps of a batch, what these steps have written to, and where the streams
-- stand.
WITH run AS MATERIALIZED (
    SELECT id, number, epoch, worker IS NOT NULL AS held FROM {schema}.runs WHERE id = ANY ($1::text[])
), step AS MATERIALIZED (
    SELECT run.id, run.number, wish.ref
    FROM unnest($2::text[], $3::text[]) AS wish (id, ref) JOIN run ON run.id = wish.id
), writer AS MATERIALIZED (
    SELECT run.id, writer.*
    FROM unnest($4::text[], $5::text[]) AS wish (id, mark) JOIN run ON run.id = wish.id
    JOIN {schema}.stream_writers AS writer ON writer.run = run.number AND writer.ref = wish.mark
), stream AS MATERIALIZED (
    SELECT wish.id, stream.*
    FROM (
        SELECT wish.id, run.number, wish.name
        FROM unnest($6::text[], $7::text[]) AS wish (id, name) JOIN run ON run.id = wish.id
        UNION SELECT id, run, name FROM writer
    ) AS wish JOIN {schema}.streams AS stream
        ON stream.run = wish.number AND stream.name = wish.name
)
SELECT
    (SELECT coalesce(json_agg(json_build_array(id, number, epoch, held)), '[]') FROM run)::text
        AS holders,
    (SELECT coalesce(json_agg(json_build_array(
        step.id, step.ref, queued.epoch, queued.worker IS NOT NULL)), '[]')
        FROM step JOIN {schema}.steps AS queued
            ON queued.run = step.number AND queued.ref = step.ref)::text AS steps,
    (SELECT coalesce(json_agg(json_build_array(
        id, name, ref, epoch, dispatched, attempt, chunks, failed)), '[]') FROM writer)::text
        AS writers,
    (SELECT coalesce(json_agg(json_build_array(
        id, name, chunks, bytes, closed_by, epoch, rewinds)), '[]') FROM stream)::text AS streams;

-- name: places
-- All segments of a stream.
SELECT segment.number, segment.ref, segment.first, segment.before, segment.count, length(segment.data)
FROM {schema}.stream_segments AS segment
WHERE segment.run = (SELECT number FROM {schema}.runs WHERE id = $1::text) AND segment.name = $2::text
ORDER BY segment.first;

-- name: put
-- Write where streams stand, who has written last, and new segments, in their order.
WITH stream AS (
    INSERT INTO {schema}.streams (run, name, chunks, bytes, closed_by, epoch, rewinds)
    SELECT run, name, chunks, bytes, closed_by, epoch, rewinds::json
    FROM unnest(
        $1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::integer[], $7::text[]
    ) AS row (run, name, chunks, bytes, closed_by, epoch, rewinds)
    ON CONFLICT (run, name) DO UPDATE SET
        chunks = excluded.chunks, bytes = excluded.bytes, closed_by = excluded.closed_by,
        epoch = excluded.epoch, rewinds = excluded.rewinds
), writer AS (
    INSERT INTO {schema}.stream_writers (
        run, name, ref, epoch, dispatched, attempt, chunks, failed)
    SELECT * FROM unnest(
        $8::bigint[], $9::text[], $10::text[], $11::integer[], $12::boolean[], $13::integer[],
        $14::bigint[], $15::boolean[])
    ON CONFLICT (run, ref, name) DO UPDATE SET
        epoch = excluded.epoch, dispatched = excluded.dispatched, attempt = excluded.attempt,
        chunks = excluded.chunks, failed = excluded.failed
)
INSERT INTO {schema}.stream_segments (run, name, ref, first, before, count, lengths, data)
SELECT run, name, ref, first, before, count, lengths, data FROM unnest(
    $16::bigint[], $17::text[], $18::text[], $19::bigint[], $20::bigint[], $21::integer[],
    $22::bytea[], $23::bytea[]
) WITH ORDINALITY AS row (run, name, ref, first, before, count, lengths, data, place)
ORDER BY place;

-- name: remove
-- Delete segments.
DELETE FROM {schema}.stream_segments WHERE number = ANY ($1::bigint[]);

-- name: move
-- Give segments another place.
UPDATE {schema}.stream_segments AS segment SET first = row.first, before = row.before
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS row (number, first, before)
WHERE segment.number = row.number;

-- name: read
-- A page of a stream: where it stands, and, one row each, the segments from that of the first chunk on.
WITH stream AS MATERIALIZED (
    SELECT run.number AS run, coalesce(found.chunks, 0) AS chunks, coalesce(found.epoch, 0) AS epoch,
        coalesce(found.rewinds::text, '[]') AS rewinds,
        found.closed_by IS NOT NULL OR run.status IN ('completed', 'failed', 'cancelled') AS over,
        CASE WHEN $3::bigint < 0 THEN greatest(0, coalesce(found.chunks, 0) + $3) ELSE $3 END AS start
    FROM {schema}.runs AS run
    LEFT JOIN {schema}.streams AS found ON found.run = run.number AND found.name = $2::text
    WHERE run.id = $1::text
)
SELECT stream.start, stream.chunks, stream.epoch, stream.rewinds, stream.over,
    segment.first, segment.lengths, segment.data
FROM stream LEFT JOIN LATERAL (
    SELECT one.first, one.before FROM {schema}.stream_segments AS one
    WHERE one.run = stream.run AND one.name = $2 AND one.first <= stream.start
    ORDER BY one.first DESC LIMIT 1) AS begins ON stream.start < stream.chunks
LEFT JOIN LATERAL (
    SELECT one.first, one.before, one.lengths, one.data FROM {schema}.stream_segments AS one
    WHERE one.run = stream.run AND one.name = $2 AND one.first >= begins.first
    ORDER BY one.first LIMIT $5::bigint) AS segment ON segment.before < begins.before + $4::bigint
ORDER BY segment.first;

-- name: states
-- The streams of a run, and one row without a name if it has none.
SELECT stream.name, stream.chunks, stream.bytes,
    stream.closed_by IS NOT NULL OR run.status IN ('completed', 'failed', 'cancelled') AS over
FROM {schema}.runs AS run LEFT JOIN {schema}.streams AS stream ON stream.run = run.number
WHERE run.id = $1::text ORDER BY stream.name;
