/** Kysely on `node:sqlite`: its SQLite dialect wants the shape of better-sqlite3, which this gives. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type Dialect, SqliteDialect } from 'kysely';
import { messageOf, ShelfwiseError } from '../base/index.ts';

/** Opens (or makes) a database file with a write-ahead log that is synced at every commit; what is deleted is overwritten with zeros. */
export function sqliteDialect(file: string): Dialect {
  const database = new DatabaseSync(file, { timeout: 5000 });
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;',
  );
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    // Every transaction of ours writes. One that only began to read is refused at its first write, without waiting, when another thread
    // has committed meanwhile (SQLITE_BUSY_SNAPSHOT): so it takes the lock first, and waits for it.
    const statement = database.prepare(sql === 'begin' ? 'begin immediate' : sql);
    if (statements.size < 200) statements.set(sql, statement);
    return statement;
  };
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare: (sql) => {
        const statement = prepare(sql);
        return {
          reader: statement.columns().length > 0,
          all: (parameters) => refusals(() => statement.all(...parameters.map(bindable))),
          run: (parameters) => refusals(() => statement.run(...parameters.map(bindable))),
          iterate: (parameters) => statement.iterate(...parameters.map(bindable)),
        };
      },
    },
  });
}

/** Primary result codes of SQLite. */
const SQLITE_FULL = 13;
const SQLITE_IOERR = 10;

/** What the disk refuses has a name of ours. */
function refusals<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    if (code === SQLITE_FULL) throw new ShelfwiseError('STORE_FULL', messageOf(error), { cause: error });
    if (code === SQLITE_IOERR) throw new ShelfwiseError('STORE_WRITE_FAILED', messageOf(error), { cause: error });
    throw error;
  }
}

function bindable(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint')
    return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Uint8Array) return value;
  throw new ShelfwiseError('BUG', `a ${typeof value} cannot be bound to a statement of SQLite`);
}
