/** Says for some seconds, in a corner and to screen readers, that something was done. Loaded when it is needed first. */
export function saved(message: string): void {
  void import("@mantine/notifications").then(({ notifications }) =>
    notifications.show({ message, color: "teal", autoClose: 4_000, withCloseButton: false }),
  );
}
