import { between, figure, type Kind } from "./format";

/** Limits of figures while a source was cut off, as the API gives them. */
export interface Bounds {
  missing_at_most: number;
  [figure: string]: unknown;
}

/** Both limits of a figure; null if it is exact. */
export type Limits = [low: number, high: number] | null;

export function limitsOf(bounds: object | null | undefined, field: string): Limits {
  const limits = (bounds as Bounds | null | undefined)?.[field];
  return Array.isArray(limits) && limits[0] !== limits[1] ? (limits as [number, number]) : null;
}

/** A figure as it is shown: its value, or both its limits. */
export function bounded(kind: Kind, value: number | null | undefined, limits: Limits, locale?: string): string {
  return limits ? between(kind, limits, locale) : figure(kind, value, locale);
}

/** Whether a figure keeps its target; null without one of them, and while the target lies between its limits: nobody knows then. */
export function keepsTarget(value: number | null | undefined, target: number | null | undefined, limits: Limits) {
  if (target == null || value == null) return null;
  if (limits && limits[0] < target && target <= limits[1]) return null;
  return (limits?.[0] ?? value) >= target;
}
