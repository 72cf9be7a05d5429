/* db_sqlite.c: the SQLite engine of db.h: connections, transactions and upkeep; statements are in
 * db_sqlite_rows.c. A connection belongs to one thread at a time. The write-ahead log is never
 * checkpointed here on its own account: work/ decides when. */
#include "store/db_sqlite.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_CHECKPOINT_MS = 1000 };

static int busy_ms = 10000;

void sqlite_set_busy_ms(int ms)
{
    busy_ms = ms;
}

/* --- failures --- */

/* Two who want the same key; all others are checks and triggers, which would say no again. */
static bool constraint_is_ours(int code)
{
    return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
           code == SQLITE_CONSTRAINT_ROWID || code == SQLITE_CONSTRAINT_FOREIGNKEY;
}

static enum db_status status_of(struct sqlite_db *db, int code)
{
    switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return DB_OK;
    case SQLITE_CONSTRAINT:
        return constraint_is_ours(code) ? DB_CONFLICT : DB_REFUSED;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return code == SQLITE_BUSY_SNAPSHOT ? DB_RETRY : DB_BUSY;
    case SQLITE_FULL:
        return DB_FULL;
    case SQLITE_ERROR: /* such as a table that is not there */
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return DB_REFUSED;
    case SQLITE_IOERR: {
        int os = sqlite3_system_errno(db->handle);
        return os == ENOSPC || os == EDQUOT ? DB_FULL : DB_IO;
    }
    default:
        return DB_IO;
    }
}

enum db_status sqlite_failed(struct sqlite_db *db, int code, const char *doing, bool preparing)
{
    enum db_status status = status_of(db, code);
    int64_t now = clock_steady_us();
    if (code == db->last_code && now - db->last_logged_us < US_PER_S) {
        return status;
    }
    db->last_code = code;
    db->last_logged_us = now;
    /* SQLite puts no values into the messages of these two kinds */
    bool shown = preparing || (code & 0xFF) == SQLITE_CONSTRAINT;
    log_write(status == DB_CONFLICT ? LOG_INFO : LOG_ERROR, "the database failed",
              LOG_INT("sqlite_code", code),
              LOG_STR("what", shown ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code)),
              LOG_STR("doing", doing));
    return status;
}

/* --- transactions --- */

static enum db_status say(struct sqlite_db *db, enum word word)
{
    static const char *const texts[WORDS] = {
        [BEGIN_READ] = "BEGIN",
        [BEGIN_WRITE] = "BEGIN IMMEDIATE",
        [COMMIT] = "COMMIT",
        [ROLLBACK] = "ROLLBACK",
        [MARK] = "SAVEPOINT mark",
        [MARK_DROP] = "RELEASE mark",
        [MARK_UNDO] = "ROLLBACK TO mark",
    };
    sqlite3_stmt **stmt = &db->words[word];
    int code = SQLITE_OK;
    if (!*stmt) {
        code =
            sqlite3_prepare_v3(db->handle, texts[word], -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    }
    if (code == SQLITE_OK) {
        code = sqlite3_step(*stmt);
        sqlite3_reset(*stmt);
    }
    return code == SQLITE_DONE ? DB_OK : sqlite_failed(db, code, texts[word], false);
}

static enum db_status sqlite_begin(struct db *base, enum tx_mode mode)
{
    return say((struct sqlite_db *)base, mode == TX_WRITE ? BEGIN_WRITE : BEGIN_READ);
}

static enum db_status sqlite_commit(struct db *base)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    sqlite_end_rows(db);
    return say(db, COMMIT);
}

static void sqlite_rollback(struct db *base)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    sqlite_end_rows(db);
    if (!sqlite3_get_autocommit(db->handle)) { /* else SQLite has rolled back already */
        say(db, ROLLBACK);
    }
}

static enum db_status sqlite_savepoint(struct db *base)
{
    return say((struct sqlite_db *)base, MARK);
}

static enum db_status sqlite_savepoint_release(struct db *base)
{
    sqlite_end_rows((struct sqlite_db *)base);
    return say((struct sqlite_db *)base, MARK_DROP);
}

static enum db_status sqlite_savepoint_rollback(struct db *base)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    sqlite_end_rows(db);
    if (sqlite3_get_autocommit(db->handle)) {
        return DB_IO; /* the disk failed and SQLite rolled everything back */
    }
    enum db_status status = say(db, MARK_UNDO);
    return status == DB_OK ? say(db, MARK_DROP) : status;
}

static bool sqlite_script(struct db *base, struct arena *arena, const char *script,
                          const char **error)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    char *text = db_sql_text(script, "", "");
    int code = sqlite3_exec(db->handle, text, NULL, NULL, NULL);
    free(text);
    if (code != SQLITE_OK) {
        *error = arena_strdup(arena, sqlite3_errmsg(db->handle));
        return false;
    }
    return true;
}

/* --- upkeep --- */

struct findings {
    void (*say)(void *arg, const char *finding);
    void *arg;
    int count;
};

static int on_finding(void *arg, int n, char **columns, char **names)
{
    struct findings *f = arg;
    (void)names;
    if (n == 1 && columns[0] && strcmp(columns[0], "ok") != 0) { /* of integrity_check */
        f->count++;
        f->say(f->arg, columns[0]);
    } else if (n == 4) { /* of foreign_key_check: table, rowid, parent, constraint */
        char text[256];
        snprintf(text, sizeof text, "row %s of table %s refers to a row that %s does not have",
                 columns[1] ? columns[1] : "?", columns[0], columns[2]);
        f->count++;
        f->say(f->arg, text);
    }
    return 0;
}

static bool sqlite_check(struct db *base, void (*to)(void *arg, const char *finding), void *arg)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    struct findings f = { .say = to, .arg = arg };
    int code = sqlite3_exec(db->handle, "PRAGMA integrity_check; PRAGMA foreign_key_check",
                            on_finding, &f, NULL);
    if (code != SQLITE_OK) {
        f.count++;
        to(arg, sqlite3_errmsg(db->handle));
    }
    return f.count == 0;
}

static int sqlite_checkpoint(struct db *base, bool hard)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    int pages = 0, moved = 0;
    sqlite3_busy_timeout(db->handle, BUSY_CHECKPOINT_MS);
    int code = sqlite3_wal_checkpoint_v2(
        db->handle, "main", hard ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &pages,
        &moved);
    sqlite3_busy_timeout(db->handle, busy_ms);
    if (code != SQLITE_OK && code != SQLITE_BUSY) { /* busy: a reader still needs the log */
        sqlite_failed(db, code, "checkpoint", false);
        return -1;
    }
    if (hard && code == SQLITE_OK) {
        db->log_pages = 0;
    }
    if (pages < 0) { /* another checkpoint is under way, which tells us nothing */
        return db->log_pages;
    }
    return pages > moved ? pages - moved : 0;
}

static int sqlite_log_pages(const struct db *base)
{
    return ((const struct sqlite_db *)base)->log_pages;
}

static int on_commit(void *arg, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    ((struct sqlite_db *)arg)->log_pages = pages;
    return SQLITE_OK;
}

/* --- connections --- */

static void sqlite_close(struct db *base)
{
    struct sqlite_db *db = (struct sqlite_db *)base;
    sqlite_end_rows(db);
    sqlite_free_statements(db);
    sqlite3_close(db->handle);
    free(db);
}

static const struct db_engine engine = {
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .mark = sqlite_savepoint,
    .savepoint_release = sqlite_savepoint_release,
    .savepoint_rollback = sqlite_savepoint_rollback,
    .exec = sqlite_exec,
    .query = sqlite_query,
    .next = sqlite_next,
    .end = sqlite_end,
    .null = sqlite_null,
    .integer = sqlite_integer,
    .text = sqlite_text,
    .id = sqlite_id,
    .script = sqlite_script,
    .check = sqlite_check,
    .checkpoint = sqlite_checkpoint,
    .log_pages = sqlite_log_pages,
};

/* Sees to it that the file is there, ours alone to read (the log takes over its mode), or says
 * in words what is wrong: SQLite only has "unable to open database file". */
static bool find_file(struct arena *arena, const char *path, unsigned flags, const char **error)
{
    if (!path[0] || path[0] == ':') {
        *error = "the database must be a file: use sqlite:PATH";
        return false;
    }
    /* A file that is there is not opened here: closing it again would drop every lock that this
     * process holds on it (POSIX), SQLite's own too. */
    struct stat st;
    bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    if (!folder && access(path, flags & DB_READ_ONLY ? R_OK : R_OK | W_OK) == 0) {
        return true;
    }
    int why = folder ? EISDIR : errno;
    if (why == ENOENT && (flags & DB_CREATE)) {
        int fd = open(path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 0600);
        why = errno;
        if (fd >= 0) {
            close(fd);
        }
        if (fd >= 0 || why == EEXIST) {
            return true;
        }
    }
    const char *slash = strrchr(path, '/');
    const char *dir = !slash          ? "."
                      : slash == path ? "/"
                                      : arena_strndup(arena, path, (size_t)(slash - path));
    if (access(dir, F_OK) != 0) {
        *error =
            arena_printf(arena, "the directory %s of the database does not exist: create it", dir);
    } else if (why == ENOENT) {
        *error = arena_printf(
            arena, "there is no database %s: the server creates it when it starts", path);
    } else {
        *error = arena_printf(arena, "cannot open the database %s: %s", path, strerror(why));
    }
    return false;
}

static int on_journal_mode(void *wal, int n, char **columns, char **names)
{
    (void)names;
    *(bool *)wal = n == 1 && columns[0] && strcmp(columns[0], "wal") == 0;
    return 0;
}

/* Turns the write-ahead log on. While another program turns it on, or is about to close the file as
 * its last user, SQLite answers BUSY here without asking the timeout of the connection. */
static int begin_log(sqlite3 *h)
{
    enum { PAUSE_MS = 5 };
    bool wal = false;
    int code = SQLITE_BUSY;
    for (int waited = 0; waited <= busy_ms; waited += PAUSE_MS) {
        code = sqlite3_exec(h, "PRAGMA journal_mode=WAL", on_journal_mode, &wal, NULL);
        if ((code & 0xFF) != SQLITE_BUSY) {
            break;
        }
        sqlite3_sleep(PAUSE_MS);
    }
    return code == SQLITE_OK && !wal ? SQLITE_PROTOCOL : code;
}

/* Settings of a connection. Deleted rows are wiped where that costs no further page
 * (secure_delete): accounts that were deleted should not be found in the file. */
static int configure(struct sqlite_db *db, unsigned flags)
{
    sqlite3 *h = db->handle;
    sqlite3_extended_result_codes(h, 1);
    sqlite3_busy_timeout(h, busy_ms);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* SQLite before 3.41 takes json_extract() in our schema for unsafe when it trusts no schema */
    sqlite3_db_config(h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, sqlite3_libversion_number() < 3041000,
                      NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, NULL); /* "x" is a name, never a text */
    sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    int code = sqlite3_exec(h,
                            "PRAGMA foreign_keys=ON;"
                            "PRAGMA temp_store=MEMORY;"
                            "PRAGMA mmap_size=67108864;"
                            "PRAGMA secure_delete=FAST",
                            NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        return code;
    }
    if (flags & DB_READ_ONLY) {
        return sqlite3_exec(h, "PRAGMA query_only=ON; PRAGMA cache_size=-1024", NULL, NULL, NULL);
    }
    code = begin_log(h);
    if (code != SQLITE_OK) {
        return code;
    }
    sqlite3_wal_hook(h, on_commit, db); /* this also takes the place of wal_autocheckpoint */
    return sqlite3_exec(h, "PRAGMA synchronous=FULL; PRAGMA cache_size=-8192", NULL, NULL, NULL);
}

static const char *why_not(struct arena *arena, struct sqlite_db *db, const char *path, int code)
{
    switch (code & 0xFF) {
    case SQLITE_NOTADB:
        return arena_printf(arena, "%s is no SQLite database: give another path or move it away",
                            path);
    case SQLITE_BUSY:
        return arena_printf(arena, "the database %s is locked by another program: end it first",
                            path);
    case SQLITE_PROTOCOL:
        return arena_printf(
            arena, "the file system of %s cannot hold a write-ahead log: use a local disk", path);
    default:
        return arena_printf(arena, "cannot open the database %s: %s", path,
                            db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
    }
}

/* Threads count no memory together: that would be a lock in every allocation. */
static void set_up_library(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct db *db_sqlite_connect(struct arena *arena, const char *path, unsigned flags,
                             const char **error)
{
    if (!find_file(arena, path, flags, error)) {
        return NULL;
    }
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_library);
    struct sqlite_db *db = calloc(1, sizeof *db);
    if (!db) {
        log_die("out of memory");
    }
    db->base.engine = &engine;
    /* also a connection that only reads must be able to write: to the index of the log */
    int code =
        sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) {
        code = configure(db, flags);
    }
    if (code != SQLITE_OK) {
        *error = why_not(arena, db, path, code);
    } else if (!(flags & DB_READ_ONLY) && sqlite3_db_readonly(db->handle, "main")) {
        *error = arena_printf(arena, "the database %s may not be written to", path);
    } else {
        return &db->base;
    }
    sqlite_close(&db->base);
    return NULL;
}
