// The written part of the client in TypeScript, against a server that answers what a test says. `atende-client` is the package itself.
import assert from "node:assert/strict";
import { test } from "node:test";
const { answerOf, API_VERSION, connect, every, followLiveEvents, logIn, NotAllowed, NotFound, Problem, Unavailable, Unreachable, watchAnswers } = await import(process.env.CLIENT);

const json = (status, body, headers = {}) => () => new Response(JSON.stringify(body), { status, headers });
const refusal = (status, code, headers, more) =>
  json(status, { type: `urn:problem-type:atende:${code}`, status, detail: "why", ...more }, headers);
const lost = () => {
  throw new TypeError("fetch failed");
};

function server(...answers) {
  const seen = { requests: [], bodies: [], waits: [] };
  const options = {
    token: "token",
    sleep: async (seconds) => void seen.waits.push(seconds),
    fetch: async (request) => {
      seen.requests.push(request);
      seen.bodies.push(await request.clone().text());
      return answers.shift()();
    },
  };
  const keys = () => seen.requests.map((request) => request.headers.get("Idempotency-Key"));
  return { ...seen, keys, options, atende: (more) => connect("http://center", { ...options, ...more }) };
}

test("a command is repeated with its key after 429, 503 and a lost connection", async () => {
  const it = server(refusal(503, "outcome-unknown", { "Retry-After": "2" }), lost, refusal(429, "too-many-requests", { "Retry-After": "7" }), json(201, { id: "x" }));
  const done = await answerOf(it.atende().POST("/v1/queues", { body: { name: "vendas" } }));
  assert.equal(done.id, "x");
  assert.ok(it.keys()[0]);
  assert.equal(new Set(it.keys()).size, 1);
  assert.deepEqual(it.bodies, Array(4).fill('{"name":"vendas"}'));
  assert.equal(it.waits[0], 2);
  assert.equal(it.waits[2], 7);
});

test("commands have keys of their own or that of the caller, and queries none", async () => {
  const it = server(...Array(4).fill(json(200, {})));
  const atende = it.atende();
  await atende.POST("/v1/queues", { body: { name: "a" } });
  await atende.POST("/v1/queues", { body: { name: "b" } });
  await atende.POST("/v1/queues", { body: { name: "b" }, params: { header: { "Idempotency-Key": "mine" } } });
  await atende.GET("/v1/me");
  const [first, second, own, query] = it.keys();
  assert.notEqual(first, second);
  assert.deepEqual([own, query], ["mine", null]);
});

test("other refusals are not repeated, and are errors of their kind", async () => {
  for (const [status, kind] of [[403, NotAllowed], [404, NotFound], [500, Problem]]) {
    const it = server(refusal(status, "x", {}, { permission: "p", errors: [{ pointer: "/name", detail: "wrong" }] }));
    await assert.rejects(it.atende().POST("/v1/queues", { body: { name: "a" } }), (problem) => {
      assert.equal(problem.constructor, kind);
      assert.deepEqual([problem.status, problem.code, problem.detail, problem.permission], [status, "x", "why", "p"]);
      assert.deepEqual(problem.errors, [{ place: "/name", detail: "wrong" }]);
      return true;
    });
    assert.deepEqual(it.waits, []);
  }
});

test("retries end", async () => {
  const it = server(...Array(3).fill(refusal(503, "unavailable", { "Retry-After": "1" })));
  await assert.rejects(it.atende({ retries: 2 }).GET("/v1/me"), Unavailable);
  assert.deepEqual(it.waits, [1, 1]);
});

test("an error of a proxy is a problem too", async () => {
  const it = server(() => new Response("<html>", { status: 502 }));
  await assert.rejects(it.atende().GET("/v1/me"), (problem) => problem instanceof Problem && problem.status === 502);
});

test("logging in is never repeated and has no key", async () => {
  const it = server(lost);
  await assert.rejects(logIn("http://center", { email: "a@b.example", password: "x", company: "Empresa" }, it.options), Unreachable);
  assert.deepEqual(it.keys(), [null]);
});

test("an expired token is renewed once for all who wait for it", async () => {
  const renewed = json(200, { access_token: "new", refresh_token: "next" });
  const it = server(refusal(401, "unauthenticated"), refusal(401, "unauthenticated"), renewed, json(200, {}), json(200, {}));
  const atende = it.atende({ refreshToken: "first" });
  await Promise.all([atende.POST("/v1/queues", { body: { name: "a" } }), atende.GET("/v1/me")]);
  const paths = it.requests.map((request) => new URL(request.url).pathname);
  assert.equal(paths.filter((path) => path === "/v1/auth/refresh").length, 1);
  assert.deepEqual(it.requests.slice(3).map((request) => request.headers.get("Authorization")), ["Bearer new", "Bearer new"]);
});

test("a center that does not answer says why", async () => {
  const causes = { ECONNREFUSED: "refused", ENOTFOUND: "unknown-host", UND_ERR_CONNECT_TIMEOUT: "timed-out", ECONNRESET: "lost" };
  for (const [code, reason] of Object.entries(causes)) {
    const it = server(() => {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
    });
    await assert.rejects(it.atende({ retries: 0 }).GET("/v1/queues"), (error) => {
      assert.ok(error instanceof Unreachable);
      assert.equal(error.reason, reason);
      assert.ok(error.message.startsWith("cannot reach http://center: "));
      return true;
    });
  }
  const late = server(() => {
    throw new DOMException("late", "TimeoutError");
  });
  await assert.rejects(late.atende({ retries: 0 }).GET("/v1/me"), (error) => error.reason === "timed-out");
});

test("every request names the version of the API", async () => {
  const it = server(json(200, {}));
  await it.atende().GET("/v1/me");
  assert.equal(it.requests[0].headers.get("Atende-Version"), API_VERSION);
  assert.equal(API_VERSION, process.env.NEWEST);
});

test("every goes through all pages", async () => {
  const it = server(...[["a", "2"], ["b", null]].map(([item, next]) => json(200, { items: [item], next, as_of: 1 })));
  const atende = it.atende();
  const items = [];
  for await (const item of every((cursor) => answerOf(atende.GET("/v1/queues", { params: { query: { limit: 1, ...cursor } } })))) items.push(item);
  assert.deepEqual(items, ["a", "b"]);
  assert.deepEqual(it.requests.map((request) => new URL(request.url).search), ["?limit=1", "?limit=1&cursor=2"]);
});

const stream = (text) => () => new Response(text, { status: 200, headers: { "Content-Type": "text/event-stream" } });

test("the stream goes on where it was cut off", async () => {
  const it = server(
    stream('id: 5\nevent: agent\ndata: {"a":1}\n\n: alive\nid: 9\n\nid: 10\nevent: agent\ndata: {"cut'),
    lost,
    ...Array(6).fill(refusal(503, "unavailable")),
    stream('id: 10\nevent: agent\ndata: {"a":2}\n\n'),
    refusal(403, "not-allowed"),
  );
  const events = followLiveEvents(it.atende(), { after: 4, sleep: it.options.sleep });
  assert.deepEqual((await events.next()).value, { position: 5, type: "agent", data: { a: 1 } });
  assert.deepEqual((await events.next()).value, { position: 10, type: "agent", data: { a: 2 } });
  await assert.rejects(events.next(), NotAllowed);
  assert.deepEqual(it.requests.map((request) => request.headers.get("Last-Event-ID")), ["4", ...Array(8).fill("9"), "10"]);
});

test("a watched answer is kept by what changes, also over a lost connection", async () => {
  const message = (id, event, data) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify({ q: 0, position: Number(id), ...data })}\n\n`;
  const free = ["a", "b", "c"].map((agent) => ({ agent, state: "available" }));
  const change = {
    fields: { at: 2, "counts.free": 2 },
    tables: {
      agents: { removed: ["c"], changed: [{ agent: "a", _in: "busy", _at: 0, state: "talking" }, { agent: "d", _in: "free", _at: 0, state: "available" }] },
      waiting: { changed: [{ visit_id: "v", since: 4 }] },
    },
  };
  const it = server(
    stream(`: watching\n\n${message("5", "answer", { answer: { at: 1, counts: { free: 3, busy: 0 }, agents: { free, busy: [] }, waiting: [{ visit_id: "v", queue: "x", since: 3 }] } })}`),
    lost,
    stream(message("9", "change", change)),
  );
  const watched = watchAnswers(it.atende(), ["/v1/monitoring?queue=vendas"], { sleep: it.options.sleep });
  assert.equal((await watched.next()).value.position, 5);
  const { question, answer } = (await watched.next()).value;
  assert.equal(question, "/v1/monitoring?queue=vendas");
  assert.deepEqual(answer, {
    as_of: 9,
    at: 2,
    counts: { free: 2, busy: 0 },
    agents: { free: [{ agent: "d", state: "available" }, { agent: "b", state: "available" }], busy: [{ agent: "a", state: "talking" }] },
    waiting: [{ visit_id: "v", queue: "x", since: 4 }],
  });
  assert.deepEqual(it.requests.map((request) => request.headers.get("Last-Event-ID")), [null, "5", "5"]);
  assert.deepEqual(new URL(it.requests[0].url).searchParams.getAll("q"), ["/v1/monitoring?queue=vendas"]);
  await watched.return();
});

test("the first answers to several questions have no id, and a stream that is lost among them begins anew", async () => {
  const message = (id, event, data) => `${id ? `id: ${id}\n` : ""}event: ${event}\ndata: ${JSON.stringify({ q: 0, position: 8, ...data })}\n\n`;
  const it = server(
    stream(`: watching\n\n${message("5", "answer", { answer: { n: 0 } })}`),
    stream(`: watching\n\nretry: 9\n\n${message("", "answer", { answer: { n: 1 } })}`),
    stream(`: watching\n\n${message("", "answer", { answer: { n: 2 } })}${message("8", "answer", { q: 1, answer: { m: 3 } })}`),
    stream(`: watching\n\n${message("9", "change", { fields: { n: 4 } })}`),
    refusal(403, "not-allowed"),
  );
  const questions = ["/v1/dashboards/inbound", "/v1/monitoring"];
  const watched = watchAnswers(it.atende(), questions, { sleep: it.options.sleep });
  const told = [];
  while (told.length < 5) told.push((await watched.next()).value);
  assert.deepEqual(told.map(({ answer: { as_of, ...answer } }) => answer), [{ n: 0 }, { n: 1 }, { n: 2 }, { m: 3 }, { n: 4 }]);
  assert.deepEqual(told.map(({ question }) => questions.indexOf(question)), [0, 0, 0, 1, 0]);
  assert.deepEqual(it.requests.map((request) => request.headers.get("Last-Event-ID")), [null, "5", null, "8"]);
  await watched.return();
});
