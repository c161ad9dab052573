import { useQuery } from "@tanstack/react-query";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, api } from "../../api/client";
import { company, ivrOf } from "../../api/queries";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { BackLink } from "../../ui/BackLink";
import { CommandButton } from "../../ui/CommandButton";
import { IvrBlacklist } from "../../ui/IvrBlacklist";
import { IvrDryRun } from "../../ui/IvrDryRun";
import { type Ivr, IvrForm, NEW, settingsOf } from "../../ui/IvrForm";
import { IvrPicture } from "../../ui/IvrPicture";
import { BLACKLIST, PHONES } from "../../ui/menu";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import panels from "../../ui/Panel.module.css";
import { Pending } from "../../ui/Pending";
import { usePermission } from "../../ui/usePermission";

export const Route = createFileRoute("/_shell/canais/telefone/$ivr")({
  component: () => (
    <Allowed permission={PHONES}>
      <IvrPage />
    </Allowed>
  ),
});

/** One IVR (URA): its number, its hours, what it says and where its menu leads. */
function IvrPage() {
  const { ivr } = Route.useParams();
  return ivr === "novo" ? <New /> : <Existing id={ivr} key={ivr} />;
}

function New() {
  const text = useText();
  const navigate = useNavigate();
  const zone = useQuery(company).data?.timezone ?? NEW.timezone;
  return (
    <>
      <BackLink to="/canais/telefone" label={text("page.phone")} />
      <PageHeader title={text("phone.new")} />
      <Panel title={text("phone.settings")}>
        <IvrForm
          initial={{ ...NEW, timezone: zone }}
          action={text("form.create")}
          save={(body, _, headers) => answerOf(api.POST("/v1/ivrs", { body, headers }))}
          onSaved={(done) => done && void navigate({ to: "/canais/telefone/$ivr", params: { ivr: done.id } })}
        />
      </Panel>
    </>
  );
}

function Existing({ id }: { id: string }) {
  const text = useText();
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(ivrOf(id));
  const [round, setRound] = useState(0);
  const blocks = usePermission(BLACKLIST);
  const params = { path: { ivr_id: id } };
  return (
    <>
      <BackLink to="/canais/telefone" label={text("page.phone")} />
      <PageHeader title={data?.name ?? text("page.phone")}>
        {data && (
          <CommandButton
            label={text("form.delete")}
            ask={text("phone.delete.ask")}
            isDanger
            send={(headers) => answerOf(api.DELETE("/v1/ivrs/{ivr_id}", { params, headers }))}
            onSaved={() => void navigate({ to: "/canais/telefone" })}
          />
        )}
      </PageHeader>
      {data ? (
        <div className={panels.column}>
          <Panel title={text("phone.settings")}>
            <IvrForm
              key={round}
              id={id}
              initial={settingsOf(data)}
              current={async () => settingsOf((await refetch({ throwOnError: true })).data as Ivr)}
              save={({ name: _, ...body }, __, headers) =>
                answerOf(api.PATCH("/v1/ivrs/{ivr_id}", { params, body, headers }))
              }
              onUploaded={() => void refetch().then(() => setRound(round + 1))}
            >
              {(values) => (
                <div className={panels.two} style={{ marginTop: 16 }}>
                  <Panel title={text("phone.picture")}>
                    <IvrPicture values={values} />
                  </Panel>
                  <Panel title={text("phone.try")}>
                    <IvrDryRun id={id} values={values} />
                  </Panel>
                </div>
              )}
            </IvrForm>
          </Panel>
          {blocks && (
            <Panel title={text("phone.blacklist")}>
              <IvrBlacklist id={id} />
            </Panel>
          )}
        </div>
      ) : (
        <Pending error={error} retry={() => void refetch()} figures={1} />
      )}
    </>
  );
}
