import { Fragment, type ReactNode } from "react";
import { type Key, useText } from "../i18n";
import own from "./Ivr.module.css";
import type { IvrSettings } from "./IvrForm";

type Message = IvrSettings["welcome"];

/** The way of a call through an IVR, as boxes: what it hears, and where it goes. */
export function IvrPicture({ values }: { values: IvrSettings }) {
  const text = useText();
  const isMeasured = said(values.position) || said(values.wait) || values.callback_from > 0;
  return (
    <div className={own.picture}>
      <Box
        title={values.number ? `+${values.country} ${values.area_code} ${values.number}` : values.name}
        kind="start"
      />
      <div className={own.fork}>
        {(!values.always_open || said(values.closed)) && (
          <div className={own.branch}>
            <Edge name={values.always_open ? text("phone.picture.blocked") : text("phone.picture.closed")} />
            <Box title={text("phone.hang_up")} kind="end">
              <Said message={values.closed} name="phone.closed" />
            </Box>
          </div>
        )}
        <div className={own.branch} data-wide>
          <Edge name={text("phone.picture.open")} />
          <Box title={text("phone.picture.greets")}>
            <Said message={values.welcome} name="phone.welcome" />
            {values.menu.length > 0 && <Said message={values.prompt} name="phone.prompt" />}
          </Box>
          {values.menu.length > 0 && (
            <ul className={own.options}>
              {values.menu.map(({ digit, queue }) => (
                <li key={digit}>
                  <kbd>{digit}</kbd> <span>{queue}</span>
                </li>
              ))}
            </ul>
          )}
          <Edge
            name={
              values.menu.length > 0
                ? text("phone.picture.none", { times: values.attempts })
                : text("phone.picture.all")
            }
          />
          <Box
            title={values.fallback_queue || text("phone.hang_up")}
            kind={values.fallback_queue ? undefined : "end"}
          />
        </div>
      </div>
      {(values.menu.length > 0 || values.fallback_queue) && (
        <Fragment>
          <Edge name={text("phone.picture.before")} />
          <Box title={text("phone.picture.queue", { minutes: Math.round(values.queue_wait_ms / 6_000) / 10 })}>
            {isMeasured && <Said message={values.position} name="phone.position" />}
            {isMeasured && <Said message={values.wait} name="phone.wait" />}
            {values.callback_from > 0 && <p>{text("phone.picture.callback", { waiting: values.callback_from })}</p>}
            <Said message={values.protocol} name="phone.protocol" />
          </Box>
          <Edge name={text("phone.unanswered")} />
          <Box title={text("phone.hang_up")} kind="end">
            <Said message={values.unanswered} name="phone.unanswered" />
          </Box>
        </Fragment>
      )}
    </div>
  );
}

const said = (message: Message) => message.text !== "" || message.file !== "";

function Said({ message, name }: { message: Message; name: Key }) {
  const text = useText();
  return said(message) ? (
    <p>
      <span className="muted">{text(name)}:</span> {message.file || `“${message.text}”`}
    </p>
  ) : null;
}

function Box({ title, kind, children }: { title: string; kind?: "start" | "end"; children?: ReactNode }) {
  return (
    <div className={own.box} data-kind={kind}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}

function Edge({ name }: { name: string }) {
  return (
    <div className={own.edge}>
      <svg width="10" height="18" viewBox="0 0 10 18" aria-hidden>
        <path d="M5 0v16M1 12l4 5 4-5" fill="none" stroke="currentColor" strokeWidth="1.5" />
      </svg>
      <span>{name}</span>
    </div>
  );
}
