// The rows of queries.py that TanStack Query has something for: wall nanoseconds per unit of each repeat, as JSON
// on one line. Usage: node queries.mjs

import { QueryClient, QueryObserver } from "@tanstack/query-core";

const REPEATS = 7;
const WAITERS = 1000;
const ANSWER = 42;
const queryKey = ["user", 1];
const queryFn = async () => ANSWER;

function right(found, wanted) {
  if (found !== wanted) throw new Error(`${found} instead of ${wanted}`);
}

async function repeated(count, call) {
  right(await call(), ANSWER);
  const start = process.hrtime.bigint();
  for (let index = 0; index < count; index++) await call();
  return Number(process.hrtime.bigint() - start) / count;
}

const work = {
  query_fresh: async () => {
    const client = new QueryClient();
    const time = await repeated(20_000, () => client.fetchQuery({ queryKey, queryFn, staleTime: 300_000 }));
    client.clear();
    return time;
  },
  query_read: async () => {
    const client = new QueryClient();
    const observer = new QueryObserver(client, { queryKey, queryFn, staleTime: 300_000 });
    const unsubscribe = observer.subscribe(() => {});
    await client.fetchQuery({ queryKey, queryFn, staleTime: 300_000 });
    const count = 100_000;
    let sum = 0;
    const start = process.hrtime.bigint();
    for (let index = 0; index < count; index++) sum += observer.getCurrentResult().data;
    const time = Number(process.hrtime.bigint() - start) / count;
    right(sum, count * ANSWER);
    unsubscribe();
    client.clear();
    return time;
  },
  query_cold: async () => {
    const client = new QueryClient();
    const time = await repeated(2_000, () => client.fetchQuery({ queryKey, queryFn, staleTime: 0, retry: 3 }));
    client.clear();
    return time;
  },
  query_waiters: async () => {
    const client = new QueryClient();
    const rounds = 5;
    let fetches = 0;
    const start = process.hrtime.bigint();
    for (let round = 0; round < rounds; round++) {
      let reply;
      const answer = new Promise((resolve) => (reply = resolve));
      const fetch = () => {
        fetches += 1;
        return answer;
      };
      const one = async () => await client.fetchQuery({ queryKey: ["user", round], queryFn: fetch });
      const waiting = Array.from({ length: WAITERS }, one);
      reply(ANSWER);
      for (const found of await Promise.all(waiting)) right(found, ANSWER);
    }
    const time = Number(process.hrtime.bigint() - start) / rounds / WAITERS;
    right(fetches, rounds);
    client.clear();
    return time;
  },
};

const figures = {};
for (const [key, measure] of Object.entries(work)) {
  figures[key] = { tanstack: [] };
  for (let repeat = 0; repeat < REPEATS; repeat++) figures[key].tanstack.push(await measure());
}
console.log(JSON.stringify(figures));
