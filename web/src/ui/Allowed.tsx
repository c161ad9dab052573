import type { ReactNode } from "react";
import { useText } from "../i18n";
import { Notice } from "./Notice";
import { usePermission } from "./usePermission";

/** A page for those who have its permission; others are told which one is missing, and nothing is asked of the server. */
export function Allowed({ permission, children }: { permission: string; children: ReactNode }) {
  const text = useText();
  if (usePermission(permission)) return children;
  return <Notice title={text("app.noPermission", { permission })} hint={text("app.noPermission.hint")} heading />;
}
