import { useEffect, useRef } from "react";

const last = { path: "" };

/** For the title of a page: it has the focus once somebody has come from another page, so that keys and screen readers go on from there. */
export function useTitleFocus() {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (last.path && last.path !== location.pathname) title.current?.focus();
    last.path = location.pathname;
  }, []);
  return title;
}
