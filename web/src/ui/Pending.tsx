import { ErrorBlock } from "./ErrorBlock";
import { DashboardSkeleton } from "./Skeleton";

/** A page without an answer yet: why it did not come, else the outline of what comes. figures: how many cards stand at its head. */
export function Pending({ error, retry, figures }: { error: unknown; retry: () => void; figures: number }) {
  return error ? <ErrorBlock error={error} retry={retry} /> : <DashboardSkeleton figures={figures} />;
}
