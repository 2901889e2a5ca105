-- What the SQLite world asks of streams, by name.

-- name: begin
-- Take the write lock now, so that nothing read in the transaction can be out of date.
BEGIN IMMEDIATE;

-- name: commit
-- Make it durable.
COMMIT;

-- name: holders
-- Who holds the runs of a batch.
SELECT json_group_array(json_array(runs.id, runs.number, runs.epoch, runs.worker IS NOT NULL))
FROM json_each(:run_ids) AS wish CROSS JOIN runs ON runs.id = wish.value;

-- name: step_holders
-- Who holds the dispatched steps of a batch.
SELECT json_group_array(json_array(steps.run_id, steps.ref, steps.epoch, steps.worker IS NOT NULL))
FROM json_each(:steps) AS wish
CROSS JOIN steps ON steps.run_id = wish.value ->> 0 AND steps.ref = wish.value ->> 1;

-- name: writers
-- What the steps of a batch have written to, in all streams of their runs.
SELECT json_group_array(json_array(
    runs.id, writer.name, writer.ref,
    writer.epoch, writer.dispatched, writer.attempt, writer.chunks, writer.failed))
FROM json_each(:marks) AS wish
CROSS JOIN runs ON runs.id = wish.value ->> 0
CROSS JOIN stream_writers AS writer
    ON writer.run = runs.number AND writer.ref = wish.value ->> 1;

-- name: streams
-- Where streams stand.
SELECT json_group_array(json_array(
    runs.id, stream.name,
    stream.chunks, stream.bytes, stream.closed_by, stream.epoch, json(stream.rewinds)))
FROM json_each(:streams) AS wish
CROSS JOIN runs ON runs.id = wish.value ->> 0
CROSS JOIN streams AS stream ON stream.run = runs.number AND stream.name = wish.value ->> 1;

-- name: places
-- All segments of a stream.
SELECT json_group_array(json_array(number, ref, first, before, count, length(data))) FROM (
    SELECT * FROM stream_segments
    WHERE run = (SELECT number FROM runs WHERE id = :run_id) AND name = :name
    ORDER BY first);

-- name: put_stream
-- Write where a stream stands.
INSERT OR REPLACE INTO streams VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: put_writer
-- Write who has written last to a stream for a step.
INSERT OR REPLACE INTO stream_writers VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: remove
-- Delete segments.
DELETE FROM stream_segments WHERE number = ?;

-- name: move
-- Give a segment another place.
UPDATE stream_segments SET first = ?, before = ? WHERE number = ?;

-- name: add
-- Write a new segment.
INSERT INTO stream_segments (run, name, ref, first, before, count, lengths, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: look
-- Begin to read: what follows is of one moment.
BEGIN;

-- name: stand
-- Where a stream stands, and the index of the first chunk that is meant.
SELECT runs.number, ifnull(stream.chunks, 0), ifnull(stream.epoch, 0), ifnull(stream.rewinds, '[]'),
    stream.closed_by IS NOT NULL OR runs.status IN ('completed', 'failed', 'cancelled'),
    iif(:start < 0, max(0, ifnull(stream.chunks, 0) + :start), :start)
FROM runs LEFT JOIN streams AS stream ON stream.run = runs.number AND stream.name = :name
WHERE runs.id = :run_id;

-- name: page
-- The segments from that of a chunk on. They are read one by one, until the page is full.
SELECT first, lengths, data FROM stream_segments
WHERE run = :run AND name = :name AND first >= (
    SELECT max(first) FROM stream_segments
    WHERE run = :run AND name = :name AND first <= :start)
ORDER BY first;

-- name: states
-- The streams of a run, and one row without a name if it has none.
SELECT stream.name, stream.chunks, stream.bytes,
    stream.closed_by IS NOT NULL OR runs.status IN ('completed', 'failed', 'cancelled')
FROM runs LEFT JOIN streams AS stream ON stream.run = runs.number
WHERE runs.id = :run_id ORDER BY stream.name;
