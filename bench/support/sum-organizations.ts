import { sql } from "drizzle-orm";
import type { LentDatabase } from "../../packages/server/src/storage/storage.ts";

/** The columns of a rollup after its series and time, summed. */
export const SUMS = sql.raw(`
  sum(requests)::bigint, sum(input_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), 0, sum(output_tokens), 0,
  sum(input_nano_usd), sum(cache_read_nano_usd), sum(cache_write_5m_nano_usd), 0, sum(output_nano_usd), 0, sum(charged_nano_usd)`);

/** An organization's own sums by what its series have, as `record_turns` would have kept them. */
export async function sumOrganizations(database: LentDatabase): Promise<void> {
  const whole = sql.raw("organization_id, model, service_tier, inference_geo, context_window, product");
  await database.execute(sql`insert into usage_organization_series (${whole}) select distinct ${whole} from usage_series`);
  for (const unit of ["minutes", "hours", "days"]) {
    await database.execute(sql`
      insert into ${sql.identifier(`usage_organization_${unit}`)}
      select o.id, u.bucket, ${SUMS}
      from ${sql.identifier(`usage_${unit}`)} u join usage_series s on s.id = u.series_id
      join usage_organization_series o using (${whole}) group by 1, 2 order by 1, 2`);
  }
}
