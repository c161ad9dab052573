import { Panel } from "../ui/Panel";
import panels from "../ui/Panel.module.css";
import { CallCard, type KnownCall } from "./CallCard";
import type { CallView } from "./call";
import { TransferForm } from "./TransferForm";
import { WrapUp } from "./WrapUp";

const NOBODY = "00000000-0000-4000-8000-000000000000";
const SINCE = Date.now() - 42_000;
const CALL: CallView = {
  id: 0,
  isIncoming: true,
  stage: "talking",
  number: "5511987654321",
  name: "",
  since: SINCE,
  isHeld: false,
  isMuted: false,
  near: null,
  far: null,
};
const KNOWN: KnownCall = {
  queue: "Suporte",
  protocol: 12_241,
  from_number: "5511987654321",
  to_number: "1130034000",
  direction: "inbound",
  since: new Date(SINCE - 60_000).toISOString(),
};
const CALLS: readonly CallView[] = [
  { ...CALL, id: 1, stage: "ringing" },
  { ...CALL, id: 2 },
  { ...CALL, id: 3, isHeld: true, isMuted: true },
  { ...CALL, id: 4, isIncoming: false, stage: "dialling", number: "201", name: "Bruno Conceição" },
  { ...CALL, id: 5, stage: "ended" },
];

/** The gallery's shelf of the phone: a call in each of its stages, the form of a transfer, and the wrap-up. */
export function Shelf() {
  return (
    <>
      <div className={panels.two}>
        <Panel title="CallCard">
          {CALLS.map((call) => (
            <CallCard key={call.id} call={call} known={call.number === CALL.number ? KNOWN : undefined} own="" />
          ))}
        </Panel>
        <Panel title="TransferForm">
          <TransferForm call={0} own="" close={() => undefined} />
        </Panel>
      </div>
      <WrapUp interaction={NOBODY} isOver isAwaited finished={() => undefined} />
    </>
  );
}
