import { Notifications } from "@mantine/notifications";
import "@mantine/core/styles/Notification.css";
import "@mantine/notifications/styles.css";

/** Where short messages appear. In a file of its own, so that the first page does not wait for it. */
export default function NotificationArea() {
  return <Notifications position="bottom-right" limit={3} />;
}
