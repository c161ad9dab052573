import { Link, type LinkProps, useLocation } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import styles from "./BackLink.module.css";

/** The way from a detail to its list, as it was filtered if the detail was opened from there. */
export function BackLink({ to, label }: { to: LinkProps["to"]; label: string }) {
  const search = useLocation({ select: (location) => location.state.list });
  return (
    <Link to={to} search={(search ?? {}) as never} className={styles.back}>
      <ChevronLeft size={15} aria-hidden />
      {label}
    </Link>
  );
}
