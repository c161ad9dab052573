import { Link, type LinkProps } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import styles from "./BackLink.module.css";

/** The way from a detail to its list. */
export function BackLink({ to, label }: { to: LinkProps["to"]; label: string }) {
  return (
    <Link to={to} className={styles.back}>
      <ChevronLeft size={15} aria-hidden />
      {label}
    </Link>
  );
}
