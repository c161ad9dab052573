import { NativeSelect } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { answerOf, api } from "../../api/client";
import { agents, me } from "../../api/queries";
import { useText } from "../../i18n";
import { useLive } from "../../live/useLive";
import { Calls } from "../../phone/Calls";
import { DialForm } from "../../phone/DialForm";
import { OwnState } from "../../phone/OwnState";
import styles from "../../phone/Phone.module.css";
import { PhonePanel } from "../../phone/PhonePanel";
import { useSoftphone } from "../../phone/softphone";
import { WrapUp } from "../../phone/WrapUp";
import { Allowed } from "../../ui/Allowed";
import { CommandButton } from "../../ui/CommandButton";
import { MONITORING, USERS } from "../../ui/menu";
import { Notice } from "../../ui/Notice";
import { PageHeader } from "../../ui/PageHeader";
import { Pending } from "../../ui/Pending";
import { usePermission } from "../../ui/usePermission";

export const Route = createFileRoute("/_shell/atender")({
  component: () => (
    <Allowed permission={MONITORING}>
      <Attend />
    </Allowed>
  ),
});

/** The screen of an agent: the own phone, its calls, the own state and the wrap-up. */
function Attend() {
  const text = useText();
  const user = useSuspenseQuery(me).data;
  const known = useQuery(agents);
  const own = (known.data ?? []).filter((agent) => agent.user_id === user.id);
  const { agent: registered } = useSoftphone();
  const [chosen, setChosen] = useState("");
  const agent = own.find(({ name }) => name === (registered || chosen)) ?? own[0];
  if (!known.data) {
    return (
      <>
        <PageHeader title={text("page.attend")} />
        <Pending error={known.error} retry={() => void known.refetch()} figures={1} />
      </>
    );
  }
  if (!agent) return <NoAgent user={user} />;
  return (
    <Desk key={agent.name} agent={agent.name} interfaces={agent.interfaces}>
      {own.length > 1 && (
        <NativeSelect
          aria-label={text("attend.agent")}
          data={own.map(({ name }) => name)}
          value={agent.name}
          disabled={registered !== ""}
          onChange={({ currentTarget }) => setChosen(currentTarget.value)}
        />
      )}
    </Desk>
  );
}

/** A user to whom no agent belongs; who may, becomes one here. */
function NoAgent({ user }: { user: { id: string; name: string } }) {
  const text = useText();
  const mayMake = usePermission(USERS);
  const body = { agent: user.name, user_id: user.id };
  return (
    <>
      <PageHeader title={text("page.attend")} />
      <Notice title={text("attend.noAgent")} hint={text("attend.noAgent.hint")}>
        {mayMake && (
          <CommandButton
            label={text("attend.become")}
            send={(headers) => answerOf(api.POST("/v1/agents", { body, headers }))}
          />
        )}
      </Notice>
    </>
  );
}

function Desk({
  agent,
  interfaces,
  children,
}: {
  agent: string;
  interfaces: readonly string[];
  children: React.ReactNode;
}) {
  const text = useText();
  const phone = useSoftphone();
  const { answer, line } = useLive(
    "/v1/monitoring",
    useMemo(() => ({ agent: [agent] }), [agent]),
  );
  const state = answer && Object.values(answer.agents).flat().at(0);
  const interaction = state?.interaction_id ?? null;
  const known =
    answer?.waiting.find((one) => one.ringing.includes(agent)) ??
    answer?.calls.find((one) => one.interaction_id === interaction || one.agent === agent);
  const isTalking = state?.state === "talking";
  // What was talked about can be written down until it is finished, or the next call is answered.
  const [work, setWork] = useState<string | null>(null);
  // The board may show for a moment more what is finished already.
  const [finished, setFinished] = useState<string | null>(null);
  const isWork = isTalking || state?.state === "wrap-up";
  useEffect(() => {
    if (interaction && isWork) setWork(interaction);
  }, [interaction, isWork]);
  return (
    <>
      <PageHeader title={text("page.attend")} line={answer && line}>
        {children}
      </PageHeader>
      <div className={styles.page}>
        <div className={styles.column}>
          <Calls known={known} own={agent} />
          {work && work !== finished && (
            <WrapUp
              key={work}
              interaction={work}
              isOver={!(isTalking && interaction === work)}
              isAwaited={state?.state === "wrap-up"}
              finished={() => setFinished(work)}
            />
          )}
          <DialForm agent={agent} />
        </div>
        <div className={styles.column}>
          <OwnState agent={agent} state={state} hasPhone={phone.state === "ready"} />
          <PhonePanel agent={agent} interfaces={interfaces} />
        </div>
      </div>
    </>
  );
}
