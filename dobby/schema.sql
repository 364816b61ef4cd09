-- The one database of a workspace. Each block is one migration; blocks are only ever added.

-- migration: 1
CREATE TABLE devices (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, room TEXT NOT NULL, make TEXT NOT NULL,
    link TEXT NOT NULL, traits TEXT NOT NULL, seen TEXT NOT NULL);
CREATE TABLE given (
    device TEXT PRIMARY KEY, name TEXT NOT NULL, room TEXT, aliases TEXT NOT NULL, in_everything INTEGER NOT NULL);
CREATE TABLE rooms (name TEXT PRIMARY KEY, floor TEXT NOT NULL, aliases TEXT NOT NULL);
CREATE TABLE links (
    key TEXT PRIMARY KEY, make TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL, port INTEGER NOT NULL,
    model TEXT NOT NULL, secret TEXT NOT NULL, added TEXT NOT NULL);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL, external TEXT NOT NULL, conversation TEXT NOT NULL,
    sender TEXT NOT NULL, text TEXT NOT NULL, pictures TEXT NOT NULL, here TEXT NOT NULL, pin INTEGER, received TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('accepted', 'running', 'done')), UNIQUE (channel, external));
CREATE INDEX messages_open ON messages (id) WHERE state != 'done';
CREATE TABLE turns (
    id INTEGER PRIMARY KEY, message INTEGER UNIQUE NOT NULL, person TEXT NOT NULL, channel TEXT NOT NULL,
    conversation TEXT NOT NULL, text TEXT NOT NULL, mind TEXT NOT NULL DEFAULT 'none', reply TEXT NOT NULL DEFAULT '',
    question INTEGER, tainted INTEGER NOT NULL DEFAULT 0, started TEXT NOT NULL, elapsed_ms INTEGER,
    ended TEXT);
CREATE INDEX turns_by_conversation ON turns (conversation, id);
CREATE TABLE calls (
    id INTEGER PRIMARY KEY, turn INTEGER NOT NULL, tool TEXT NOT NULL, args TEXT NOT NULL, verdict TEXT NOT NULL,
    before TEXT NOT NULL DEFAULT '[]', commands TEXT NOT NULL DEFAULT '[]', outcomes TEXT, undone INTEGER NOT NULL DEFAULT 0,
    at TEXT NOT NULL);
CREATE INDEX calls_by_turn ON calls (turn);
CREATE TABLE approvals (
    id INTEGER PRIMARY KEY, person TEXT NOT NULL, conversation TEXT NOT NULL, text TEXT NOT NULL,
    choices TEXT NOT NULL, needs_pin INTEGER NOT NULL, wrong_pins INTEGER NOT NULL DEFAULT 0, asked TEXT NOT NULL,
    expires TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('open', 'yes', 'no', 'expired', 'replaced')));
CREATE INDEX approvals_open ON approvals (person) WHERE state = 'open';
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, channel TEXT NOT NULL, recipient TEXT NOT NULL,
    text TEXT NOT NULL, pictures TEXT NOT NULL, kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'attempting', 'sent', 'dead')), attempts INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0, provider_id TEXT NOT NULL DEFAULT '', delivery TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '', created TEXT NOT NULL);
CREATE INDEX outbox_open ON outbox (id) WHERE state IN ('pending', 'attempting');
CREATE INDEX outbox_by_provider ON outbox (provider_id);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, turn INTEGER, person TEXT NOT NULL, source TEXT NOT NULL,
    device TEXT NOT NULL, trait TEXT NOT NULL, value TEXT NOT NULL, verdict TEXT NOT NULL, approval INTEGER,
    result TEXT NOT NULL);
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;

-- migration: 2
ALTER TABLE turns ADD COLUMN pictures TEXT NOT NULL DEFAULT '[]';
CREATE TABLE seen (
    id INTEGER PRIMARY KEY, event TEXT UNIQUE NOT NULL, camera TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT '', why TEXT NOT NULL DEFAULT '', zone TEXT NOT NULL, box TEXT NOT NULL, size TEXT NOT NULL,
    night INTEGER NOT NULL, known INTEGER NOT NULL, pictures TEXT NOT NULL DEFAULT '[]', clip TEXT NOT NULL DEFAULT '',
    mind TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '', what TEXT NOT NULL DEFAULT '',
    carrier TEXT NOT NULL DEFAULT '', parcel TEXT NOT NULL DEFAULT 'none', readable TEXT NOT NULL DEFAULT '',
    alert INTEGER NOT NULL DEFAULT 1, look TEXT NOT NULL DEFAULT '', told TEXT NOT NULL DEFAULT '[]',
    skipped TEXT NOT NULL DEFAULT '{}', label TEXT NOT NULL DEFAULT '');
CREATE INDEX seen_by_time ON seen (at);
CREATE TABLE eye_rules (
    id INTEGER PRIMARY KEY, person TEXT NOT NULL, camera TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('mute', 'only')),
    subjects TEXT NOT NULL, hours TEXT NOT NULL, until TEXT NOT NULL, made TEXT NOT NULL, said_by TEXT NOT NULL);
CREATE TABLE eye_zones (
    camera TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, points TEXT NOT NULL, smallest REAL NOT NULL,
    made TEXT NOT NULL, PRIMARY KEY (camera, name));
CREATE TABLE eye_tunings (
    id INTEGER PRIMARY KEY, camera TEXT NOT NULL, tuning TEXT NOT NULL, why TEXT NOT NULL, made TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0);
CREATE TABLE eye_normals (
    id INTEGER PRIMARY KEY, person TEXT NOT NULL, camera TEXT NOT NULL, subject TEXT NOT NULL, look TEXT NOT NULL, name TEXT NOT NULL,
    made TEXT NOT NULL);

-- migration: 3
CREATE TABLE eye_wishes (
    id INTEGER PRIMARY KEY, person TEXT NOT NULL, camera TEXT NOT NULL, zone TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('mute', 'only', 'except')), subjects TEXT NOT NULL, hours TEXT NOT NULL,
    presence TEXT NOT NULL, until TEXT NOT NULL, made TEXT NOT NULL);
INSERT INTO eye_wishes SELECT id, person, camera, '', kind, subjects, hours, '',
    CASE until WHEN '' THEN '' ELSE strftime('%Y-%m-%dT%H:%M:%f+00:00', until) END, made FROM eye_rules;
DROP TABLE eye_rules;
ALTER TABLE eye_wishes RENAME TO eye_rules;
ALTER TABLE seen DROP COLUMN readable;

-- migration: 4
CREATE TABLE alarms (
    id INTEGER PRIMARY KEY, device TEXT NOT NULL, trait TEXT NOT NULL, kind TEXT NOT NULL, began TEXT NOT NULL,
    told TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1, acknowledged TEXT NOT NULL DEFAULT '', acknowledged_at TEXT NOT NULL
    DEFAULT '', ended TEXT NOT NULL DEFAULT '');
CREATE INDEX alarms_going_on ON alarms (ended);

-- migration: 5
ALTER TABLE devices ADD COLUMN marks TEXT NOT NULL DEFAULT '[]';

-- migration: 6
ALTER TABLE links ADD COLUMN path TEXT NOT NULL DEFAULT '';

-- migration: 7
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY, person TEXT NOT NULL, conversation TEXT NOT NULL, address TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('tell', 'say', 'wake', 'order', 'skill', 'heat')), due TEXT NOT NULL, condition TEXT NOT NULL,
    commands TEXT NOT NULL, skill TEXT NOT NULL, text TEXT NOT NULL, standing INTEGER NOT NULL, made TEXT NOT NULL,
    last TEXT NOT NULL DEFAULT '', day TEXT NOT NULL DEFAULT '', skips TEXT NOT NULL, wait TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'on' CHECK (state IN ('on', 'done', 'cancelled')));
CREATE INDEX jobs_on ON jobs (id) WHERE state = 'on';
CREATE TABLE job_runs (
    id INTEGER PRIMARY KEY, job INTEGER NOT NULL, due TEXT NOT NULL, began TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '',
    came TEXT NOT NULL DEFAULT '', turn INTEGER NOT NULL DEFAULT 0, UNIQUE (job, due));
CREATE INDEX job_runs_open ON job_runs (id) WHERE ended = '';
CREATE TABLE presence (person TEXT PRIMARY KEY, home INTEGER, how TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, device TEXT NOT NULL, began TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '',
    kwh REAL NOT NULL DEFAULT 0);
CREATE INDEX sessions_by_time ON sessions (kind, began);

-- migration: 8
CREATE TABLE series (id INTEGER PRIMARY KEY, device TEXT NOT NULL, trait TEXT NOT NULL, UNIQUE (device, trait));
CREATE TABLE readings (
    series INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (series, at)) WITHOUT ROWID;
CREATE TABLE hours (
    series INTEGER NOT NULL, at INTEGER NOT NULL, low REAL NOT NULL, mean REAL NOT NULL, high REAL NOT NULL,
    PRIMARY KEY (series, at)) WITHOUT ROWID;
CREATE TABLE logins (
    id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, person TEXT NOT NULL, made TEXT NOT NULL, used TEXT NOT NULL);
CREATE TABLE versions (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL);
CREATE INDEX versions_by_name ON versions (kind, name);

-- migration: 9
ALTER TABLE messages ADD COLUMN media TEXT NOT NULL DEFAULT '[]';
ALTER TABLE messages ADD COLUMN forwarded INTEGER NOT NULL DEFAULT 0;

-- migration: 10
ALTER TABLE jobs ADD COLUMN lived TEXT NOT NULL DEFAULT '';

-- migration: 11
ALTER TABLE turns ADD COLUMN sent TEXT NOT NULL DEFAULT '[]';

-- migration: 12
ALTER TABLE jobs ADD COLUMN whom TEXT NOT NULL DEFAULT '[]';
ALTER TABLE jobs ADD COLUMN reminds INTEGER NOT NULL DEFAULT 0;
