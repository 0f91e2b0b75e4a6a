import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Tables } from './tables.js';

/** The stores' languages; both run the same statements. */
export type Dialect = 'sqlite' | 'postgres';

/** Kysely without a connection: it builds and types the SQL, the stores run it. */
export const builders: Record<Dialect, Kysely<Tables>> = {
  sqlite: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  postgres: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
};

/** Stands in the query for a value that is known only when the statement runs. */
class Slot {
  constructor(readonly name: string) {}
}

/** SQL of one dialect and, for each of its placeholders, the name of the value or a constant. */
export interface CompiledStatement {
  sql: string;
  args(values: Record<string, unknown>): unknown[];
}

/** A query written once for both dialects and compiled once a process: a request pays for its values only. */
export interface Statement<V extends object, R> {
  compiled(dialect: Dialect): CompiledStatement;
  /** For the types alone. */
  readonly shape?: { values: V; row: R };
}

/** Names a value of the statement. */
export type Value<V> = <K extends keyof V & string>(name: K) => V[K];

/** Declares a statement: `statement<{ id: number }>()((db, value) => db.selectFrom('orders').where('id', '=', value('id')))`. */
export function statement<V extends object = Record<string, never>>() {
  return <R>(
    build: (db: Kysely<Tables>, value: Value<V>, dialect: Dialect) => { compile(): CompiledQuery<R> },
  ): Statement<V, R> => {
    const cache = new Map<Dialect, CompiledStatement>();
    return {
      compiled(dialect) {
        let compiled = cache.get(dialect);
        if (compiled === undefined) {
          const { sql, parameters } = build(builders[dialect], (name) => new Slot(name) as never, dialect).compile();
          compiled = { sql, args: argumentsOf(parameters) };
          cache.set(dialect, compiled);
        }
        return compiled;
      },
    };
  };
}

function argumentsOf(parameters: readonly unknown[]): CompiledStatement['args'] {
  return (values) => {
    const args = new Array<unknown>(parameters.length);
    for (let i = 0; i < parameters.length; i++) {
      const parameter = parameters[i];
      args[i] = parameter instanceof Slot ? values[parameter.name] : parameter;
    }
    return args;
  };
}
