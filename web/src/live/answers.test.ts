import { expect, it } from "vitest";
import { applied } from "./answers";

const ana = { agent: "Ana", state: "available" };
const bia = { agent: "Bia", state: "talking" };
const caio = { agent: "Caio", state: "available" };
const board = () => ({
  as_of: 1,
  at: "14:00",
  counts: { available: 2, on_call: 1 },
  agents: { available: [ana, caio], on_call: [bia] },
  waiting: [
    { visit_id: "v1", place: 1 },
    { visit_id: "v2", place: 2 },
  ],
});

it("moves a row to another list, at its place, with only its changed fields named", () => {
  const before = board();
  const after = applied(
    before,
    {
      fields: { "counts.available": 1, "counts.on_call": 2, at: "14:01" },
      tables: { agents: { changed: [{ agent: "Ana", _in: "on_call", _at: 0, state: "talking" }] } },
    },
    7,
  );
  expect(after).toEqual({
    ...before,
    as_of: 7,
    at: "14:01",
    counts: { available: 1, on_call: 2 },
    agents: { available: [caio], on_call: [{ agent: "Ana", state: "talking" }, bia] },
  });
  expect(before).toEqual(board());
});

it("keeps what does not change the same objects, so that it is not drawn anew", () => {
  const before = board();
  const after = applied(
    before,
    { tables: { waiting: { removed: ["v1"], changed: [{ visit_id: "v2", place: 1 }] } } },
    8,
  ) as typeof before;
  expect(after.waiting).toEqual([{ visit_id: "v2", place: 1 }]);
  expect(after.agents).toBe(before.agents);
  expect(after.counts).toBe(before.counts);
  const other = applied(
    before,
    { tables: { agents: { changed: [{ agent: "Bia", state: "wrap-up" }] } } },
    9,
  ) as typeof before;
  expect(other.agents.available).toBe(before.agents.available);
  expect(other.agents.on_call).toEqual([{ agent: "Bia", state: "wrap-up" }]);
});

it("inserts several new rows in the order given", () => {
  const changed = [
    { visit_id: "v0", _at: 0, place: 1 },
    { visit_id: "v9", _at: 3, place: 4 },
  ];
  const after = applied(board(), { tables: { waiting: { changed } } }, 2) as ReturnType<typeof board>;
  expect(after.waiting.map((row) => row.visit_id)).toEqual(["v0", "v1", "v2", "v9"]);
});

it("takes a change of a board of 3,000 agents in less than eight milliseconds", () => {
  const agents = Array.from({ length: 3_000 }, (_, at) => ({ agent: `Agente ${at}`, state: "available" }));
  let answer: object = { as_of: 0, agents: { available: agents, on_call: [] } };
  const taken: number[] = [];
  for (let batch = 0; batch < 40; batch += 1) {
    const changed = Array.from({ length: 50 }, (_, at) => ({
      agent: `Agente ${batch * 50 + at}`,
      _in: "on_call",
      _at: at,
      state: "talking",
    }));
    const began = performance.now();
    answer = applied(answer as never, { tables: { agents: { changed } } }, batch);
    taken.push(performance.now() - began);
  }
  taken.sort((a, b) => a - b);
  expect(taken[20]).toBeLessThan(8);
});
