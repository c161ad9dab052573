import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { agents, queues } from "../api/queries";
import { useText } from "../i18n";
import { Choice } from "../ui/Choice";
import styles from "./Phone.module.css";
import type { Refusal } from "./refer";
import { refusalIn } from "./refusals";
import { softphone } from "./softphone";
import { type TargetKind, targetOfAgent, targetOfNumber, targetOfQueue } from "./targets";

/** Hands a call over to an agent, a queue, an internal number or somebody outside: at once, or after asking. */
export function TransferForm({ call, own, close }: { call: number; own: string; close: () => void }) {
  const text = useText();
  const [allAgents, allQueues] = [useQuery(agents), useQuery(queues)];
  const people = (allAgents.data ?? []).filter((one) => one.name !== own && targetOfAgent(one));
  const places = (allQueues.data ?? []).filter((one) => one.active);
  const [kind, setKind] = useState<TargetKind>("queue");
  const [agent, setAgent] = useState("");
  const [queue, setQueue] = useState("");
  const [number, setNumber] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const target = () => {
    if (kind === "agent") {
      const found = people.find((one) => one.name === agent) ?? people[0];
      return found ? targetOfAgent(found) : null;
    }
    if (kind === "queue") return places[0] ? targetOfQueue(queue || places[0].name) : null;
    const digits = targetOfNumber(number);
    if (kind === "outside") return digits;
    // A queue's internal number is Atende's; any other is one of the PBX.
    const known = places.find((one) => one.internal_number !== "" && one.internal_number === digits);
    return known ? targetOfQueue(known.name) : digits?.length === 3 ? digits : null;
  };
  const act = async (how: (target: string) => Promise<Refusal | null>) => {
    const chosen = target();
    if (!chosen)
      return setProblem(
        text(kind === "agent" && people.length === 0 ? "attend.transfer.nobody" : "attend.transfer.wrong"),
      );
    setBusy(true);
    setProblem("");
    const refused = await how(chosen);
    setBusy(false);
    if (refused) setProblem(refusalIn(text, refused));
    else close();
  };
  // Without its list there is no colleague and no queue, and an internal number of Atende would be dialled at the PBX.
  const list = { agent: allAgents, queue: allQueues, internal: allQueues, outside: null }[kind];
  const isLoading = list?.isPending ?? false;
  const kinds = ["queue", "agent", "internal", "outside"] as const;
  return (
    <form
      className={styles.stack}
      aria-label={text("attend.transfer")}
      onSubmit={(event) => {
        event.preventDefault();
        void act((chosen) => softphone.transfer(call, chosen));
      }}
    >
      <Choice
        name={text("attend.transfer.to")}
        value={kind}
        choose={setKind}
        options={kinds.map((value) => ({ value, label: text(`state.target.${value}`) }))}
      />
      {kind === "agent" && (
        <NativeSelect
          label={text("attend.agent")}
          data={people.map(({ name }) => name)}
          value={agent}
          onChange={({ currentTarget }) => setAgent(currentTarget.value)}
        />
      )}
      {kind === "queue" && (
        <NativeSelect
          label={text("page.queue")}
          data={places.map(({ name }) => name)}
          value={queue}
          onChange={({ currentTarget }) => setQueue(currentTarget.value)}
        />
      )}
      {(kind === "internal" || kind === "outside") && (
        <TextInput
          label={text(kind === "internal" ? "attend.internal" : "attend.number")}
          inputMode="tel"
          maxLength={kind === "internal" ? 3 : 24}
          value={number}
          onChange={({ currentTarget }) => setNumber(currentTarget.value)}
        />
      )}
      {problem && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={styles.buttons}>
        <Button type="submit" size="sm" loading={isBusy || isLoading}>
          {text("attend.transfer.now")}
        </Button>
        <Button
          variant="default"
          size="sm"
          disabled={isBusy || isLoading}
          onClick={() => void act((chosen) => softphone.consult(call, chosen).then(() => null))}
        >
          {text("attend.transfer.ask")}
        </Button>
        <Button variant="default" size="sm" onClick={close}>
          {text("form.cancel")}
        </Button>
      </div>
    </form>
  );
}
