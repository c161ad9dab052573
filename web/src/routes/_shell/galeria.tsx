import { createFileRoute } from "@tanstack/react-router";
import { Gallery } from "../../ui/Gallery";

/** Every component of the console's own, in every state. Not in the menu: for those who write pages. */
export const Route = createFileRoute("/_shell/galeria")({ component: Gallery });
