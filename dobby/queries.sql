-- Every statement the program runs, by name.

-- name: fact
SELECT value FROM facts WHERE name = :name
-- name: set_fact
INSERT INTO facts (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: device_put
INSERT INTO devices (id, name, kind, room, make, link, traits, seen, marks)
VALUES (:id, :name, :kind, :room, :make, :link, :traits, :seen, :marks)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, room = excluded.room, link = excluded.link,
    traits = excluded.traits, seen = excluded.seen, marks = excluded.marks
-- name: devices
SELECT * FROM devices ORDER BY id
-- name: given_put
INSERT INTO given (device, name, room, aliases, in_everything) VALUES (:device, :name, :room, :aliases, :in_everything)
ON CONFLICT (device) DO UPDATE SET name = excluded.name, room = excluded.room, aliases = excluded.aliases,
    in_everything = excluded.in_everything
-- name: given
SELECT * FROM given
-- name: room_put
INSERT INTO rooms (name, floor, aliases) VALUES (:name, :floor, :aliases)
ON CONFLICT (name) DO UPDATE SET floor = excluded.floor, aliases = excluded.aliases
-- name: rooms
SELECT * FROM rooms
-- name: link_put
INSERT INTO links (key, make, name, host, port, model, secret, added, path)
VALUES (:key, :make, :name, :host, :port, :model, :secret, :added, :path)
ON CONFLICT (key) DO UPDATE SET name = excluded.name, host = excluded.host, port = excluded.port,
    model = excluded.model, secret = excluded.secret, path = excluded.path
-- name: link_moved
UPDATE links SET host = :host, port = :port, path = :path WHERE key = :key
-- name: link_forget
DELETE FROM links WHERE key = :key
-- name: devices_forget
DELETE FROM devices WHERE link = :key
-- name: given_forget
DELETE FROM given WHERE device = :key OR substr(device, 1, length(:key) + 1) = :key || '/'
-- name: links
SELECT * FROM links ORDER BY added, key


-- name: message_add
INSERT INTO messages (channel, external, conversation, sender, text, pictures, here, pin, received, media, forwarded, state)
VALUES (:channel, :external, :conversation, :sender, :text, :pictures, :here, :pin, :received, :media, :forwarded, 'accepted')
ON CONFLICT (channel, external) DO NOTHING
-- name: message_heard
UPDATE messages SET text = :text WHERE id = :id
-- name: turn_heard
UPDATE turns SET text = :text WHERE id = :id
-- name: turn_sent
UPDATE turns SET sent = :sent WHERE id = :id
-- name: sent_erased
SELECT sent FROM turns WHERE sent != '[]' AND text = '' AND reply = '' AND ended IS NOT NULL
-- name: sent_dropped
UPDATE turns SET sent = '[]' WHERE text = '' AND reply = '' AND ended IS NOT NULL
-- name: message
SELECT * FROM messages WHERE id = :id
-- name: message_by_external
SELECT * FROM messages WHERE channel = :channel AND external = :external
-- name: messages_open
SELECT * FROM messages WHERE state != 'done' ORDER BY id
-- name: message_running
UPDATE messages SET state = 'running' WHERE id = :id AND state != 'done'
-- name: message_done
UPDATE messages SET state = 'done' WHERE id = :id

-- name: turn_start
INSERT INTO turns (message, person, channel, conversation, text, started)
VALUES (:message, :person, :channel, :conversation, :text, :started) ON CONFLICT (message) DO NOTHING
-- name: turn_of_message
SELECT * FROM turns WHERE message = :message
-- name: calls_of_same_text
SELECT calls.commands FROM calls JOIN turns ON turns.id = calls.turn
WHERE lower(turns.text) = lower(:text) AND turns.id < :turn AND turns.mind NOT IN ('reflex', 'none') AND calls.outcomes
IS NOT NULL ORDER BY calls.id DESC LIMIT 10
-- name: turns_after
SELECT id, person, text, reply, tainted, started FROM turns WHERE id > :id AND ended IS NOT NULL AND text != ''
ORDER BY id LIMIT :limit
-- name: turn
SELECT * FROM turns WHERE id = :id
-- name: turn_end
UPDATE turns SET mind = :mind, reply = :reply, question = :question, tainted = :tainted, ended = :ended,
    elapsed_ms = :elapsed_ms, pictures = :pictures WHERE id = :id
-- name: turns_of_conversation
SELECT * FROM turns WHERE conversation = :conversation AND ended IS NOT NULL AND text != '' AND id < :before ORDER BY id DESC
LIMIT :limit
-- name: letters_lately
SELECT * FROM outbox WHERE key NOT LIKE 'answer:%' AND key NOT LIKE 'code:%' AND text != ''
    AND (:all OR channel || ':' || recipient IN (SELECT value FROM json_each(:addresses))) ORDER BY id DESC LIMIT :limit
-- name: turns_lately
SELECT * FROM turns WHERE ended IS NOT NULL AND (text != '' OR sent != '[]') AND (:person = '' OR person = :person)
ORDER BY id DESC LIMIT :limit
-- name: turns_all
SELECT * FROM turns WHERE ended IS NOT NULL AND (:person = '' OR person = :person)
    AND (text != '' OR sent != '[]' OR EXISTS (SELECT 1 FROM calls WHERE calls.turn = turns.id)) ORDER BY id DESC LIMIT :limit
-- name: call_start
INSERT INTO calls (turn, tool, args, verdict, before, commands, at)
VALUES (:turn, :tool, :args, :verdict, :before, :commands, :at)
-- name: call_end
UPDATE calls SET outcomes = :outcomes WHERE id = :id
-- name: calls_of_turn
SELECT * FROM calls WHERE turn = :turn ORDER BY id
-- name: last_action
SELECT calls.* FROM calls JOIN turns ON turns.id = calls.turn
WHERE turns.conversation = :conversation AND calls.outcomes IS NOT NULL AND calls.commands != '[]'
    AND calls.undone = 0 AND calls.tool != 'undo' ORDER BY calls.id DESC LIMIT 1
-- name: last_done
SELECT calls.* FROM calls JOIN turns ON turns.id = calls.turn
WHERE turns.conversation = :conversation AND calls.outcomes IS NOT NULL AND calls.commands != '[]'
ORDER BY calls.id DESC LIMIT 1
-- name: mark_undone
UPDATE calls SET undone = 1 WHERE id = :id

-- name: approval_add
INSERT INTO approvals (person, conversation, text, choices, needs_pin, asked, expires, state)
VALUES (:person, :conversation, :text, :choices, :needs_pin, :asked, :expires, 'open')
-- name: approvals_open
SELECT * FROM approvals WHERE state = 'open' AND (:person = '' OR person = :person) ORDER BY id
-- name: approval
SELECT * FROM approvals WHERE id = :id
-- name: approval_latest
SELECT * FROM approvals WHERE person = :person AND conversation = :conversation ORDER BY id DESC LIMIT 1
-- name: approval_close
UPDATE approvals SET state = :state WHERE id = :id AND state = 'open'
-- name: approval_wrong_pin
UPDATE approvals SET wrong_pins = wrong_pins + 1 WHERE id = :id

-- name: letter_add
INSERT INTO outbox (key, channel, recipient, text, pictures, kind, state, created)
VALUES (:key, :channel, :recipient, :text, :pictures, :kind, 'pending', :created) ON CONFLICT (key) DO NOTHING
-- name: letters_open
SELECT * FROM outbox WHERE state IN ('pending', 'attempting') ORDER BY kind <> 'alarm', id
-- name: letter_attempting
UPDATE outbox SET state = 'attempting', attempts = attempts + 1 WHERE id = :id
-- name: letter_sent
UPDATE outbox SET state = 'sent', provider_id = :provider_id, error = :error WHERE id = :id
-- name: letter_again
UPDATE outbox SET state = 'pending', not_before = :not_before, error = :error WHERE id = :id
-- name: letter_as_template
UPDATE outbox SET state = 'pending', delivery = '', provider_id = '', not_before = 0, error = :error WHERE id = :id
-- name: letter_dead
UPDATE outbox SET state = 'dead', error = :error WHERE id = :id
-- name: letter_by_provider
SELECT * FROM outbox WHERE provider_id = :provider_id
-- name: letter_delivery
UPDATE outbox SET delivery = :delivery WHERE id = :id
-- name: letters_dead
SELECT * FROM outbox WHERE state = 'dead' ORDER BY id DESC LIMIT 20

-- name: audit_add
INSERT INTO audit (at, turn, person, source, device, trait, value, verdict, approval, result)
VALUES (:at, :turn, :person, :source, :device, :trait, :value, :verdict, :approval, :result)
-- name: audit_lately
SELECT * FROM audit WHERE (:device = '' OR device = :device) ORDER BY id DESC LIMIT :limit
-- name: tokens_add
INSERT INTO facts (name, value) VALUES (:name, :tokens)
ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + :tokens

-- name: seen_add
INSERT INTO seen (event, camera, kind, at, zone, box, size, night, known, pictures, look)
VALUES (:event, :camera, :kind, :at, :zone, :box, :size, :night, :known, :pictures, :look) ON CONFLICT (event) DO NOTHING
-- name: seen_words
UPDATE seen SET mind = :mind, subject = :subject, what = :what, carrier = :carrier, parcel = :parcel,
    alert = :alert WHERE event = :event AND why != 'forgotten'
-- name: seen_told
UPDATE seen SET told = :told, skipped = :skipped WHERE event = :event
-- name: seen_end
UPDATE seen SET ended = :ended, why = :why, clip = :clip WHERE event = :event AND why != 'forgotten'
-- name: seen_label
UPDATE seen SET label = :label WHERE event = :event
-- name: seen_event
SELECT * FROM seen WHERE event = :event
-- name: seen_since
SELECT * FROM seen WHERE at >= :since AND (:camera = '' OR camera = :camera) ORDER BY at, id
-- name: seen_forget
UPDATE seen SET pictures = '[]', clip = '', subject = '', what = '', carrier = '', parcel = 'none', look = '',
    why = 'forgotten' WHERE at >= :since AND at < :until
-- name: eye_normals_forget
UPDATE eye_normals SET name = '' WHERE made >= :since AND made < :until
-- name: turns_forget_pictures
UPDATE turns SET pictures = '[]', sent = '[]', reply = '' WHERE (pictures != '[]' OR sent != '[]')
    AND started >= :since AND started < :until
-- name: letters_forget_pictures
UPDATE outbox SET text = '', pictures = '[]' WHERE state IN ('sent', 'dead') AND (key LIKE 'seen:%' OR pictures != '[]')
    AND created >= :since AND created < :until
-- name: seen_untold
SELECT * FROM seen WHERE told = '[]' AND skipped = '{}' AND label = '' AND at >= :since ORDER BY id
-- name: seen_pictures
SELECT event, at, pictures, clip, label FROM seen WHERE pictures != '[]' OR clip != '' ORDER BY at
-- name: seen_no_pictures
UPDATE seen SET pictures = '[]', clip = '' WHERE event = :event
-- name: eye_rule_add
INSERT INTO eye_rules (person, camera, zone, kind, subjects, hours, presence, until, made)
VALUES (:person, :camera, :zone, :kind, :subjects, :hours, :presence, :until, :made)
-- name: eye_rules
SELECT * FROM eye_rules ORDER BY id
-- name: eye_rule_drop
DELETE FROM eye_rules WHERE id = :id
-- name: eye_rules_tidy
DELETE FROM eye_rules WHERE until != '' AND until < :now
-- name: eye_zone_put
INSERT INTO eye_zones (camera, name, kind, points, smallest, made) VALUES (:camera, :name, :kind, :points, :smallest, :made)
ON CONFLICT (camera, name) DO UPDATE SET kind = excluded.kind, points = excluded.points, smallest = excluded.smallest
-- name: eye_zones
SELECT * FROM eye_zones ORDER BY camera, name
-- name: eye_zones_drop
DELETE FROM eye_zones WHERE camera = :camera
-- name: eye_tuning_add
INSERT INTO eye_tunings (camera, tuning, why, made) VALUES (:camera, :tuning, :why, :made)
-- name: eye_tunings
SELECT * FROM eye_tunings WHERE undone = 0 ORDER BY id
-- name: eye_tuning_undo
UPDATE eye_tunings SET undone = 1 WHERE id = :id
-- name: eye_normal_add
INSERT INTO eye_normals (person, camera, subject, look, name, made)
VALUES (:person, :camera, :subject, :look, :name, :made)
-- name: eye_normals_drop
DELETE FROM eye_normals WHERE person = :person AND (:camera = '' OR camera = :camera)
-- name: eye_normals
SELECT * FROM eye_normals
-- name: alarm_add
INSERT INTO alarms (device, trait, kind, began, told) VALUES (:device, :trait, :kind, :began, :told)
-- name: alarm
SELECT * FROM alarms WHERE id = :id
-- name: alarms_open
SELECT * FROM alarms WHERE ended = '' ORDER BY id
-- name: alarm_told
UPDATE alarms SET told = :told, times = times + 1 WHERE id = :id
-- name: alarm_acknowledge
UPDATE alarms SET acknowledged = :person, acknowledged_at = :at WHERE id = :id
-- name: alarm_end
UPDATE alarms SET ended = :ended WHERE id = :id

-- name: erase_messages
UPDATE messages SET text = '' WHERE mentions(text, :words)
-- name: erase_turns
UPDATE turns SET text = '', reply = '' WHERE mentions(text, :words) OR mentions(reply, :words)
-- name: erase_letters
UPDATE outbox SET text = '' WHERE mentions(text, :words)
-- name: erase_approvals
UPDATE approvals SET text = '', choices = CASE state WHEN 'open' THEN choices ELSE '[]' END
WHERE mentions(text, :words) OR mentions(choices, :words)
-- name: erase_calls
UPDATE calls SET args = '[]', outcomes = '[]', tool = 'skill' WHERE mentions(args, :words) OR mentions(outcomes, :words)
    OR mentions(tool, :words)
-- name: erase_seen
UPDATE seen SET what = '', carrier = '' WHERE mentions(what, :words) OR mentions(carrier, :words)
-- name: erase_normals
UPDATE eye_normals SET name = '' WHERE mentions(name, :words)
-- name: erase_facts
UPDATE facts SET value = '[]' WHERE name = 'last_night' AND mentions(value, :words)

-- name: job_add
INSERT INTO jobs (person, conversation, address, kind, due, condition, commands, skill, text, standing, made, skips, wait,
    lived, whom, reminds)
VALUES (:person, :conversation, :address, :kind, :due, :condition, :commands, :skill, :text, :standing, :made, :skips,
    :wait, :lived, :whom, :reminds)
-- name: jobs_on
SELECT * FROM jobs WHERE state = 'on' ORDER BY id
-- name: job
SELECT * FROM jobs WHERE id = :id
-- name: job_ran
UPDATE jobs SET last = :last, day = :day, state = :state, wait = :wait WHERE id = :id AND state = 'on'
-- name: job_wait
UPDATE jobs SET wait = :wait WHERE id = :id
-- name: job_lived
UPDATE jobs SET lived = :lived WHERE id = :id
-- name: jobs_renamed
UPDATE jobs SET skill = :new WHERE skill = :old AND kind = 'skill'
-- name: job_done
UPDATE jobs SET state = 'done' WHERE id = :id AND state = 'on'
-- name: job_skips
UPDATE jobs SET skips = :skips WHERE id = :id
-- name: job_cancel
UPDATE jobs SET state = 'cancelled' WHERE id = :id AND state = 'on'
-- name: job_called_off
UPDATE jobs SET state = 'cancelled' WHERE id = :id AND state IN ('on', 'done')
-- name: job_restore
UPDATE jobs SET state = 'on' WHERE id = :id AND state = 'cancelled' AND due || condition != ''
-- name: jobs_tidy
DELETE FROM jobs WHERE state != 'on' AND made < :before AND last < :before
-- name: job_runs_tidy
DELETE FROM job_runs WHERE began < :before AND ended != ''
-- name: job_run_add
INSERT INTO job_runs (job, due, began) VALUES (:job, :due, :began) ON CONFLICT (job, due) DO NOTHING
-- name: job_run_turn
UPDATE job_runs SET turn = :turn WHERE id = :id
-- name: job_run_end
UPDATE job_runs SET ended = :ended, came = :came WHERE id = :id AND ended = ''
-- name: job_runs_open
SELECT * FROM job_runs WHERE ended = '' ORDER BY id
-- name: job_run
SELECT * FROM job_runs WHERE id = :id
-- name: job_last_told
SELECT jobs.* FROM job_runs JOIN jobs ON jobs.id = job_runs.job
WHERE jobs.kind IN ('tell', 'wake') AND (CASE jobs.whom WHEN '[]' THEN jobs.person = :person
    ELSE :person IN (SELECT value FROM json_each(jobs.whom)) END) ORDER BY job_runs.id DESC LIMIT 1
-- name: presence
SELECT * FROM presence
-- name: presence_put
INSERT INTO presence (person, home, how, at) VALUES (:person, :home, :how, :at)
ON CONFLICT (person) DO UPDATE SET home = excluded.home, how = excluded.how, at = excluded.at
-- name: session_begin
INSERT INTO sessions (kind, device, began) VALUES (:kind, :device, :began)
-- name: session_end
UPDATE sessions SET ended = :ended, kwh = :kwh WHERE id = :id
-- name: session_drop
DELETE FROM sessions WHERE id = :id
-- name: sessions_open
SELECT * FROM sessions WHERE ended = ''
-- name: sessions_since
SELECT * FROM sessions WHERE kind = :kind AND began >= :since AND ended != '' ORDER BY began
-- name: erase_jobs
UPDATE jobs SET text = '', due = '', condition = '', skill = '', lived = '', whom = '[]', state = 'cancelled'
WHERE mentions(text, :words) OR mentions(coalesce(json_extract(nullif(condition, ''), '$.person'), ''), :words)
    OR mentions(whom, :words)
    OR mentions(replace(skill, '-', ' '), :words)
-- name: erase_job
UPDATE jobs SET text = '', due = '', condition = '', skill = '', lived = '', whom = '[]', state = 'cancelled' WHERE id = :id
-- name: series_add
INSERT INTO series (device, trait) VALUES (:device, :trait) ON CONFLICT (device, trait) DO NOTHING
-- name: series
SELECT * FROM series ORDER BY id
-- name: series_forget
DELETE FROM series WHERE device = :key OR substr(device, 1, length(:key) + 1) = :key || '/'
-- name: readings_forget
DELETE FROM readings WHERE series IN (SELECT id FROM series WHERE device = :key OR substr(device, 1, length(:key) + 1) = :key || '/')
-- name: hours_forget
DELETE FROM hours WHERE series IN (SELECT id FROM series WHERE device = :key OR substr(device, 1, length(:key) + 1) = :key || '/')
-- name: reading_keep
INSERT INTO readings (series, at, value) VALUES (:series, :at, :value)
ON CONFLICT (series, at) DO UPDATE SET value = excluded.value
-- name: readings_kept
SELECT :width * (at / :width) AS at, min(value) AS low, avg(value) AS mean, max(value) AS high FROM readings
WHERE series = :series AND at >= :since GROUP BY at / :width ORDER BY 1
-- name: reading_before
SELECT value FROM (
    SELECT at, value FROM readings WHERE series = :series AND at < :since
    UNION ALL SELECT at, mean FROM hours WHERE series = :series AND at < :since) ORDER BY at DESC LIMIT 1
-- name: hours_kept
SELECT :width * (at / :width) AS at, min(low) AS low, avg(mean) AS mean, max(high) AS high FROM hours
WHERE series = :series AND at >= :since GROUP BY at / :width ORDER BY 1
-- name: lamps_kept
SELECT device, at, value FROM readings JOIN series ON series.id = readings.series
WHERE series.trait = 'on' AND at >= :since ORDER BY at
-- name: readings_thin
INSERT INTO hours (series, at, low, mean, high)
SELECT series, 3600 * (at / 3600), min(value), avg(value), max(value) FROM readings WHERE at < :before
GROUP BY series, at / 3600 ON CONFLICT (series, at) DO NOTHING
-- name: readings_drop
DELETE FROM readings WHERE at < :before OR series NOT IN (SELECT id FROM series)
-- name: hours_drop
DELETE FROM hours WHERE at < :before OR series NOT IN (SELECT id FROM series)
-- name: readings_count
SELECT count(*) AS kept, min(at) AS oldest FROM readings
-- name: seen_per
SELECT :width * (CAST(strftime('%s', at) AS INTEGER) / :width) AS at, count(*) AS count FROM seen
WHERE at >= :since GROUP BY 1 ORDER BY 1

-- name: login_add
INSERT INTO logins (key, person, made, used) VALUES (:key, :person, :made, :used)
-- name: logins_keys
SELECT id, key, person, used FROM logins
-- name: logins
SELECT id, person, made, used FROM logins ORDER BY used DESC
-- name: login_used
UPDATE logins SET used = :used WHERE key = :key
-- name: login_drop
DELETE FROM logins WHERE id = :id
-- name: logins_tidy
DELETE FROM logins WHERE used < :before

-- name: version_add
INSERT INTO versions (kind, name, text, who, at) VALUES (:kind, :name, :text, :who, :at)
-- name: versions
SELECT * FROM versions WHERE kind = :kind AND name = :name ORDER BY id DESC LIMIT 20
-- name: versions_tidy
DELETE FROM versions WHERE kind = :kind AND name = :name AND id NOT IN (
    SELECT id FROM versions WHERE kind = :kind AND name = :name ORDER BY id DESC LIMIT 20)
-- name: erase_versions
DELETE FROM versions WHERE mentions(text, :words)
-- name: tokens_by_day
SELECT name, value FROM facts WHERE name LIKE 'tokens:%' ORDER BY name DESC LIMIT 31
