import { Button, NumberInput, Switch, Textarea, TextInput } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { ApiError } from "../api/client";
import { Figure } from "../figures/Figure";
import figures from "../figures/Figure.module.css";
import type { Lineage } from "../figures/lineage";
import { filtersOf } from "../filters/filters";
import type { Line } from "../live/useLive";
import { CsvAction, LinkAction } from "./Actions";
import { NowList } from "./AgentsNow";
import { DeliveryState, Quality, Status, WebhookState } from "./Badge";
import { Chart } from "./Chart";
import { Choice } from "./Choice";
import { CommandButton } from "./CommandButton";
import { ErrorBlock } from "./ErrorBlock";
import form from "./Form.module.css";
import "./forms.css";
import { Facts } from "./Facts";
import { Choices, NamesField, SecondsInput } from "./Fields";
import { Flow } from "./Flow";
import { LineState } from "./LineState";
import { MultiSelect } from "./MultiSelect";
import { Notice } from "./Notice";
import { OneTime } from "./OneTime";
import { PageHeader, Progress } from "./PageHeader";
import { Panel } from "./Panel";
import panels from "./Panel.module.css";
import { PasswordRules } from "./PasswordRules";
import { PeriodControl } from "./PeriodControl";
import { Preferences } from "./Preferences";
import { DashboardSkeleton } from "./Skeleton";
import { type Mark, StateMark } from "./StateMark";
import { Table } from "./Table";

/** The phone's code comes apart from that of the other pages. */
const Phone = lazy(() => import("../phone/Shelf").then(({ Shelf }) => ({ default: Shelf })));

const LINEAGE: Lineage = { position: 113_149, zone: "America/Sao_Paulo", definition: "1", definitions: new Map() };
const MARKS: readonly Mark[] = ["ok", "breach", "available", "talking", "ringing", "wrap-up", "paused", "offline"];
const NAMES = ["Cobrança", "Suporte", "Vendas", "Um nome que é tão comprido que ninguém o escreveria inteiro"];
const HOURS = Array.from({ length: 8 }, (_, hour) => `2026-11-28T${String(8 + hour).padStart(2, "0")}:00:00-03:00`);
const LINES: readonly Line["state"][] = ["live", "wait", "dead", "past"];

/** The components of the console's own, each in its states, with made-up numbers. The words of its headings are names of the code. */
export function Gallery() {
  return (
    <div className={panels.column}>
      <PageHeader title="Galeria">
        <Preferences />
      </PageHeader>
      <Figures />
      <States />
      <Controls />
      <Fields />
      <Pictures />
      <Suspense>
        <Phone />
      </Suspense>
      <Waiting />
    </div>
  );
}

function Shelf({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Panel title={title}>
      <div className={form.buttons}>{children}</div>
    </Panel>
  );
}

const PREVIOUS = { totals: { answered: 430, sla_percent: 83.1 }, from: "27/11/2026", to: "27/11/2026 14:03:00" };

function Figures() {
  const bounds = { missing_at_most: 7, offered: [412, 419] };
  return (
    <Panel title="Figure">
      <div className={figures.grid}>
        <Figure name="sla_percent" value={86.43} keeps lineage={LINEAGE} note="meta 80,00 %" />
        <Figure name="sla_percent" value={61.2} keeps={false} lineage={LINEAGE} note="meta 80,00 %" />
        <Figure name="offered" value={412} bounds={bounds} lineage={LINEAGE} />
        <Figure name="asa_ms" value={9_400} bounds={bounds} lineage={LINEAGE} />
        <Figure name="aht_ms" value={null} lineage={LINEAGE} />
        <Figure name="timed_out" value={1_234_567} lineage={LINEAGE} />
        <Figure name="answered" value={412} lineage={LINEAGE} previous={PREVIOUS} />
        <Figure name="sla_percent" value={86.43} lineage={LINEAGE} previous={PREVIOUS} />
        <Figure name="abandoned" value={7} lineage={LINEAGE} previous={null} />
      </div>
      <NowList rows={MARKS.map((mark) => ({ key: mark, mark, label: mark, value: 12 }))} />
    </Panel>
  );
}

function States() {
  return (
    <>
      <Shelf title="StateMark">
        {MARKS.map((mark) => (
          <span key={mark} className={form.buttons}>
            <StateMark state={mark} size={14} /> {mark}
          </span>
        ))}
      </Shelf>
      <Shelf title="Badge">
        {["answered", "abandoned", "timed-out", "transferred-out", "closed"].map((code) => (
          <Status key={code} code={code} label={code} />
        ))}
        {["high", "medium", "low"].map((band) => (
          <Quality key={band} band={band} label={band} />
        ))}
        <WebhookState status="paused" />
        <DeliveryState status="failed" />
      </Shelf>
      <Shelf title="LineState">
        {LINES.map((state) => (
          <LineState key={state} line={{ state, sign: Date.parse(HOURS[6] ?? "") }} moment="113149" />
        ))}
      </Shelf>
    </>
  );
}

function Controls() {
  const [chosen, choose] = useState<readonly string[]>(["Vendas"]);
  const [view, setView] = useState("hora");
  const { filters } = filtersOf({}, "hoje");
  return (
    <Shelf title="Choice, MultiSelect, PeriodControl, Actions, CommandButton">
      <Choice
        name="Visão"
        value={view}
        choose={setView}
        options={[
          { value: "hora", label: "Hora" },
          { value: "dia", label: "Dia" },
          { value: "mes", label: "Mês", disabled: true },
        ]}
      />
      <MultiSelect label="Serviço" names={NAMES} chosen={[]} choose={choose} />
      <MultiSelect label="Escolhidos" names={NAMES} chosen={chosen} choose={choose} />
      <PeriodControl filters={filters} zone="America/Sao_Paulo" change={() => undefined} />
      <LinkAction filters={filters} position={113_149} zone="America/Sao_Paulo" />
      <CsvAction files={[]} />
      <CommandButton label="Desativar" ask="O que acontece é dito antes." isDanger send={async () => undefined} />
    </Shelf>
  );
}

function Fields() {
  const [chosen, choose] = useState<string[]>(["b"]);
  const [names, setNames] = useState<string[]>(["Suporte"]);
  const [ms, setMs] = useState(20_000);
  const [secret, setSecret] = useState("");
  const options = [
    { value: "a", label: "gerenciar-relatorio", description: "Dashboards e relatórios" },
    { value: "b", label: "gerenciar-phone", description: "Telefone e URA" },
    { value: "c", label: "gerenciar-chaves", description: "Não pode ser dada", isDisabled: true },
  ];
  return (
    <Panel title="Fields, OneTime, PasswordRules">
      <div className={form.fields}>
        <TextInput label="Nome" description="Uma dica" defaultValue="Ana Souza" />
        <TextInput label="E-mail" error="Um endereço de e-mail" defaultValue="ana" />
        <TextInput label="Desativado" disabled defaultValue="não muda" />
        <NumberInput label="Atendimento %" suffix=" %" defaultValue={80} />
        <SecondsInput label="Tempo Atendimento" value={ms} onChange={setMs} />
        <Switch label="Aparece na tela" defaultChecked />
        <Textarea className={form.wide} label="Boas-vindas" autosize minRows={2} />
        <Choices title="Permissões" options={options} chosen={chosen} choose={choose} />
        <NamesField title="Serviços" names={NAMES} chosen={names} choose={setNames} none="Nenhum" />
        <PasswordRules rules={{ policy: "composition", shortest: 6, longest: 20 }} password="Abc1" />
        <Button variant="default" onClick={() => setSecret("atk_3kT9xQ2b_AZMrXHwA")}>
          OneTime
        </Button>
      </div>
      <OneTime title="Segredo" hint="Aparece só desta vez." secret={secret} close={() => setSecret("")} />
    </Panel>
  );
}

function Pictures() {
  const rows = NAMES.map((name, index) => ({ name, offered: 400 - index * 90 }));
  return (
    <>
      <div className={panels.two}>
        <Chart
          title="Chart"
          starts={HOURS}
          by="hour"
          target={80}
          series={[
            { name: "Recebidas", kind: "count", colour: 1, values: [4, 9, 12, 20, 18, 14, 9, null] },
            { name: "SLA", kind: "percent", colour: 2, values: [90, 85, 70, 60, 88, 92, 95, null] },
          ]}
        />
        <Chart
          title="Chart, vazio"
          starts={HOURS}
          by="hour"
          series={[{ name: "Recebidas", kind: "count", colour: 1, values: HOURS.map(() => 0) }]}
        />
      </div>
      <Panel title="Facts">
        <Facts
          facts={[
            ["Discada", "28/11/2026 14:03:00"],
            ["Resultado", <Status key="result" code="answered" label="Atendida" />],
            ["Serviço", NAMES[3]],
            ["Modo", ""],
          ]}
        />
      </Panel>
      <Panel title="Flow, Parts">
        <Flow
          whole={{ name: "Entrantes", value: 100 }}
          parts={[
            { key: "led_to_queue", name: "Levadas à fila", value: 70 },
            { key: "abandoned_in_ivr", name: "Abandonadas IVR", value: 20 },
            { key: "out_of_hours", name: "Fora de Serviço", value: 10 },
          ]}
        />
      </Panel>
      <Panel title="Table">
        <Table
          name="Serviços"
          rows={rows}
          keyOf={(row) => row.name}
          empty="Nada"
          columns={[
            { key: "name", title: "Serviço", isPinned: true, cell: (row) => row.name },
            { key: "offered", title: "Recebidas", isNumber: true, cell: (row) => row.offered },
          ]}
        />
      </Panel>
    </>
  );
}

function Waiting() {
  return (
    <Panel title="Progress, Skeleton, Notice, ErrorBlock">
      <Progress on />
      <DashboardSkeleton figures={4} />
      <Notice title="Nenhum serviço ainda" hint="O que fazer a seguir." />
      <ErrorBlock error={new ApiError(503, "unavailable", "822c3168")} retry={() => undefined} />
      <ErrorBlock error={new ApiError(403, "permission-missing", "", "gerenciar-relatorio")} />
    </Panel>
  );
}
