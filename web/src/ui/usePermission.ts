import { useSuspenseQuery } from "@tanstack/react-query";
import { me } from "../api/queries";

export function usePermission(permission: string): boolean {
  return useSuspenseQuery(me).data.permissions.includes(permission);
}
