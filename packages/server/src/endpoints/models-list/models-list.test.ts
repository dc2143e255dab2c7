import type { ModelPage } from "@parley/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { get, startTestServer, type TestServer } from "../../doors/testing/start-test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const page = async (query: string): Promise<ModelPage> => (await get(server, `/v1/models${query}`)).json() as Promise<ModelPage>;

test("pages forwards and backwards over the same list", async () => {
  const all = (await page("?limit=1000")).data.map((model) => model.id);
  const first = await page("?limit=3");
  expect(first).toMatchObject({ has_more: true, first_id: all[0], last_id: all[2] });
  const second = await page(`?limit=3&after_id=${first.last_id}`);
  expect(second.data.map((model) => model.id)).toEqual(all.slice(3, 6));
  const back = await page(`?limit=2&before_id=${second.first_id}`);
  expect(back.data.map((model) => model.id)).toEqual(all.slice(1, 3));
  expect(back.has_more).toBe(true);
  expect(await page(`?after_id=${all.at(-1)}`)).toEqual({ data: [], has_more: false, first_id: null, last_id: null });
});

test("filters by lifecycle", async () => {
  const { data } = await page("?limit=1000&lifecycle[]=deprecated");
  expect(new Set(data.map((model) => model.lifecycle))).toEqual(new Set(["deprecated"]));
});

test.each(["?limit=0", "?limit=1001", "?limit=x", "?after_id=nobody", "?after_id=a&before_id=b", "?lifecycle[]=x"])(
  "%s is a 400",
  async (query) => {
    expect((await get(server, `/v1/models${query}`)).status).toBe(400);
  },
);
