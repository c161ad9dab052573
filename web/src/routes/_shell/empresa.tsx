import { Autocomplete, NumberInput, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { answerOf, api, type Schemas } from "../../api/client";
import { company } from "../../api/queries";
import { useText } from "../../i18n";
import { Allowed } from "../../ui/Allowed";
import { ServiceLevelFields } from "../../ui/Fields";
import { COMPANY } from "../../ui/menu";
import { PageHeader } from "../../ui/PageHeader";
import { Panel } from "../../ui/Panel";
import { Pending } from "../../ui/Pending";
import { ServerFormView } from "../../ui/ServerFormView";
import { useServerForm } from "../../ui/useServerForm";

export const Route = createFileRoute("/_shell/empresa")({
  component: () => (
    <Allowed permission={COMPANY}>
      <Company />
    </Allowed>
  ),
});

type Settings = Omit<Schemas["CompanyDetail"], "id" | "version" | "name" | "empty">;

const settingsOf = (company: Schemas["CompanyDetail"]): Settings => ({
  timezone: company.timezone,
  sla_target: company.sla_target,
  sla_ms: company.sla_ms,
  tolerated_ms: company.tolerated_ms,
  supervision_notice: company.supervision_notice,
  recording_days: company.recording_days,
});

/** The company: its time zone, and what a new queue begins with. */
function Company() {
  const text = useText();
  const { data, error, refetch } = useQuery(company);
  return (
    <>
      <PageHeader title={data?.name || text("page.company")} />
      {data ? (
        <Panel title={text("company.defaults")}>
          <CompanyForm
            id={data.id}
            initial={settingsOf(data)}
            current={async () => settingsOf((await refetch({ throwOnError: true })).data as Schemas["CompanyDetail"])}
          />
        </Panel>
      ) : (
        <Pending error={error} retry={() => void refetch()} figures={1} />
      )}
    </>
  );
}

function CompanyForm({ id, initial, current }: { id: string; initial: Settings; current: () => Promise<Settings> }) {
  const text = useText();
  const server = useServerForm<Settings>({
    id,
    initial,
    current,
    validate: ({ sla_target }) => ({
      ...(!(sla_target >= 0 && sla_target <= 100) && { sla_target: text("form.percent") }),
    }),
    save: (body, _, headers) => answerOf(api.PATCH("/v1/company", { body, headers })),
  });
  const { form } = server;
  return (
    <ServerFormView of={server}>
      <Autocomplete
        label={text("field.timezone")}
        description={text("company.timezone.hint")}
        data={Intl.supportedValuesOf("timeZone").filter((zone) => zone.startsWith("America/"))}
        limit={12}
        {...form.getInputProps("timezone")}
      />
      <ServiceLevelFields
        form={form}
        hints={{
          sla_target: text("company.default.hint"),
          sla_ms: text("company.default.hint"),
          tolerated_ms: text("company.default.hint"),
        }}
      />
      <NumberInput
        label={text("field.recording_days")}
        description={text("company.recording_days.hint")}
        min={0}
        max={36_500}
        allowDecimal={false}
        {...form.getInputProps("recording_days")}
      />
      <Switch
        label={text("field.supervision_notice")}
        description={text("company.supervision_notice.hint")}
        {...form.getInputProps("supervision_notice", { type: "checkbox" })}
      />
    </ServerFormView>
  );
}
