import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { answerOf, api } from "../../api/client";
import { goesOn, imports, sending, useSending } from "../../api/imports";
import { company } from "../../api/queries";
import { type Key, useText } from "../../i18n";
import portuguese from "../../i18n/pt-BR.json";
import { Allowed } from "../../ui/Allowed";
import { ErrorBlock } from "../../ui/ErrorBlock";
import { ImportDrop } from "../../ui/ImportDrop";
import { ImportRow } from "../../ui/ImportRow";
import styles from "../../ui/Imports.module.css";
import { IMPORTS } from "../../ui/menu";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { usePermission } from "../../ui/usePermission";

export const Route = createFileRoute("/_shell/comecar")({
  component: () => (
    <Allowed permission={IMPORTS}>
      <Start />
    </Allowed>
  ),
});

/** The user of docs/asterisk.md, which reads and changes nothing. */
const MANAGER = `[atende]
secret = SECRET
read = system,call,agent,user,dialplan
write = system,reporting`;

/** How a company gets its first calls, and later those of other files. */
function Start() {
  const text = useText();
  const client = useQueryClient();
  const { empty } = useSuspenseQuery(company).data;
  const { data, error, refetch } = useQuery({ ...imports, enabled: usePermission(IMPORTS) });
  const { waiting, unsent } = useSending();
  const isSent = waiting.length + unsent.length + (data?.items.length ?? 0) > 0;
  const going = data?.items.filter(goesOn).length ?? 0;
  const isLive = data?.items.some((one) => goesOn(one) && one.kind === "simulation") ?? false;
  // What has ended may have changed everything that other pages show.
  const before = useRef(going);
  useEffect(() => {
    if (going < before.current)
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "imports" });
    else if (empty && going > 0) void client.invalidateQueries(company);
    before.current = going;
  }, [client, empty, going]);
  return (
    <>
      <PageHeader title={text(empty ? "page.start" : "page.imports")} />
      {empty && <p className="muted">{text("import.empty")}</p>}
      <div className={panels.column}>
        <Panel title={text("import.log")}>
          <ImportDrop />
        </Panel>
        {(isSent || (error && !data)) && (
          <Panel title={text("import.list")}>
            <Waiting />
            {error && !data && <ErrorBlock error={error} retry={() => void refetch()} />}
            {data && data.items.length > 0 && (
              <ul className={styles.list}>
                {data.items.map((one) => (
                  <ImportRow key={one.id} one={one} />
                ))}
              </ul>
            )}
          </Panel>
        )}
        <div className={styles.ways}>
          <Panel title={text("import.connect")}>
            <Connect />
          </Panel>
          {empty && !isLive && (
            <Panel title={text("import.simulation")}>
              <Simulation isBusy={going > 0} />
            </Panel>
          )}
        </div>
      </div>
    </>
  );
}

/** Files that are not at the server yet, or never came there. */
function Waiting() {
  const text = useText();
  const { waiting, unsent } = useSending();
  if (waiting.length + unsent.length === 0) return null;
  return (
    <ul className={styles.list}>
      {unsent.map(({ key, name, code }) => (
        <li key={key} className={styles.row}>
          <div className={styles.line} role="alert">
            <strong className={styles.name}>{name}</strong>
            <span className={styles.facts}>
              {`error.${code}` in portuguese ? text(`error.${code}` as Key) : text("error.other", { code })}
            </span>
            <Button
              variant="default"
              size="xs"
              aria-label={text("import.forget", { name })}
              onClick={() => sending.forget(key)}
            >
              {text("filters.done")}
            </Button>
          </div>
        </li>
      ))}
      {waiting.map((name, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: files of equal names wait one behind the other
        <li key={`${place}-${name}`} className={styles.row}>
          <div className={styles.line}>
            <strong className={styles.name}>{name}</strong>
            <span className={styles.facts}>{text("import.queued")}</span>
          </div>
        </li>
      ))}
    </ul>
  );
}

function Connect() {
  const text = useText();
  const log = "/var/log/asterisk/queue_log";
  return (
    <>
      <p>{text("import.connect.live")}</p>
      <pre className={styles.code}>{MANAGER}</pre>
      <p>{text("import.connect.setting")}</p>
      <pre className={styles.code}>{`ATENDE_ASTERISK=ami://atende:SECRET@10.0.0.5:5038?queue_log=${log}`}</pre>
      <p>{text("import.connect.remote", { permission: IMPORTS })}</p>
      <pre className={styles.code}>
        {`curl --data-binary @${log} -H "Content-Type: application/octet-stream" -H "Authorization: Bearer atk_…" ${location.origin}/v1/imports`}
      </pre>
      <p className="hint">{text("import.connect.hint")}</p>
    </>
  );
}

function Simulation({ isBusy }: { isBusy: boolean }) {
  const text = useText();
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: () => answerOf(api.POST("/v1/simulation")),
    onSettled: () => client.invalidateQueries(imports),
  });
  return (
    <>
      <p className="muted">{text("import.simulation.hint")}</p>
      <Button variant="default" disabled={isBusy} loading={start.isPending} onClick={() => start.mutate()}>
        {text("import.simulation.start")}
      </Button>
      {start.error && <ErrorBlock error={start.error} />}
    </>
  );
}
