/** A typed client of an Atende contact center. */
export { API_VERSION, type Atende, answerOf, connect, ifPosition, logIn, type Options } from "./connection.js";
export { type CsvParameters, type CsvPath, csvOf } from "./csv.js";
export { followLiveEvents, type LiveEvent } from "./live.js";
export { every, type Page } from "./pages.js";
export {
  Conflict,
  type FieldProblem,
  Invalid,
  NotAllowed,
  NotFound,
  Problem,
  TooManyRequests,
  Unauthenticated,
  Unavailable,
} from "./problem.js";
export type { Fetch, Sleep } from "./retries.js";
export type { components, operations, paths } from "./schema.js";
export type { Following } from "./streams.js";
export { Unreachable, type UnreachableReason } from "./unreachable.js";
export { type WatchedAnswer, watchAnswers } from "./watch.js";
