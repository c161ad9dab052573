import { type Answer, applied, type Change } from "./answers";
import { type Block, blocksOf } from "./eventStream";
import { type FromTab, type Refusal, type Seat, STALE_MS } from "./messages";

/** After so long without an answer to a broken stream the line counts as lost: a stream that is only renewed is not noticed. */
const LOST_MS = 700;
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 4_000;
/** A tab that said nothing for so long is gone, or sleeps; a hidden one speaks once a minute. */
const SILENT_TAB_MS = 200_000;
const MOST_QUESTIONS = 20;

/** An access token other than the `refused` one, and whose it is. `gone`: the session has ended. Neither: the server is away. */
export type Tokens = (refused: string | null) => Promise<{ token: string | null; user: string | null; gone: boolean }>;

interface Topic {
  answer: Answer | null;
  position: number;
  refusal: Refusal | null;
}

interface Tab {
  watching: ReadonlySet<string>;
  isHidden: boolean;
  /** Questions of which it has not got the newest answer, because it is hidden. */
  behind: Set<string>;
  heardAt: number;
}

/** How a stream ended: at least how long to wait before the next one, and why, if it is a refusal. */
interface Ending {
  waitMs: number;
  problem: Refusal | null;
}

const NO_CONNECTION: Refusal = { status: 0, code: "no-connection", requestId: "", permission: null, retryAfter: 0 };

/**
 * The one stream of a browser: it watches the questions of all tabs, keeps their answers, and hands each tab what is new for it.
 *
 * It runs in a worker that the tabs share, or in the tab that leads them. A tab that is hidden gets nothing; when it is seen again it
 * gets the whole answers. After a break the stream goes on at the positions that it had.
 */
export class Hub {
  #tabs = new Map<Seat, Tab>();
  #topics = new Map<string, Topic>();
  #questions: string[] = [];
  #stream: AbortController | null = null;
  #failures = 0;
  #isLost = false;
  #isGone = false;
  #problem: Refusal | null = null;
  #sign = 0;
  #skew: number | null = null;
  #lostTimer: ReturnType<typeof setTimeout> | undefined;
  #wake: () => void = () => undefined;
  #user: string | null = null;

  constructor(
    private readonly tokens: Tokens,
    private readonly open: (url: string, options: RequestInit) => Promise<Response> = (url, options) =>
      fetch(url, options),
  ) {}

  /** What a tab watches now. Tabs repeat it, so that those that ended without a word are found. */
  take(seat: Seat, message: FromTab): void {
    if (message.isLeaving) this.#tabs.delete(seat);
    else this.#seat(seat, message);
    const oldest = Date.now() - SILENT_TAB_MS;
    for (const [other, tab] of this.#tabs) if (tab.heardAt < oldest) this.#tabs.delete(other);
    this.#watchWanted();
  }

  /** Whose session it is now; null: nobody's. What one user has seen is not kept for the next one. */
  enter(user: string | null): void {
    this.#belongTo(user);
    this.#isGone = user === null;
    this.#watchWanted();
    this.#wake();
  }

  /** Try again at once what waits for its next attempt. */
  hurry(): void {
    this.#wake();
  }

  /** End everything. */
  stop(): void {
    this.#tabs.clear();
    this.#close();
  }

  #belongTo(user: string | null): void {
    if (user !== this.#user) {
      this.#close();
      this.#topics.clear();
    }
    this.#user = user;
  }

  #seat(seat: Seat, message: FromTab): void {
    const before = this.#tabs.get(seat);
    const watching = new Set(message.watching);
    const behind = new Set([...watching].filter((question) => before?.behind.has(question)));
    const tab = { watching, isHidden: message.isHidden, behind, heardAt: Date.now() };
    this.#tabs.set(seat, tab);
    if (message.retry && this.#topics.get(message.retry)?.refusal) this.#topics.delete(message.retry);
    for (const question of watching) {
      const isNew = !before?.watching.has(question) || message.isNew;
      const isDue = isNew || (!tab.isHidden && tab.behind.has(question));
      const topic = this.#topics.get(question);
      if (!topic || !isDue) continue;
      tab.behind.delete(question);
      this.#sendWhole(seat, question, topic);
    }
    if (!before || message.isNew) seat.post({ line: this.#line() });
  }

  #sendWhole(seat: Seat, question: string, topic: Topic): void {
    if (topic.refusal) seat.post({ question, refusal: topic.refusal });
    else if (topic.answer) seat.post({ question, answer: topic.answer, line: this.#line() });
  }

  #line() {
    return { isLost: this.#isLost, isGone: this.#isGone, sign: this.#sign, skew: this.#skew, problem: this.#problem };
  }

  #tell(): void {
    for (const seat of this.#tabs.keys()) seat.post({ line: this.#line() });
  }

  #watchWanted(): void {
    const wanted = new Set<string>();
    for (const tab of this.#tabs.values()) for (const question of tab.watching) wanted.add(question);
    for (const question of this.#topics.keys()) if (!wanted.has(question)) this.#topics.delete(question);
    for (const question of wanted) {
      if (!this.#topics.has(question)) this.#topics.set(question, { answer: null, position: 0, refusal: null });
    }
    const asked = [...this.#topics].filter(([, topic]) => !topic.refusal).map(([question]) => question);
    const questions = asked.slice(-MOST_QUESTIONS);
    if (this.#isGone || (this.#stream && questions.join("\n") === this.#questions.join("\n"))) return;
    this.#close();
    this.#questions = questions;
    if (questions.length === 0) return;
    this.#stream = new AbortController();
    void this.#run(questions, this.#stream.signal);
  }

  #close(): void {
    this.#stream?.abort();
    this.#stream = null;
    this.#questions = [];
  }

  /** Follow the questions until others are wanted. */
  async #run(questions: readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { waitMs, problem } = await this.#follow(questions, signal);
      if (signal.aborted) return;
      this.#problem = problem;
      if (this.#isGone) {
        this.#close();
        this.#setLost();
        return;
      }
      this.#lostTimer ??= setTimeout(() => this.#setLost(), this.#failures ? 0 : LOST_MS);
      // The first attempt after a stream that worked is made at once: most streams end because the access token does.
      const growing = this.#failures ? Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS) : 0;
      this.#failures += 1;
      await this.#pause(Math.max(waitMs, growing * (0.5 + Math.random() / 2)));
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #follow(questions: readonly string[], signal: AbortSignal): Promise<Ending> {
    const connection = new AbortController();
    const end = () => connection.abort();
    signal.addEventListener("abort", end);
    let watchdog = setTimeout(end, STALE_MS);
    const received = () => {
      this.#sign = Date.now();
      clearTimeout(watchdog);
      watchdog = setTimeout(end, STALE_MS);
    };
    try {
      const answer = await this.#request(questions, connection.signal);
      if (!answer) return { waitMs: 0, problem: null };
      if (!answer.ok || !answer.body) return await this.#refused(questions, answer);
      this.#skew = skewOf(answer.headers.get("date"));
      for await (const block of blocksOf(answer.body, received)) {
        if (signal.aborted) break;
        this.#takeBlock(questions, block);
      }
      return { waitMs: 0, problem: NO_CONNECTION };
    } catch {
      return { waitMs: 0, problem: NO_CONNECTION };
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", end);
      connection.abort();
    }
  }

  /** Open the stream, with a new token if the one that is known is refused. null: there is no session any more. */
  async #request(questions: readonly string[], signal: AbortSignal): Promise<Response | null> {
    const query = questions.map((question) => `q=${encodeURIComponent(question)}`).join("&");
    const positions = questions.map((question) => this.#topics.get(question)?.position ?? 0);
    let refused: string | null = null;
    for (;;) {
      const { token, user, gone } = await this.tokens(refused);
      if (signal.aborted) return null;
      this.#isGone = gone;
      if (gone) return null;
      if (token === null) throw new Error("no access token: the server is away");
      this.#user = user;
      const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
      if (positions.some((position) => position > 0)) headers["Last-Event-ID"] = positions.join(",");
      const answer = await this.open(`/v1/watch?${query}`, { headers, signal, cache: "no-store" });
      if (answer.status !== 401 || refused !== null) return answer;
      refused = token;
    }
  }

  async #refused(questions: readonly string[], answer: Response): Promise<Ending> {
    const problem = await answer.json().catch(() => ({}));
    const refusal: Refusal = {
      status: answer.status,
      code: String(problem.type ?? `http-${answer.status}`)
        .split(":")
        .pop() as string,
      requestId: answer.headers.get("request-id") ?? "",
      permission: problem.permission ?? null,
      retryAfter: Number(answer.headers.get("retry-after") ?? 0),
    };
    if (answer.status >= 500 || answer.status === 429 || answer.status === 401) {
      return { waitMs: refusal.retryAfter * 1_000, problem: refusal };
    }
    // One wrong question must not silence the others: the problem names it.
    const named = /^q\[(\d+)\]/.exec(String(problem.errors?.[0]?.parameter ?? problem.detail ?? ""));
    const wrong = named ? [questions[Number(named[1])] as string] : questions;
    for (const question of wrong) {
      const topic = this.#topics.get(question);
      if (topic) topic.refusal = refusal;
      for (const [seat, tab] of this.#tabs) if (tab.watching.has(question)) seat.post({ question, refusal });
    }
    this.#watchWanted();
    return { waitMs: 0, problem: refusal };
  }

  #takeBlock(questions: readonly string[], { id, data }: Block): void {
    if (data !== undefined) this.#takeMessage(questions, JSON.parse(data));
    if (id === undefined) return;
    // A block with an id says that every question is answered: what the tabs have is current.
    const positions = id.split(",").map(Number);
    questions.forEach((question, at) => {
      const topic = this.#topics.get(question);
      if (topic) topic.position = positions[at] ?? positions[0] ?? 0;
    });
    clearTimeout(this.#lostTimer);
    this.#lostTimer = undefined;
    this.#failures = 0;
    this.#problem = null;
    const wasLost = this.#isLost;
    this.#isLost = false;
    if (wasLost || data === undefined) this.#tell();
  }

  #takeMessage(
    questions: readonly string[],
    message: { q: number; position: number; now: string; answer?: Answer } & Change,
  ): void {
    const question = questions[message.q] as string;
    const topic = this.#topics.get(question);
    if (!topic) return;
    // A message may be older than its arrival, never younger: the one that came fastest tells the difference of the clocks best.
    this.#skew = Math.max(this.#skew ?? Number.NEGATIVE_INFINITY, Date.parse(message.now) - Date.now());
    const { fields, tables } = message;
    topic.position = message.position;
    topic.answer = message.answer
      ? { ...message.answer, as_of: message.position }
      : topic.answer && applied(topic.answer, { fields, tables }, message.position);
    for (const [seat, tab] of this.#tabs) {
      if (!tab.watching.has(question)) continue;
      if (tab.isHidden && !message.answer) tab.behind.add(question);
      else if (message.answer || tab.behind.delete(question)) this.#sendWhole(seat, question, topic);
      else seat.post({ question, change: { fields, tables }, position: message.position, line: this.#line() });
    }
  }

  #setLost(): void {
    clearTimeout(this.#lostTimer);
    this.#lostTimer = undefined;
    this.#isLost = true;
    this.#tell();
  }
}

/** How far the server's clock is ahead of this machine's at least, by the second in which it answered. */
function skewOf(date: string | null): number | null {
  const at = Date.parse(date ?? "");
  return Number.isNaN(at) ? null : at - Date.now();
}
