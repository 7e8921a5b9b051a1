/**
 * A `LIMIT` that is bound. SQLite looks at a parameter that stands there alone to plan for its value, and therefore
 * compiles the statement again each time that it is bound: some 20 us where the query itself takes 4. It does not look into a sum.
 *
 * @param parameter `?` or a named one
 */
export function limitSql(parameter: string): string {
  return `LIMIT 0 + ${parameter}`;
}
